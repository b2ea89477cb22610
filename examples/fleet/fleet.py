"""One cluster's snapshot to rows: what runs on every worker, whatever the engine is."""

from __future__ import annotations

import gzip
import os
from typing import Any

import waypoint_xds

Row = dict[str, Any]

TABLES = ("clusters", "findings", "statuses", "costs")
"""What comes of a snapshot, by the name of its table."""

COLUMNS = {
    "clusters": {"cluster": "string", "release": "string", "objects": "long", "waypoints": "long", "error": "string"},
    "findings": {
        "cluster": "string",
        "code": "string",
        "severity": "string",
        "object": "string",
        "field": "string",
        "message": "string",
        "line": "long",
    },
    "statuses": {
        "cluster": "string",
        "kind": "string",
        "namespace": "string",
        "name": "string",
        "type": "string",
        "status": "string",
        "reason": "string",
    },
    "costs": {
        "cluster": "string",
        "namespace": "string",
        "services": "long",
        "sidecars": "long",
        "waypoints": "long",
        "sidecar_config": "long",
        "waypoint_config": "long",
    },
}
"""The columns of each table, with their types as SQL calls them."""

SUFFIXES = (".gz", ".yaml", ".yml", ".json")


def cluster_of(path: str) -> str:
    """The name of a cluster: its file's, without folder and suffixes."""
    name = os.path.basename(path)
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def analyse(path: str, content: bytes) -> dict[str, list[Row]]:
    """The rows of every table for one snapshot. One that cannot be read is a row with its error, and costs no other."""
    cluster = cluster_of(path)
    rows: dict[str, list[Row]] = {table: [] for table in TABLES}
    summary: Row = dict.fromkeys(COLUMNS["clusters"])
    summary["cluster"] = cluster
    rows["clusters"].append(summary)
    try:
        text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()
        snapshot = waypoint_xds.Snapshot.from_yaml(text, name=f"{cluster}.yaml")
        translation = waypoint_xds.translate(snapshot, release="auto")
    except (OSError, EOFError, UnicodeDecodeError, waypoint_xds.WaypointXdsError) as error:
        summary["error"] = str(error)
        return rows
    summary["release"] = translation.release
    summary["objects"] = snapshot.summary.objects_read
    summary["waypoints"] = len(translation)
    rows["findings"] = [
        {
            "cluster": cluster,
            "code": problem.code,
            "severity": problem.severity,
            "object": None if problem.object is None else str(problem.object),
            "field": problem.field,
            "message": problem.message,
            "line": None if problem.place is None else problem.place.line,
        }
        for problem in translation.lint()
    ]
    columns = COLUMNS["statuses"]
    rows["statuses"] = [{**dict.fromkeys(columns), **_only(status, columns), "cluster": cluster} for status in translation.status]
    comparison = waypoint_xds.cost(snapshot, rule="namespace", release="auto")
    rows["costs"] = [
        {
            "cluster": cluster,
            "namespace": namespace.namespace,
            "services": namespace.services,
            "sidecars": namespace.sidecars,
            "waypoints": namespace.waypoints,
            "sidecar_config": namespace.distribution.sidecars,
            "waypoint_config": namespace.distribution.waypoints,
        }
        for namespace in comparison.namespaces
    ]
    return rows


def _only(row: Row, columns: dict[str, str]) -> Row:
    return {name: value for name, value in row.items() if name in columns}
