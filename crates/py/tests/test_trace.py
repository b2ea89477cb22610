"""One request, its verdict, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from waypoint_xds import SettingsError, Snapshot, Translation, translate

TRACE = Path(__file__).parents[3] / "testdata" / "trace" / "shop.yaml"


@pytest.fixture(scope="module")
def traced() -> Translation:
    return translate(Snapshot.from_yaml(TRACE.read_text(), name="shop.yaml"))


def test_a_denial_names_the_policy_and_its_line(traced: Translation) -> None:
    trace = traced.trace("web/front", "cart.shop:80", method="POST", path="/cart")
    assert (trace.verdict, trace.status, trace.waypoint, trace.allowed) == ("denied", 403, "shop/waypoint", False)
    by = trace.decided_by
    assert by is not None and by["place"] is not None
    assert (by["kind"], by["namespace"], by["name"]) == ("AuthorizationPolicy", "shop", "readers")
    line = TRACE.read_text().splitlines()[by["place"]["line"] - 1]
    assert line.startswith("apiVersion: security.istio.io")
    assert trace.request is None and trace.destinations == []
    assert any("method `POST`" in detail["text"] for step in trace.steps for detail in step.get("details", []))


def test_a_request_arrives_as_routes_change_it(traced: Translation) -> None:
    trace = traced.trace("web/front", "cart.shop:80", path="/cart/rewrite/x", headers={"canary": "1"})
    assert trace.verdict == "allowed" and trace.request is not None
    assert trace.request["host"] == "inside.example" and trace.request["headers"]["canary"] == "1"
    pairs = traced.trace("web/front", "cart.shop:80", path="/cart/rewrite/x", headers=[("canary", "1")])
    assert trace == pairs and trace.to_dict() == pairs.to_dict()


def test_chance_is_part_of_the_result(traced: Translation) -> None:
    split = traced.trace("web/front", "cart.shop:80", path="/cart/split")
    assert [(to["subset"], to["probability"]) for to in split.destinations] == [("v1", 0.9), ("v2", 0.1)]
    seeds = [traced.trace("web/front", "cart.shop:80", path="/cart/split", seed=str(seed)) for seed in range(50)]
    assert {len(trace.destinations) for trace in seeds} == {1}
    assert {trace.destinations[0]["subset"] for trace in seeds} == {"v1", "v2"}


def test_a_trace_is_text_and_html(traced: Translation) -> None:
    trace = traced.trace("web/front", "cart.shop:80", method="POST", path="/cart")
    first = str(trace).splitlines()[0]
    assert first.startswith("DENIED 403 by AuthorizationPolicy shop/readers (shop.yaml:")
    assert repr(trace) == f"<Trace: {first}>"
    html = trace._repr_html_()
    assert html.startswith("<p><strong>DENIED 403") and "<details>" in html and "->" not in html
    assert len(trace.explain_all()) > len(str(trace))


def test_what_is_no_request_is_told(traced: Translation) -> None:
    with pytest.raises(SettingsError, match="path: `x` does not begin with a slash") as no_path:
        traced.trace("web/front", "cart.shop", path="x")
    assert no_path.value.code == "invalid-request"
    with pytest.raises(SettingsError, match="unknown field `metod`"):
        traced.trace("web/front", "cart.shop", metod="GET")  # type: ignore[call-arg]
    with pytest.raises(SettingsError, match="is `nobody.shop`") as nobody:
        traced.trace("web/front", "nobody.shop")
    assert nobody.value.code == "object-not-found"
