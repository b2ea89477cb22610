"""What notebooks show: every class has HTML of its own, and what is in it is escaped."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

import waypoint_xds
from waypoint_xds import Snapshot, Translation, cost, translate

from conftest import SHOP

POLICY = """\
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: read, namespace: shop}
spec:
  targetRefs: [{kind: Service, group: core, name: cart}]
  rules: [{to: [{operation: {methods: [get]}}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: cart-1, namespace: shop, labels: {app: cart, istio.io/dataplane-mode: ambient}}
spec: {containers: [{name: cart, image: cart}]}
status: {phase: Running, podIP: 10.244.1.9, conditions: [{type: Ready, status: "True"}]}
"""
TWICE = "metadata: {a: 1, a: 2}\n"


def classes() -> list[str]:
    """Every class that the package shows, but errors and types of dictionaries."""
    shown = {name: getattr(waypoint_xds, name) for name in waypoint_xds.__all__}
    return [name for name, thing in shown.items() if inspect.isclass(thing) and not issubclass(thing, (Exception, dict))]


def objects() -> Iterator[object]:
    """One object of each class, at least."""
    translation = translate(Snapshot.from_yaml(SHOP + POLICY, name="<shop>&.yaml"))
    waypoint = translation["shop/waypoint"]
    cart = next(cluster for cluster in waypoint.clusters if "cart" in cluster.name)
    [found] = translation.lint(select=["method-case"])
    assert found.fix is not None
    [related] = next(each.related for each in Snapshot.from_yaml(TWICE).problems if each.related)
    comparison = cost(translation.snapshot)
    [shop] = comparison.namespaces
    yield from (translation, translation.snapshot, translation.summary, waypoint, waypoint.table("clusters"))
    yield from (cart, *cart.origins, *cart.origin)
    yield from (found, found.object, found.place, found.fix, *found.fix.edits, *found.fix.replacements, related)
    yield from (comparison, comparison.total, shop, shop.distribution, shop.change)
    yield translation.trace("sa/web.shop", "cart.shop:80")


class Tags(HTMLParser):
    """Goes through HTML, and wants every tag closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("rect", "circle", "path", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "circle", "path"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def shown(thing: object) -> str:
    """The text in an object's HTML."""
    parser = Tags()
    parser.feed(thing._repr_html_())  # type: ignore[attr-defined]
    parser.close()
    assert parser.open == [], thing
    return "".join(parser.texts)


@pytest.mark.parametrize("name", classes())
def test_every_class_has_html_that_is_well_formed(name: str) -> None:
    known = [thing for thing in objects() if type(thing).__name__ == name]
    assert known, f"there is no {name} among the objects: add one"
    for thing in known:
        assert shown(thing).strip(), name


def test_html_says_what_objects_say() -> None:
    texts: dict[str, str] = {}
    for thing in objects():
        name = type(thing).__name__
        texts[name] = texts.get(name, "") + shown(thing)
    assert "AuthorizationPolicy shop/read" in texts["ObjectRef"]
    assert "<shop>&.yaml:18:" in texts["Place"]
    assert "GET" in texts["Edit"] and "set" in texts["Edit"]
    assert "GET" in texts["Replacement"] and "GET" in texts["Fix"]
    assert "this value is ignored" in texts["Related"]
    assert "Service shop/cart (<shop>&.yaml:11)" in texts["Maker"]
    assert "spec.ports[0]" in texts["Origin"]
    assert "shop" in texts["NamespaceCost"] and "1 sidecar or 2 waypoints" in texts["Change"]
    assert texts["Distribution"].rstrip().endswith("200 %"), texts["Distribution"]


def test_what_is_assumed_is_marked() -> None:
    deployment = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: cart, image: cart}]}}
"""
    translation = translate(Snapshot.from_yaml(SHOP.replace("clusterIP: 10.96.0.7, ", "") + deployment))
    makers = {maker.name: maker for maker in makers_of(translation)}
    assert makers["cart-assumed-0"].assumed and not makers["cart-assumed-0"].assumed_address
    assert makers["cart"].assumed_address and not makers["cart"].assumed
    assert str(makers["cart-assumed-0"]).endswith("(assumed)")
    assert "(assumed address)" in shown(makers["cart"])


def makers_of(translation: Translation) -> Iterator[waypoint_xds.Maker]:
    """What made anything."""
    for waypoint in translation.values():
        for resource in waypoint:
            for origin in resource.origins:
                yield from origin.objects
