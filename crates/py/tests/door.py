"""Python's door for `cargo xtask doors`, which says what a door does.

    door.py translate CASES OUT RELEASE...
    door.py trace SNAPSHOT OUT RELEASE...
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from waypoint_xds import Snapshot, Translation, translate


def varint(number: int) -> bytes:
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def encoded(translation: Translation) -> Iterator[bytes]:
    for waypoint in translation.values():
        for resources in (
            waypoint.listeners,
            waypoint.clusters,
            waypoint.routes,
            waypoint.endpoints,
            waypoint.extensions,
        ):
            for resource in resources:
                message = resource.to_bytes()
                yield varint(len(message)) + message


def translate_cases(cases: Path, out: Path, releases: list[str]) -> None:
    for case in sys.stdin.read().split():
        snapshot = Snapshot.from_files(cases / f"{case}.yaml")
        mesh_config = cases / f"{case}.mesh.yaml"
        flags = cases / f"{case}.features"
        lines = flags.read_text().splitlines() if flags.exists() else []
        features = {name: value for name, _, value in (line.partition("=") for line in lines)}
        for release in releases:
            translation = translate(
                snapshot,
                release=release,  # type: ignore[arg-type]
                mesh_config=mesh_config if mesh_config.exists() else None,
                features=features,
            )
            folder = out / release
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{case}.json").write_bytes(translation.to_json().encode())
            (folder / f"{case}.bin").write_bytes(b"".join(encoded(translation)))


def trace_requests(snapshot: Path, out: Path, releases: list[str]) -> None:
    requests = json.load(sys.stdin)
    read = Snapshot.from_files(snapshot)
    for release in releases:
        translation = translate(read, release=release)  # type: ignore[arg-type]
        folder = out / release
        folder.mkdir(parents=True, exist_ok=True)
        for named in requests:
            request = dict(named["request"])
            trace = translation.trace(request.pop("from"), request.pop("to"), **request)
            (folder / f"{named['name']}.json").write_text(json.dumps(trace.to_dict()))
            (folder / f"{named['name']}.txt").write_text(str(trace))


if __name__ == "__main__":
    does = {"translate": translate_cases, "trace": trace_requests}[sys.argv[1]]
    does(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
