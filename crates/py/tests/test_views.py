"""Tables, graphs, dumps."""

from __future__ import annotations

import json

import pandas
import pytest

from waypoint_xds import SettingsError, Translation, cost


def test_a_table_is_rows_text_and_html(bookinfo: Translation) -> None:
    table = bookinfo["default/bookinfo-reviews"].table("clusters")
    assert table.header[:3] == ("SERVICE FQDN", "PORT", "SUBSET")
    assert len(table) == len(table.rows) > 5
    assert {len(row) for row in table.rows} == {len(table.header)}
    lines = str(table).splitlines()
    assert lines[0].split() == " ".join(table.header).split()
    assert len(lines) == len(table) + 1
    html = table._repr_html_()
    assert html.count("<tr>") == len(table) + 1 and "<th>SERVICE FQDN</th>" in html
    assert repr(table) == f"<Table {', '.join(table.header)}: {len(table)} rows>"
    assert table == bookinfo["default/bookinfo-reviews"].table("clusters")


def test_html_is_escaped(bookinfo: Translation) -> None:
    table = bookinfo["default/bookinfo-reviews"].table("listeners")
    assert any("->" in cell for row in table.rows for cell in row)
    assert "-&gt;" in table._repr_html_()


def test_a_wide_table_has_origins(bookinfo: Translation) -> None:
    waypoint = bookinfo["default/bookinfo-reviews"]
    narrow, wide = waypoint.table("routes"), waypoint.table("routes", wide=True)
    assert wide.header == (*narrow.header, "ORIGIN")
    assert any("VirtualService default/reviews" in row[-1] for row in wide.rows)


def test_a_table_becomes_a_data_frame(bookinfo: Translation) -> None:
    table = bookinfo["default/bookinfo-reviews"].table("endpoints")
    frame = table.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert tuple(frame.columns) == table.header
    assert [tuple(row) for row in frame.to_numpy()] == list(table.rows)


def test_there_are_four_tables(bookinfo: Translation) -> None:
    with pytest.raises(SettingsError, match="expected listeners, clusters, routes or endpoints"):
        bookinfo["default/bookinfo-reviews"].table("secrets")  # type: ignore[arg-type]


def test_a_cost_is_a_table_too(bookinfo: Translation) -> None:
    comparison = cost(bookinfo.snapshot)
    assert str(comparison) == str(comparison.table())
    assert comparison.to_svg().startswith("<svg ") and "<circle " in comparison.to_svg()
    assert comparison._repr_html_() == comparison.table()._repr_html_() + comparison.to_svg()
    assert comparison == cost(bookinfo.snapshot)
    assert repr(comparison) == (
        f"<Cost: {comparison.total.sidecars} for sidecars, {comparison.total.waypoints} for waypoints>"
    )


def test_a_graph_leads_from_listeners_to_endpoints(bookinfo: Translation) -> None:
    graph = bookinfo["default/bookinfo-reviews"].graph()
    ids = {node["id"] for node in graph["nodes"]}
    assert {node["kind"] for node in graph["nodes"]} == {"listener", "chain", "route", "cluster", "endpoint"}
    assert graph["edges"] and all({edge["from"], edge["to"]} <= ids for edge in graph["edges"])


def test_a_bootstrap_is_what_envoy_starts_with(bookinfo: Translation) -> None:
    bootstrap = bookinfo["default/bookinfo-reviews"].bootstrap()
    assert {"node", "dynamic_resources", "static_resources"} <= set(bootstrap)


def test_a_config_dump_is_envoy_s(bookinfo: Translation) -> None:
    dump = json.loads(bookinfo["default/bookinfo-reviews"].config_dump())
    assert len(dump["configs"]) == 4
    assert dump["configs"][0]["@type"] == "type.googleapis.com/envoy.admin.v3.ClustersConfigDump"
