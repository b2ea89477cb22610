"""A folder of snapshots in, Parquet out, on Spark: `spark-submit --py-files fleet.py on_spark.py IN OUT`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pandas
from pyspark import StorageLevel
from pyspark.sql import SparkSession
from pyspark.sql.functions import explode

from fleet import COLUMNS, TABLES, analyse


def _type(table: str) -> str:
    fields = ", ".join(f"`{name}`: {kind}" for name, kind in COLUMNS[table].items())
    return f"`{table}` array<struct<{fields}>>"


SCHEMA = ", ".join(map(_type, TABLES))
"""A row for each snapshot, with the rows of each table in it."""


def batches(frames: Iterator[pandas.DataFrame]) -> Iterator[pandas.DataFrame]:
    """What a worker makes of the files that it is given."""
    for frame in frames:
        yield pandas.DataFrame(
            [analyse(path, bytes(content)) for path, content in zip(frame["path"], frame["content"])], columns=TABLES
        )


def run(spark: SparkSession, source: str, target: str) -> None:
    """Reads every file below `source`, and writes `target/<table>`."""
    files = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(source)
    found = files.select("path", "content").mapInPandas(batches, SCHEMA).persist(StorageLevel.DISK_ONLY)
    for table in TABLES:
        rows = found.select(explode(table).alias("row")).select("row.*")
        rows.write.mode("overwrite").parquet(f"{target}/{table}")
    found.unpersist()


def main() -> None:
    source, target = sys.argv[1:]
    # Small files are read together, up to this many bytes: a worker gets a few hundred at a time.
    builder = SparkSession.builder.appName("waypoint-xds").config("spark.sql.files.maxPartitionBytes", str(64 << 20))
    # A batch is held in memory as a whole.
    spark = builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", "50").getOrCreate()
    run(spark, source, target)
    spark.stop()


if __name__ == "__main__":
    main()
