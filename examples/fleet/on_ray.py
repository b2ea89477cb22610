"""The same on Ray: `python on_ray.py IN OUT`."""

from __future__ import annotations

import sys
from typing import Any

import pyarrow
import ray

from fleet import COLUMNS, TABLES, analyse

ARROW = {"string": pyarrow.string(), "long": pyarrow.int64()}
SCHEMAS = {table: pyarrow.schema([(name, ARROW[kind]) for name, kind in COLUMNS[table].items()]) for table in TABLES}


def batch(files: dict[str, Any]) -> dict[str, list[bytes]]:
    """What a worker makes of the files that it is given: the rows of each table, packed as Arrow does."""
    packed: dict[str, list[bytes]] = {table: [] for table in TABLES}
    for path, content in zip(files["path"], files["bytes"]):
        rows = analyse(str(path), bytes(content))
        for table in TABLES:
            sink = pyarrow.BufferOutputStream()
            with pyarrow.ipc.new_stream(sink, SCHEMAS[table]) as stream:
                stream.write_table(pyarrow.Table.from_pylist(rows[table], schema=SCHEMAS[table]))
            packed[table].append(sink.getvalue().to_pybytes())
    return packed


def unpacked(table: str) -> Any:
    """From packed rows to those of one table."""

    def unpack(found: dict[str, Any]) -> pyarrow.Table:
        parts = [pyarrow.ipc.open_stream(part).read_all() for part in found[table]]
        return pyarrow.concat_tables(parts) if parts else SCHEMAS[table].empty_table()

    return unpack


def run(source: str, target: str) -> None:
    """Reads every file below `source`, and writes `target/<table>`."""
    files = ray.data.read_binary_files(source, include_paths=True)
    found = files.map_batches(batch, batch_size=50).materialize()
    for table in TABLES:
        found.map_batches(unpacked(table)).write_parquet(f"{target}/{table}")


def main() -> None:
    source, target = sys.argv[1:]
    run(source, target)


if __name__ == "__main__":
    main()
