"""Both engines write what one process makes, snapshot by snapshot."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

import fleet

HERE = Path(__file__).parent
CASES = HERE.parent.parent / "testdata" / "cases"
GUIDE = HERE.parent.parent / "docs" / "guides" / "fleet.md"
NAMES = ("bookinfo-namespace", "bookinfo-reviews-sa", "authz-deny", "httproute-weights", "se-dns", "scope-two-by-two")


@pytest.fixture(scope="session")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of snapshots, some packed, one that is broken."""
    folder = tmp_path_factory.mktemp("snapshots")
    for number in range(4):
        (folder / str(number)).mkdir()
        for name in NAMES:
            content = (CASES / f"{name}.yaml").read_bytes()
            (folder / str(number) / f"{name}-{number}.yaml.gz").write_bytes(gzip.compress(content))
    (folder / "latin.yaml").write_bytes(b"apiVersion: v1 # \xe9\n")
    return folder


def key(row: fleet.Row) -> str:
    return repr(sorted(row.items()))


def expected(snapshots: Path) -> dict[str, list[str]]:
    tables: dict[str, list[str]] = {table: [] for table in fleet.TABLES}
    for path in snapshots.rglob("*.*"):
        for table, rows in fleet.analyse(str(path), path.read_bytes()).items():
            tables[table] += map(key, rows)
    return {table: sorted(rows) for table, rows in tables.items()}


def written(target: Path) -> dict[str, list[str]]:
    return {
        table: sorted(key(row) for row in pyarrow.parquet.read_table(target / table).to_pylist()) for table in fleet.TABLES
    }


def check(run: Callable[[str, str], Any], snapshots: Path, target: Path) -> None:
    run(str(snapshots), str(target))
    found, wanted = written(target), expected(snapshots)
    assert found == wanted
    assert len(wanted["clusters"]) == 4 * len(NAMES) + 1
    assert all(len(wanted[table]) > 20 for table in ("findings", "statuses", "costs"))


def blocks(language: str) -> list[str]:
    """The guide's blocks of a language."""
    return [block.split("\n```")[0] for block in GUIDE.read_text().split(f"```{language}\n")[1:]]


def run_as_the_guide_says(program: str, snapshots: Path, target: Path, environment: dict[str, str]) -> None:
    """Runs the guide's command of a program, as it is written but for the folders."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    [command] = [line for line in lines if line.startswith(f"{program} ")]
    command = command.replace(" snapshots/ ", f" {snapshots} ").replace(" results/", f" {target}")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(command, shell=True, check=True, cwd=HERE, env={**os.environ, "PATH": path, **environment})


def test_a_snapshot_that_cannot_be_read_is_a_row() -> None:
    rows = fleet.analyse("/fleet/prod-1.yaml", b"\xff")
    [row] = rows["clusters"]
    assert row["cluster"] == "prod-1" and "decode" in row["error"]
    assert rows["findings"] == rows["statuses"] == rows["costs"] == []


def test_findings_name_what_is_wrong() -> None:
    typo = (HERE.parent.parent / "testdata" / "readme" / "typo.yaml").read_bytes()
    [finding] = [row for row in fleet.analyse("typo.yaml", typo)["findings"] if row["code"] == "unknown-field"]
    assert (finding["severity"], finding["object"], finding["line"]) == ("error", "AuthorizationPolicy shop/readers", 10)


def test_spark_writes_the_same(snapshots: Path, tmp_path: Path) -> None:
    from pyspark.sql import SparkSession

    import on_spark

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = str(HERE)
    builder = SparkSession.builder.master("local[2]").config("spark.driver.bindAddress", "127.0.0.1")
    spark = builder.config("spark.driver.host", "127.0.0.1").config("spark.ui.enabled", "false").getOrCreate()
    try:
        check(lambda source, target: on_spark.run(spark, source, target), snapshots, tmp_path)
    finally:
        spark.stop()


def test_the_guide_s_command_for_spark(snapshots: Path, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "spark-defaults.conf").write_text("spark.ui.enabled false\n")
    environment = {"SPARK_CONF_DIR": str(tmp_path / "conf"), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}

    def run(source: str, target: str) -> None:
        run_as_the_guide_says("spark-submit", Path(source), Path(target), environment)

    check(run, snapshots, tmp_path / "results")


def test_the_guide_s_query(snapshots: Path, tmp_path: Path) -> None:
    from pyspark.sql import SparkSession

    import on_spark

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = str(HERE)
    builder = SparkSession.builder.master("local[2]").config("spark.driver.bindAddress", "127.0.0.1")
    spark = builder.config("spark.driver.host", "127.0.0.1").config("spark.ui.enabled", "false").getOrCreate()
    try:
        (tmp_path / "in").mkdir()
        for number in range(2):
            typo = HERE.parent.parent / "testdata" / "readme" / "typo.yaml"
            (tmp_path / "in" / f"{number}.yaml").write_bytes(typo.read_bytes())
        on_spark.run(spark, str(tmp_path / "in"), str(tmp_path / "results"))
        [query] = blocks("sql")
        rows = spark.sql(query.replace("results/", f"{tmp_path}/results/")).collect()
        assert ("unknown-field", 2) in [(row["code"], row["clusters"]) for row in rows]
    finally:
        spark.stop()


def test_ray_writes_the_same(snapshots: Path, tmp_path: Path) -> None:
    import ray

    import on_ray

    ray.init(num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1", runtime_env={"env_vars": {"PYTHONPATH": str(HERE)}})
    try:
        check(on_ray.run, snapshots, tmp_path)
    finally:
        ray.shutdown()


def test_the_guide_s_command_for_ray(snapshots: Path, tmp_path: Path) -> None:
    import ray

    # Without one that is there the command would start its own, which listens on the machine's other addresses, too.
    ray.init(num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1")
    try:
        environment = {"RAY_ADDRESS": ray.get_runtime_context().gcs_address}

        def run(source: str, target: str) -> None:
            run_as_the_guide_says("python", Path(source), Path(target), environment)

        check(run, snapshots, tmp_path)
    finally:
        ray.shutdown()
