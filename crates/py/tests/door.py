"""Python's door for `cargo xtask doors`.

    door.py CASES OUT RELEASE...

reads names of cases from standard input, one a line, and translates CASES/<case>.yaml, with CASES/<case>.mesh.yaml and
CASES/<case>.features where there are any, for every release. OUT/<release>/<case>.json gets the JSON, OUT/<release>/<case>.bin the encoded resources of all
waypoints, each behind its length as a varint.
"""

from __future__ import annotations

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


def main(cases: Path, out: Path, releases: list[str]) -> None:
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


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
