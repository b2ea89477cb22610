"""Not a test: `mypy --strict` reads it as a user's program, and refuses what is marked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import assert_type

from waypoint_xds import (
    Cost,
    Place,
    Resource,
    Snapshot,
    Table,
    Translation,
    Waypoint,
    WaypointXdsError,
    cost,
    translate,
)


def names(waypoints: Mapping[str, Waypoint]) -> list[str]:
    return [resource.name for waypoint in waypoints.values() for resource in waypoint.listeners]


def main(folder: Path) -> None:
    try:
        translation = translate(Snapshot.from_files([folder, "more.yaml"]), release="1.18", features={"X": True})
    except WaypointXdsError as error:
        assert_type(error.place, Place | None)
        raise
    assert_type(translation, Translation)
    assert_type(translation["a/b"], Waypoint)
    assert_type(translation.get("a/b"), Waypoint | None)
    assert_type(translation["a/b"].clusters, tuple[Resource, ...])
    assert_type(translation["a/b"].table("routes"), Table)
    assert_type(cost(translation.snapshot, rule="mesh"), Cost)
    names(translation)
    translate(translation.snapshot, release="1.17")  # type: ignore[arg-type]
    translate(translation.snapshot, "1.31")  # type: ignore[call-arg]
    translation["a/b"].table("secrets")  # type: ignore[arg-type]
    translation["a/b"] = translation["c/d"]  # type: ignore[index]
