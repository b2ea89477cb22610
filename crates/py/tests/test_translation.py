"""Translating: waypoints, resources, origins, settings."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest

import waypoint_xds
from waypoint_xds import (
    RELEASES,
    LintOverride,
    Place,
    Release,
    SettingsError,
    Snapshot,
    Translation,
    WaypointXdsError,
    cost,
    explain,
    translate,
)

from conftest import SHOP

DIFFS = Path(__file__).parents[3] / "testdata" / "diff"
CART = "inbound-vip|80|http|cart.shop.svc.cluster.local"


def test_a_translation_is_a_mapping(shop: Translation) -> None:
    assert isinstance(shop, Mapping)
    assert list(shop) == list(shop.keys()) == ["shop/waypoint"]
    assert len(shop) == 1
    assert "shop/waypoint" in shop and "shop/none" not in shop
    assert 7 not in shop  # type: ignore[comparison-overlap]
    waypoint = shop["shop/waypoint"]
    assert list(shop.values()) == [waypoint]
    assert dict(shop) == dict(shop.items()) == {"shop/waypoint": waypoint}
    assert shop.get("shop/waypoint") == waypoint
    assert shop.get("shop/none") is None and shop.get("shop/none", 7) == 7
    with pytest.raises(KeyError, match="shop/none"):
        shop["shop/none"]


def test_resources_are_dicts_json_and_bytes(shop: Translation) -> None:
    waypoint = shop["shop/waypoint"]
    everything = json.loads(shop.to_json())[waypoint.name]
    for kind, resources in (
        ("listeners", waypoint.listeners),
        ("clusters", waypoint.clusters),
        ("routes", waypoint.routes),
        ("endpoints", waypoint.endpoints),
    ):
        assert [resource.to_dict() for resource in resources] == everything[kind]
        assert [json.loads(resource.to_json()) for resource in resources] == everything[kind]
    cart = next(cluster for cluster in waypoint.clusters if cluster.name == CART)
    assert cart.type_url == "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    assert bytes(cart) == cart.to_bytes() and CART.encode() in cart.to_bytes()
    assert repr(cart) == f"<Resource Cluster {CART}>"
    assert waypoint.extensions == waypoint.routes == ()
    assert repr(waypoint).startswith("<Waypoint shop/waypoint: 5 listeners, 6 clusters, 0 routes, ")


def test_resources_are_equal_if_their_messages_are(shop: Translation) -> None:
    again = translate(Snapshot.from_yaml(SHOP.replace("---", "---\n# moved\n---"), name="moved.yaml"))
    ours, theirs = shop["shop/waypoint"], again["shop/waypoint"]
    assert ours.clusters == theirs.clusters
    assert len({*ours.clusters, *theirs.clusters}) == len(ours.clusters)
    assert ours.clusters[0] != ours.clusters[1]
    assert ours.clusters[0] != "a cluster"
    assert ours == theirs and hash(ours) == hash(theirs)
    assert again != shop, "the problems are elsewhere"
    assert translate(shop.snapshot) == shop != translate(shop.snapshot, release="1.18")


def test_resources_know_who_made_them(bookinfo: Translation) -> None:
    listener = next(r for r in bookinfo["default/bookinfo-reviews"].listeners if r.name == "main_internal")
    routes = [origin for origin in listener.origins if origin.route is not None]
    [origin] = [o for o in routes if any(maker.kind == "VirtualService" for maker in o.objects)]
    assert origin.filter_chain is not None and "reviews" in origin.filter_chain
    maker = origin.objects[0]
    assert (maker.kind, maker.namespace, maker.name) == ("VirtualService", "default", "reviews")
    assert maker.file is not None and maker.line is not None and maker.end_line is not None
    text = Path(maker.file).read_text().splitlines()[maker.line - 1 : maker.end_line]
    assert maker.field == "spec.http[0]" and maker.column is not None
    assert text[0][maker.column - 1 :] == "route:"
    assert str(maker) == f"VirtualService default/reviews ({maker.file}:{maker.line})"
    assert repr(origin).startswith("<Origin of route 0 of inbound-vip|9080||reviews")


def test_the_origin_is_that_of_the_whole(shop: Translation) -> None:
    origins = {cluster.name: cluster.origin for cluster in shop["shop/waypoint"].clusters}
    assert [str(maker) for maker in origins[CART]] == ["Service shop/cart (shop.yaml:11)"]
    assert origins["main_internal"] == ()


def test_the_order_of_objects_does_not_matter() -> None:
    gateway, service = SHOP.split("---\n")
    turned = Snapshot.from_yaml(f"{service}---\n{gateway}")
    assert translate(turned).to_json() == translate(Snapshot.from_yaml(SHOP)).to_json()


def test_one_waypoint_only(cases: Path) -> None:
    snapshot = Snapshot.from_files(cases / "scope-two-waypoints.yaml")
    names = list(translate(snapshot))
    assert len(names) == 2
    assert list(translate(snapshot, waypoint=names[1])) == names[1:]


def test_settings_change_what_comes_out(tmp_path: Path) -> None:
    snapshot = Snapshot.from_yaml(SHOP)
    default = translate(snapshot).to_json()
    text = "trustDomain: shop.example\n"
    (tmp_path / "mesh.yaml").write_text(text)
    by_text = translate(snapshot, mesh_config=text)
    assert by_text.to_json() != default
    assert translate(snapshot, mesh_config=tmp_path / "mesh.yaml") == by_text
    assert translate(snapshot, mesh_config={"trustDomain": "shop.example"}) == by_text
    sampled = translate(snapshot, features={"PILOT_TRACE_SAMPLING": 7.5, "AMBIENT_ENABLE_BAGGAGE": False})
    assert sampled.to_json() == translate(snapshot, features={"PILOT_TRACE_SAMPLING": "7.5"}).to_json()
    observed = translate(snapshot, readiness="observed", assume="nothing")
    assert [problem.code for problem in observed.problems] == ["unused-waypoint", "waypoint-not-ready"]


def test_upstream_s_envoy_has_no_filters_of_istio_s() -> None:
    snapshot = Snapshot.from_yaml(SHOP)
    assert "stats.PluginConfig" in translate(snapshot).to_json()
    assert "stats.PluginConfig" not in translate(snapshot, dialect="envoy").to_json()


def test_every_release_has_a_name(shop: Translation) -> None:
    assert RELEASES == get_args(Release)
    default = inspect.signature(translate).parameters["release"].default
    assert (default, shop.release) == (RELEASES[-1], RELEASES[-1])
    assert [translate(shop.snapshot, release=release).release for release in RELEASES] == list(RELEASES)


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        ({"release": "1.17"}, "unknown-release", "unknown release `1.17`: expected 1.18, 1.29, 1.30 or 1.31"),
        ({"readiness": "maybe"}, "unknown-readiness", "expected assumed or observed"),
        ({"waypoint": "shop"}, "invalid-waypoint-name", "expected NAMESPACE/NAME"),
        ({"features": {"X": True}}, "unknown-feature", "unknown feature flag `X`"),
        ({"features": {"AMBIENT_ENABLE_BAGGAGE": 7}}, "invalid-feature", "expected `true` or `false`"),
        ({"dialect": "nginx"}, "unknown-dialect", "unknown dialect `nginx`"),
    ],
)
def test_wrong_settings_say_what_is_expected(settings: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        translate(Snapshot.from_yaml(SHOP), **settings)
    assert isinstance(caught.value, (WaypointXdsError, ValueError))
    assert caught.value.code == code
    assert message in str(caught.value) == caught.value.message
    assert caught.value.place is None


@pytest.mark.parametrize(
    ("mesh_config", "place"),
    [("trustDomain: [a]", "mesh-config:1:14"), ({"trustDomain": 7}, "mesh-config:2:18")],
)
def test_a_mesh_config_that_cannot_be_read_is_a_problem(mesh_config: Any, place: str) -> None:
    translation = translate(Snapshot.from_yaml(SHOP), mesh_config=mesh_config)
    [problem] = [problem for problem in translation.problems if problem.code == "wrong-type"]
    assert str(problem.place) == place
    assert list(translation) == list(translate(Snapshot.from_yaml(SHOP)))


def test_a_mesh_config_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mesh.yaml"
    path.write_text("\ntrustDomain: {}\n")
    translation = translate(Snapshot.from_yaml(SHOP), mesh_config=path)
    assert f"{path}:2:14" in [str(problem.place) for problem in translation.problems]


def test_problems_of_the_mesh_are_told(shop: Translation) -> None:
    assert [problem.code for problem in shop.problems] == ["assumed", "readiness-assumed"]
    assert {problem.severity for problem in shop.problems} == {"note"}
    shop.raise_for_problems()
    with pytest.raises(WaypointXdsError, match="readiness-assumed"):
        shop.raise_for_problems("note")
    assert "status" in explain(shop.problems[1].code)
    with pytest.raises(SettingsError, match="is not a problem's code"):
        explain("nonsense")


def test_translations_are_pickled_and_copied(shop: Translation) -> None:
    again = pickle.loads(pickle.dumps(shop))
    assert again == shop and again.snapshot == shop.snapshot
    assert copy.copy(shop) is shop and copy.deepcopy(shop) is shop


def test_the_article_s_numbers(cases: Path) -> None:
    comparison = cost(Snapshot.from_files(cases / "scale-blog.yaml"))
    assert (comparison.rule, comparison.total.sidecars, comparison.total.waypoints) == ("namespace", 12500, 100)
    assert comparison.total.percent == pytest.approx(0.8)
    team = comparison.namespaces[0]
    assert (team.namespace, team.services, team.sidecars, team.waypoints) == ("team-001", 25, 250, 2)
    assert (team.distribution.sidecars, team.change.sidecars, team.change.waypoints) == (6250, 250, 2)
    small = cost(Snapshot.from_files(cases / "scope-two-by-two.yaml"), rule="mesh")
    assert small.to_dict()["total"] == {"sidecars": 16, "waypoints": 4}
    assert cost(Snapshot.from_files(cases / "scope-two-by-two.yaml"), rule="mesh", replicas=3).total.waypoints == 12
    with pytest.raises(SettingsError, match="expected namespace or mesh"):
        cost(Snapshot.from_yaml(SHOP), rule="pod")  # type: ignore[arg-type]


def test_everything_public_is_documented() -> None:
    for name in waypoint_xds.__all__:
        thing = getattr(waypoint_xds, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert thing.__doc__, name
            members = vars(thing).items() if inspect.isclass(thing) else ()
            undocumented = [
                member
                for member, value in members
                if not member.startswith("_") and callable(value) and not value.__doc__
            ]
            assert not undocumented, name


def test_statuses_and_ztunnel_s_half_are_told(shop: Translation) -> None:
    bound = [c for c in shop.status if (c["kind"], c["type"]) == ("Service", "istio.io/WaypointBound")]
    assert [c["status"] for c in bound] == ["True"]
    assert bound[0]["causes"][0]["field"] == 'metadata.labels["istio.io/use-waypoint"]'
    assert set(shop.ztunnel) == {"workloads", "services", "policies"}
    with pytest.raises(SettingsError) as caught:
        _ = translate(shop.snapshot, release="1.18").ztunnel
    assert caught.value.code == "unknown-ztunnel"


def test_ztunnel_s_tables_and_the_places_of_causes(shop: Translation) -> None:
    table = shop.ztunnel_table("services")
    assert table.header == ("NAMESPACE", "SERVICE NAME", "SERVICE VIP", "WAYPOINT", "ENDPOINTS")
    assert len(table) == len(shop.ztunnel["services"])
    wide = shop.ztunnel_table("services", wide=True)
    assert wide.header[-1] == "ORIGIN" and any("Service shop/cart (" in row[-1] for row in wide.rows)
    with pytest.raises(SettingsError, match="expected workloads, services or policies"):
        shop.ztunnel_table("secrets")  # type: ignore[arg-type]
    [bound] = [c for c in shop.status if (c["kind"], c["type"]) == ("Service", "istio.io/WaypointBound")]
    place, *_, nowhere = shop.places([*bound["causes"], {"kind": "Service", "namespace": "shop", "name": "none"}])
    assert place is not None and SHOP[place.start : place.end] == "waypoint"
    assert nowhere is None


def test_origins_know_the_parts_of_clusters_and_endpoints(bookinfo: Translation) -> None:
    waypoint = bookinfo["default/bookinfo-reviews"]
    origins = [origin for resource in (*waypoint.clusters, *waypoint.endpoints) for origin in resource.origins]
    endpoints = {origin.endpoint for origin in origins}
    assert "10.244.1.6:9080" in endpoints, endpoints
    assert {origin.transport_socket for origin in origins} <= {True, False}
    [of_endpoint, *_] = [origin for origin in origins if origin.endpoint == "10.244.1.6:9080"]
    assert "endpoint 10.244.1.6:9080" in repr(of_endpoint) and of_endpoint.address is None



def test_objects_are_described(shop: Translation) -> None:
    cart = shop.describe("service", "cart")
    assert cart["waypoint"]["name"] == "shop/waypoint"
    assert shop.describe("waypoint", "waypoint.shop")["object"]["kind"] == "Gateway"
    with pytest.raises(SettingsError, match="there is no route `cart`"):
        shop.describe("route", "cart", namespace="shop")


def test_two_translations_are_compared() -> None:
    old, new = (translate(Snapshot.from_files(DIFFS / f"policy.{side}.yaml")) for side in ("old", "new"))
    diff = old.diff(new)
    [cart] = [one for one in diff["behaviour"] if one["compared"] == "differs"]
    assert (cart["host"], cart["port"]) == ("cart.shop.svc.cluster.local", 80)
    [admin] = cart["classes"]
    assert admin["conditions"] == ["path is `/admin*`"]
    assert (admin["old"]["verdict"], admin["new"]["verdict"]) == ("denied", "allowed")
    assert admin["old"]["because"]["place"]["line"] == 71
    assert {one["compared"] for one in old.diff(old)["behaviour"]} == {"equal"}


def test_who_may_do_what_is_told_in_rows() -> None:
    mesh = translate(Snapshot.from_files(DIFFS / "policy.new.yaml"))
    [cart] = mesh.access("shop/cart", port=80)["destinations"]
    assert (cart["host"], cart["port"]) == ("cart.shop", 80)
    [through, *_] = cart["ways"]
    assert (through["way"], through["waypoint"]) == ("waypoint", "shop/waypoint")
    assert all(row["confirmed"] for row in through["rows"])
    everything = mesh.access(source="shop/cart")
    assert everything["from"] == "shop/cart" and everything["destinations"]
    with pytest.raises(WaypointXdsError, match="`to` or `from` is needed"):
        mesh.access()


POLICY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: read, namespace: shop}
spec:
  action: DENY
  rules: [{to: [{operation: {methods: [get]}}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: cart-1, namespace: shop, labels: {istio.io/dataplane-mode: ambient}}
spec: {}
status: {phase: Running, podIP: 10.244.0.1}
"""


def test_lint_tells_what_does_not_do_what_it_looks_like() -> None:
    translation = translate(Snapshot.from_yaml(POLICY, name="policy.yaml"))
    codes = {problem.code for problem in translation.lint()}
    assert {"method-case", "policy-at-ztunnel"} <= codes
    [found] = translation.lint(select=["method-case"], severity={"correctness": "error"})
    assert (found.code, found.severity) == ("method-case", "error")
    assert "method-case" not in {problem.code for problem in translation.lint(ignore=["method-case"])}
    assert translation.lint(ignore=["all"]) == ()
    with pytest.raises(SettingsError, match="did you mean `method-case`"):
        translation.lint(select=["metod-case"])
    with pytest.raises(SettingsError, match="expected error, warning or note"):
        translation.lint(severity={"method-case": "fatal"})  # type: ignore[dict-item]


def test_lint_is_narrowed_by_file_and_namespace(tmp_path: Path) -> None:
    for name, namespace in (("deploy/shop.yaml", "shop"), ("legacy/bank.yaml", "bank")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(POLICY.replace("namespace: shop", f"namespace: {namespace}"))
    translation = translate(Snapshot.from_files(tmp_path))

    def found(overrides: Sequence[LintOverride] = ()) -> list[tuple[str, str]]:
        problems = translation.lint(select=["method-case"], overrides=overrides)
        return [(str(problem.object), problem.severity) for problem in problems]

    shop, bank = "AuthorizationPolicy shop/read", "AuthorizationPolicy bank/read"
    assert found() == [(shop, "warning"), (bank, "warning")]
    assert found([{"paths": ["legacy/*.yaml"], "ignore": ["correctness"]}]) == [(shop, "warning")]
    assert found([{"namespaces": ("ba*",), "severity": {"method-case": "error"}}]) == [(shop, "warning"), (bank, "error")]
    with pytest.raises(SettingsError, match="unknown field `path`"):
        found([{"path": ["legacy"]}])  # type: ignore[typeddict-unknown-key]
    with pytest.raises(SettingsError, match="did you mean `method-case`\\?$"):
        found([{"select": ["metod-case"]}])


def test_a_baseline_leaves_what_is_new() -> None:
    translation = translate(Snapshot.from_yaml(POLICY, name="policy.yaml"))
    known = translation.baseline(select=["method-case"])
    assert json.loads(known)[0]["code"] == "method-case"
    assert "method-case" not in {problem.code for problem in translation.lint(baseline=known)}
    assert translation.lint(baseline=translation.baseline()) == ()
    moved = translate(Snapshot.from_yaml("\n\n" + POLICY.replace("[get]", "[get, put]"), name="policy.yaml"))
    [new] = moved.lint(select=["method-case"], baseline=known)
    assert "put" in new.message
    with pytest.raises(SettingsError, match="not a baseline") as caught:
        translation.lint(baseline="{}")
    assert caught.value.code == "invalid-baseline"


def test_a_fix_says_what_to_write_where() -> None:
    translation = translate(Snapshot.from_yaml(POLICY, name="policy.yaml"))
    [found] = translation.lint(select=["method-case"])
    assert found.fix is not None
    [edit] = found.fix.edits
    assert (edit.object, edit.field) == (found.object, found.field)
    assert (edit.change, edit.value) == ("set", "GET")
    [replacement] = found.fix.replacements
    place = replacement.place
    assert (POLICY[place.start : place.end], replacement.text) == ("get", "GET")
    again = pickle.loads(pickle.dumps(found))
    assert again == found and again.fix == found.fix and hash(again.fix) == hash(found.fix)


def test_what_is_related_has_a_place_an_object_or_both() -> None:
    snapshot = Snapshot.from_yaml("metadata: {a: 1, a: 2}\n", name="twice.yaml")
    problem = next(problem for problem in snapshot.problems if problem.code == "duplicate-key")
    [related] = problem.related
    assert related.place is not None and str(related.place) == "twice.yaml:1:12"
    assert (related.object, related.field, related.message) == (None, "", "this value is ignored")
    assert pickle.loads(pickle.dumps(related)) == related


def test_a_release_is_a_text() -> None:
    snapshot = Snapshot.from_yaml(SHOP)
    for number, text in [(1.31, "1.31"), (1.3, "1.30"), (2, "1.31")]:
        with pytest.raises(SettingsError, match=f'write release="{text}"') as caught:
            translate(snapshot, release=number)  # type: ignore[arg-type]
        assert caught.value.code == "unknown-release"


def test_a_waypoint_that_is_not_there_is_an_error() -> None:
    snapshot = Snapshot.from_yaml(SHOP)
    with pytest.raises(SettingsError, match="no waypoint `shop/none` in the snapshot, which has: shop/waypoint$") as caught:
        translate(snapshot, waypoint="shop/none")
    assert caught.value.code == "unknown-waypoint"
    assert list(translate(snapshot, waypoint="shop/waypoint")) == ["shop/waypoint"]


def test_resources_are_found_by_name_and_counted_through(shop: Translation) -> None:
    waypoint = shop["shop/waypoint"]
    cluster = waypoint.get("clusters", "encap")
    assert cluster is not None and cluster == next(each for each in waypoint.clusters if each.name == "encap")
    assert waypoint.get("clusters", "none") is None
    with pytest.raises(SettingsError, match="expected listeners, clusters, routes, endpoints or extensions"):
        waypoint.get("secrets", "none")  # type: ignore[arg-type]
    everything = [*waypoint.listeners, *waypoint.clusters, *waypoint.routes, *waypoint.endpoints, *waypoint.extensions]
    assert (list(waypoint), len(waypoint)) == (everything, len(everything))
    table = waypoint.table("clusters")
    assert list(table) == list(table.rows)


def test_notebooks_show_everything(shop: Translation) -> None:
    waypoint = shop["shop/waypoint"]
    shown = {
        "translation": shop._repr_html_(),
        "waypoint": waypoint._repr_html_(),
        "resource": waypoint.clusters[0]._repr_html_(),
        "summary": shop.summary._repr_html_(),
        "problem": shop.problems[0]._repr_html_(),
    }
    for name, says in [
        ("translation", "waypoint"),
        ("waypoint", "<td>clusters</td>"),
        ("resource", "<details><summary>"),
        ("summary", "<pre>read 2 objects"),
        ("problem", "<pre>note[assumed]"),
    ]:
        assert says in shown[name], shown[name]
