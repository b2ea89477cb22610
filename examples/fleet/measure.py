"""How many snapshots a core analyses in a second, and whether two do twice as many: `python measure.py [SNAPSHOTS]`.

Each snapshot has 100 Services with three Pods each, 50 VirtualServices and DestinationRules, 30 AuthorizationPolicies, 5 namespaces and waypoints.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import fleet

HERE = Path(__file__).parent
NAMESPACES, SERVICES = 5, 20


def documents(cluster: int) -> list[str]:
    """The objects of a cluster."""
    out = []
    for n in range(NAMESPACES):
        ns = f"team-{n}"
        out.append(
            f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {ns}, labels: {{istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}}}}\n"
        )
        out.append(
            f"apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: waypoint, namespace: {ns}}}\n"
            "spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}\n"
        )
        for s in range(SERVICES):
            name, ip = f"svc-{s}", f"{n}.{s}"
            out.append(
                f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {ns}}}\n"
                f"spec:\n  clusterIP: 10.{96 + cluster % 8}.{ip}\n  selector: {{app: {name}}}\n  ports:\n  - {{name: http, port: 80, targetPort: 8080}}\n"
            )
            for p in range(3):
                out.append(
                    f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}-{p}\n  namespace: {ns}\n  labels: {{app: {name}, version: v{p % 2 + 1}}}\n"
                    f"spec:\n  serviceAccountName: {name}\n  nodeName: node-{p}\n  containers:\n  - {{name: main, image: example.com/{name}}}\n"
                    f"status:\n  phase: Running\n  podIP: 10.{200 + p}.{ip}\n  conditions:\n  - {{type: Ready, status: \"True\"}}\n"
                )
            if s % 2 == 0:
                out.append(
                    f"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: {name}, namespace: {ns}}}\n"
                    f"spec:\n  host: {name}\n  subsets:\n  - {{name: v1, labels: {{version: v1}}}}\n  - {{name: v2, labels: {{version: v2}}}}\n"
                )
                out.append(
                    f"apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: {name}, namespace: {ns}}}\n"
                    f"spec:\n  hosts: [{name}]\n  http:\n  - route:\n    - {{destination: {{host: {name}, subset: v1}}, weight: 90}}\n"
                    f"    - {{destination: {{host: {name}, subset: v2}}, weight: 10}}\n"
                )
            if s % 10 < 3:
                out.append(
                    f"apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: {ns}}}\n"
                    f"spec:\n  targetRefs: [{{group: \"\", kind: Service, name: {name}}}]\n  rules:\n"
                    f"  - from:\n    - source: {{namespaces: [team-{(n + 1) % NAMESPACES}]}}\n    to:\n    - operation: {{methods: [GET]}}\n"
                )
    return out


def write(folder: Path, count: int) -> int:
    """Writes snapshots, and gives the bytes of one."""
    text = ""
    for cluster in range(count):
        text = "---\n".join(documents(cluster))
        (folder / f"cluster-{cluster:05}.yaml").write_text(text)
    return len(text)


def in_one_process(folder: Path) -> float:
    """Seconds of processor time for a snapshot, without any engine."""
    paths = sorted(folder.iterdir())[:100]
    start = time.process_time()
    for path in paths:
        fleet.analyse(str(path), path.read_bytes())
    return (time.process_time() - start) / len(paths)


def on_spark(folder: Path, target: str, cores: int) -> float:
    """Seconds for all snapshots, once Spark and its Python workers are warm."""
    from pyspark.sql import SparkSession

    import on_spark

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = str(HERE)
    builder = SparkSession.builder.master(f"local[{cores}]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    spark = builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", "50").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    try:
        on_spark.run(spark, str(folder), target)
        start = time.perf_counter()
        on_spark.run(spark, str(folder), target)
        return time.perf_counter() - start
    finally:
        spark.stop()


def on_ray(folder: Path, target: str, cores: int) -> float:
    """Seconds for all snapshots, once Ray and its workers are warm."""
    import ray

    import on_ray

    environment = {"env_vars": {"PYTHONPATH": str(HERE)}}
    ray.init(num_cpus=cores, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1", runtime_env=environment)
    ray.data.DataContext.get_current().enable_progress_bars = False
    try:
        on_ray.run(str(folder), f"{target}/warm")
        start = time.perf_counter()
        on_ray.run(str(folder), f"{target}/timed")
        return time.perf_counter() - start
    finally:
        ray.shutdown()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "snapshots"
        folder.mkdir()
        size = write(folder, count)
        alone = in_one_process(folder)
        print(f"{count} snapshots of {size / 1000:.0f} kB")
        print(f"one process: {alone * 1000:.1f} ms of processor time each, {1 / alone:.0f} a second, {size / alone / 1e6:.1f} MB a second")
        for engine, run in (("Spark", on_spark), ("Ray", on_ray)):
            for cores in (1, 2):
                seconds = run(folder, f"{temporary}/{engine}-{cores}", cores)
                print(f"{engine}, {cores} core{'s'[: cores - 1]}: {seconds:.1f} s, {count / seconds:.0f} a second", flush=True)


if __name__ == "__main__":
    main()
