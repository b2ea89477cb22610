"""Reading: text, files, objects."""

from __future__ import annotations

import copy
import datetime
import pickle
from pathlib import Path

import kubernetes.client
import pytest
import yaml

from waypoint_xds import InputError, Limit, SettingsError, Snapshot, translate

from conftest import SHOP


def test_text_files_and_objects_read_the_same(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    objects = list(yaml.safe_load_all(SHOP))
    texts = {
        translate(snapshot).to_json()
        for snapshot in (
            Snapshot.from_yaml(SHOP),
            Snapshot.from_files(tmp_path / "shop.yaml"),
            Snapshot.from_files(str(tmp_path)),
            Snapshot.from_files(path for path in [tmp_path]),
            Snapshot.from_objects(objects),
            Snapshot.from_objects([{"kind": "List", "apiVersion": "v1", "items": objects}]),
        )
    }
    assert len(texts) == 1


def test_what_was_read_is_counted() -> None:
    snapshot = Snapshot.from_yaml(SHOP + "---\napiVersion: cats/v1\nkind: Cat\nmetadata: {name: tom}\n")
    assert len(snapshot) == 2
    summary = snapshot.summary
    assert (summary.files, summary.documents) == (1, 3)
    assert (summary.objects_read, summary.objects_ignored, summary.objects_left_out) == (2, 1, 0)
    assert summary.to_dict()["ignored"][0]["kind"] == "Cat"
    assert str(summary).startswith("read 2 objects from 1 file: 1 Service, 1 Gateway")
    assert repr(snapshot) == "<Snapshot: read 2 objects from 1 file: 1 Service, 1 Gateway>"


def test_models_of_the_kubernetes_client_are_objects() -> None:
    models = kubernetes.client
    service = models.V1Service(
        api_version="v1",
        kind="Service",
        metadata=models.V1ObjectMeta(
            name="cart",
            namespace="shop",
            labels={"istio.io/use-waypoint": "waypoint"},
            creation_timestamp=datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
        ),
        spec=models.V1ServiceSpec(
            cluster_ip="10.96.0.7",
            selector={"app": "cart"},
            ports=[models.V1ServicePort(name="http", port=80)],
        ),
    )
    gateway = next(yaml.safe_load_all(SHOP))
    snapshot = Snapshot.from_objects([gateway, service])
    assert snapshot.problems == ()
    assert translate(snapshot).to_json() == translate(Snapshot.from_yaml(SHOP)).to_json()
    # The API's lists leave out what their items are.
    service.kind = service.api_version = None
    listed = models.V1ServiceList(api_version="v1", kind="ServiceList", items=[service])
    assert Snapshot.from_objects([gateway, listed]) == Snapshot.from_objects([gateway, listed])
    assert len(Snapshot.from_objects([gateway, listed])) == 2


def service() -> kubernetes.client.V1Service:
    """A Service as the client makes it of an API's list: its items have no kind."""
    models = kubernetes.client
    return models.V1Service(
        metadata=models.V1ObjectMeta(
            name="cart", namespace="shop", labels={"istio.io/use-waypoint": "waypoint", "of_mine": "x"}
        ),
        spec=models.V1ServiceSpec(
            cluster_ip="10.96.0.7",
            cluster_ips=["10.96.0.7"],
            external_ips=["192.0.2.1"],
            selector={"app_name": "cart"},
            ports=[models.V1ServicePort(name="http", port=80, target_port=8080)],
        ),
    )


def test_what_the_client_lists_is_taken_however_it_is_given() -> None:
    listed = kubernetes.client.V1ServiceList(api_version="v1", kind="ServiceList", items=[service()])
    gateways = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayList", "items": [next(yaml.safe_load_all(SHOP))]}
    texts = {
        translate(Snapshot.from_objects(objects)).to_json()
        for objects in (
            [listed, gateways],
            [listed.to_dict(), gateways],
            [*listed.items, *gateways["items"]],
            (each for each in [listed, gateways]),
        )
    }
    assert len(texts) == 1 and "10.96.0.7" in texts.pop()
    for alone in (listed, listed.to_dict(), gateways, listed.items[0], gateways["items"][0]):
        snapshot = Snapshot.from_objects(alone)
        assert (len(snapshot), snapshot.problems) == (1, ())


def test_names_are_the_api_s() -> None:
    """Every attribute of every model that is read, but those of a schema's own language."""
    from waypoint_xds._names import GROUPS, json_name

    seen: set[str] = set()

    def check(name: str) -> None:
        model = getattr(kubernetes.client, name, None)
        if name in seen or model is None or name in ("V1DaemonEndpoint", "V1JSONSchemaProps"):
            return
        seen.add(name)
        for attribute, api in model.attribute_map.items():
            assert json_name(attribute) == api, name
        for type_ in model.openapi_types.values():
            check(type_.rpartition("[")[2].rpartition(" ")[2].rstrip("])"))

    for kind in GROUPS:
        check(f"V1{kind}")
    assert {"V1PodSpec", "V1ServicePort", "V1Container", "V1LabelSelector"} <= seen


def test_models_of_the_same_shape_are_taken() -> None:
    """Clients of other makes, whose objects say themselves what they are."""

    class Own:
        def to_dict(self) -> dict[str, object]:
            return {"api_version": "v1", "kind": "Pod", "metadata": {"name": "a", "labels": {"my_label": "x"}}, "status": {"pod_ip": "10.0.0.1", "pod_ips": None}}

    class Listed:
        items = [Own(), Own()]

        def to_dict(self) -> dict[str, object]:
            return {"kind": "PodList", "api_version": "v1", "items": [each.to_dict() for each in self.items]}

    assert [str(each) for each in Snapshot.from_objects([Own()])] == ["Pod default/a"]
    snapshot = Snapshot.from_objects(Listed())
    assert len(snapshot) == 1 and [problem.code for problem in snapshot.problems] == ["replaced-object"]


def test_a_snapshot_is_its_objects() -> None:
    snapshot = Snapshot.from_yaml(SHOP)
    objects = list(snapshot)
    assert [str(each) for each in objects] == ["Service shop/cart", "Gateway shop/waypoint"]
    assert all(each in snapshot for each in objects) and "Service shop/cart" not in snapshot
    assert "1 Service, 1 Gateway" in snapshot._repr_html_()


def test_the_release_that_a_snapshot_tells_is_known() -> None:
    assert Snapshot.from_yaml(SHOP).release is None
    metadata = {"name": "istiod", "namespace": "istio-system", "labels": {"app": "istiod"}}
    containers = [{"name": "discovery", "image": "docker.io/istio/pilot:1.30.2"}]
    istiod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers}}
    assert Snapshot.from_objects(istiod).release == "1.30"


def test_timestamps_of_yaml_are_timestamps() -> None:
    text = SHOP.replace("{name: cart,", "{name: cart, creationTimestamp: 2026-01-02T03:04:05Z,")
    objects = list(yaml.safe_load_all(text))
    assert isinstance(objects[1]["metadata"]["creationTimestamp"], datetime.datetime)
    assert Snapshot.from_objects(objects).problems == ()


def test_problems_of_objects_have_their_position() -> None:
    snapshot = Snapshot.from_objects([{}, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": 7}}])
    places = [str(problem.place) for problem in snapshot.problems]
    assert places == ["objects[0]:1:1", "objects[1]:5:13"]


@pytest.mark.parametrize(
    ("objects", "error"),
    [
        ([{"a": {1, 2}}], r"objects\[0\]: set has no JSON"),
        ([{}, {"a": float("nan")}], r"objects\[1\]: .*not JSON compliant"),
        ({"cart": {}}, "expected an iterable of objects, not dict"),
        ("kind: Pod", "expected an iterable of objects, not str"),
        (7, "expected an iterable of objects, not int"),
    ],
)
def test_what_is_no_object_is_refused(objects: object, error: str) -> None:
    with pytest.raises((TypeError, ValueError), match=error):
        Snapshot.from_objects(objects)


def test_a_missing_file_is_what_python_says_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        Snapshot.from_files([tmp_path / "none.yaml"])
    assert caught.value.filename == str(tmp_path / "none.yaml")
    with pytest.raises(TypeError):
        Snapshot.from_files(7)  # type: ignore[arg-type]


def test_problems_say_what_and_where() -> None:
    snapshot = Snapshot.from_yaml("apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: 80}\n", name="x.yaml")
    [problem] = snapshot.problems
    assert (problem.code, problem.severity, problem.field) == ("wrong-type", "error", "spec.ports")
    assert problem.object is not None and problem.place is not None
    assert (problem.object.kind, problem.object.namespace, problem.object.name) == ("Service", "default", "x")
    place = problem.place
    assert (place.file, place.line, place.column, place.end_line, place.end_column) == ("x.yaml", 4, 15, 4, 17)
    assert (problem.help, problem.related, problem.fix) == (None, (), None)
    assert "expected a list" in problem.message
    assert repr(problem).startswith("<Problem x.yaml:4:15: error[wrong-type] Service default/x spec.ports: ")


def test_problems_become_exceptions_on_demand() -> None:
    snapshot = Snapshot.from_yaml("kind: Pod\n", name="pod.yaml")
    with pytest.raises(InputError, match="pod.yaml:1:1") as caught:
        snapshot.raise_for_problems()
    assert caught.value.code == "missing-api-version"
    assert caught.value.place is not None and caught.value.place.line == 1
    assert caught.value.problems == snapshot.problems
    assert "^" in str(caught.value)
    Snapshot.from_yaml(SHOP).raise_for_problems("note")
    with pytest.raises(SettingsError, match="expected error, warning or note"):
        snapshot.raise_for_problems("fatal")  # type: ignore[arg-type]


def test_exceptions_survive_pickling() -> None:
    with pytest.raises(InputError) as caught:
        Snapshot.from_yaml("kind: Pod\n---\nmetadata: {a: 1, a: 2}\n").raise_for_problems("note")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again), again.code) == (InputError, str(caught.value), caught.value.code)
    assert again.place == caught.value.place
    assert again.problems == caught.value.problems
    assert any(problem.related for problem in again.problems)


@pytest.mark.parametrize(
    ("limits", "code", "message"),
    [
        ({"width": 1}, "unknown-limit", "expected one of bytes, depth, values, aliases, problems"),
        ({"depth": 1_000_000}, "invalid-limit", "expected at most 256, found 1000000"),
    ],
)
def test_wrong_limits_say_what_is_expected(limits: dict[Limit, int], code: str, message: str) -> None:
    for read in (Snapshot.from_yaml, Snapshot.from_files, Snapshot.from_objects):
        with pytest.raises(SettingsError, match=message) as caught:
            read("", limits=limits)
        assert caught.value.code == code


def test_what_is_larger_than_a_limit_is_a_problem(tmp_path: Path) -> None:
    deep = "apiVersion: v1\nkind: {a: {b: 1}}\n"
    (tmp_path / "deep.yaml").write_text(deep)
    limits: dict[Limit, int] = {"depth": 2}
    for snapshot in (
        Snapshot.from_yaml(deep, limits=limits),
        Snapshot.from_files(tmp_path, limits=limits),
        Snapshot.from_objects([{"apiVersion": "v1", "kind": {"a": {"b": 1}}}], limits=limits),
    ):
        [problem] = snapshot.problems
        assert problem.code == "too-deep" and "the limit of 2 levels" in problem.message
        again = pickle.loads(pickle.dumps(snapshot))
        assert again.problems == snapshot.problems
    assert [problem.code for problem in Snapshot.from_yaml("a: 1\n", limits={"bytes": 4}).problems] == ["file-too-large"]


def test_snapshots_are_pickled_copied_and_compared() -> None:
    snapshot = Snapshot.from_yaml(SHOP, name="shop.yaml")
    again = pickle.loads(pickle.dumps(snapshot))
    assert again == snapshot
    assert again != Snapshot.from_yaml(SHOP, name="other.yaml")
    assert copy.deepcopy(snapshot) is snapshot
    with pytest.raises(AttributeError):
        snapshot.problems = ()  # type: ignore[misc]


def test_what_is_not_rendered_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: c\n")
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    snapshot = Snapshot.from_files(tmp_path)
    (problem,) = snapshot.problems
    assert (problem.code, problem.severity) == ("not-rendered", "note")
    assert "is a Helm chart" in problem.message and "helm:" in (problem.help or "")
    assert pickle.loads(pickle.dumps(snapshot)) == snapshot
    assert problem in translate(snapshot).problems
