// What needs no browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Graph, type GraphEdge, type GraphNode, releases } from "waypoint-xds";

import { print } from "../src/engine/json.ts";
import { fold } from "../src/graph/fold.ts";
import { BOX, layout, shownOf } from "../src/graph/layout.ts";
import { names } from "../src/graph/names.ts";
import { heights, order } from "../src/graph/order.ts";
import { AskError, checkedAsked, NOTHING, requestOf } from "../src/model/asked.ts";
import { parseFeatures, printFeatures } from "../src/model/features.ts";
import { LATEST, RELEASES, releaseOf } from "../src/model/releases.ts";
import { withoutSecrets } from "../src/model/secrets.ts";
import { decode, encode } from "../src/model/share.ts";
import { waypointFor } from "../src/model/waypoint.ts";

const ALL = { service: undefined, expanded: [] };

function node(id: string, service: string | null = null): GraphNode {
  const [kind, label = ""] = id.split(":", 2);
  assert.ok(kind === "listener" || kind === "chain" || kind === "route" || kind === "cluster" || kind === "endpoint");
  return { id, kind, label, detail: "", service, shared: false, resource: null, origins: [] };
}

function edge(from: string, to: string, weight: number | null = null): GraphEdge {
  return { from, to, label: "", weight };
}

/** A listener with a cluster of its own for each Service, with some endpoints each. */
function services(count: number, endpoints: number): Graph {
  const nodes = [node("listener:in")];
  const edges: GraphEdge[] = [];
  for (let number = 0; number < count; number++) {
    const [chain, cluster] = [`chain:${number}`, `cluster:${number}`];
    nodes.push(node(chain), node(cluster, `svc-${number}`));
    edges.push(edge("listener:in", chain), edge(chain, cluster));
    for (let endpoint = 0; endpoint < endpoints; endpoint++) {
      nodes.push(node(`endpoint:${number}-${endpoint}`));
      edges.push(edge(cluster, `endpoint:${number}-${endpoint}`));
    }
  }
  return { nodes, edges };
}

test("JSON is printed as JSON.stringify does, and pointers find their values", () => {
  const value = { a: [1, { "b/c": "ü\n" }], empty: {}, none: [], "~": null };
  const { text, stretches } = print(value, new Set(["", "/a/1/b~1c", "/~0", "/missing"]));
  assert.equal(text, JSON.stringify(value, undefined, 2));
  const at = (pointer: string): string => text.slice(stretches.get(pointer)?.from, stretches.get(pointer)?.to);
  assert.equal(at(""), text);
  assert.equal(at("/a/1/b~1c"), '"ü\\n"');
  assert.equal(at("/~0"), "null");
  assert.equal(stretches.has("/missing"), false);
});

test("many endpoints become one box, until somebody asks for them", () => {
  const folded = fold(services(1, 12), ALL);
  assert.deepEqual(folded.boxes.filter((box) => box.kind === "endpoints").map((box) => box.title), ["12 endpoints"]);
  const expanded = fold(services(1, 12), { service: undefined, expanded: ["cluster:0"] });
  assert.equal(expanded.boxes.filter((box) => box.kind === "endpoint").length, 12);
});

test("many Services become names, and one can be looked at alone", () => {
  const folded = fold(services(40, 3), ALL);
  assert.deepEqual(folded.boxes.map((box) => box.id), ["listener:in"]);
  assert.deepEqual(folded.groups.slice(0, 2).map((group) => [group.title, group.subtitle]), [["svc-0", "1 cluster · 3 endpoints"], ["svc-1", "1 cluster · 3 endpoints"]]);
  const alone = fold(services(40, 3), { service: "svc-7", expanded: [] });
  assert.deepEqual(alone.boxes.map((box) => box.id).sort(), ["chain:7", "cluster:7", "endpoint:7-0", "endpoint:7-1", "endpoint:7-2", "listener:in"]);
});

test("weights are shares", () => {
  const graph = { nodes: [node("route:r"), node("cluster:a"), node("cluster:b")], edges: [edge("route:r", "cluster:a", 3), edge("route:r", "cluster:b", 1)] };
  assert.deepEqual(fold(graph, ALL).lines.map((line) => line.label), ["75 %", "25 %"]);
});

test("no two boxes overlap, and every line has its ends", () => {
  for (const [count, endpoints] of [[1, 1], [3, 4], [16, 4], [200, 5]] as const) {
    const { boxes, groups, lines, height } = layout(fold(services(count, endpoints), ALL));
    const all = [...boxes, ...groups.map((group) => ({ ...group, height: BOX.height }))];
    for (const [index, a] of all.entries()) {
      assert.ok(a.y >= 0 && a.y + a.height <= height + 0.1);
      for (const b of all.slice(index + 1)) assert.ok(Math.abs(a.x - b.x) >= BOX.width || a.y + a.height <= b.y || b.y + b.height <= a.y, `${count} Services`);
    }
    assert.ok(lines.every((line) => line.path.startsWith("M")));
  }
});

test("what is attached to a chain makes its box taller", () => {
  const graph = services(2, 1);
  const policy = { kind: "authorization" as const, label: "shop/readers", resource: { kind: "listeners" as const, name: "in", pointer: "/x" }, origins: [] };
  const nodes = graph.nodes.map((node) => (node.kind === "chain" ? { ...node, attached: Array.from({ length: node.id === "chain:0" ? 1 : 9 }, () => policy) } : node));
  const { boxes } = layout(fold({ ...graph, nodes }, ALL));
  const [one, many] = ["chain:0", "chain:1"].map((id) => boxes.find(({ box }) => box.id === id));
  assert.ok(one !== undefined && many !== undefined && one.height > BOX.height && many.height > one.height);
  assert.ok(one.y + one.height <= many.y || many.y + many.height <= one.y);
  assert.deepEqual([shownOf(one.box).more, shownOf(many.box).rows.length + shownOf(many.box).more], [0, 9]);
});

test("crossings are taken out, and lines made straight", () => {
  const items = ["a", "b"].map((id) => ({ id, column: 0, height: 10 })).concat(["y", "x"].map((id) => ({ id, column: 1, height: 10 })));
  const links = [{ from: "a", to: "x" }, { from: "b", to: "y" }];
  const columns = order(items, links, 2);
  const positions = columns.map((column) => column.map((item) => item.id));
  assert.deepEqual(positions.map((ids) => ids.map((id) => ({ a: 0, x: 0, b: 1, y: 1 })[id])), positions[0]?.[0] === "a" ? [[0, 1], [0, 1]] : [[1, 0], [1, 0]]);
  const middles = heights(columns, links, 5);
  assert.equal(middles.get("a"), middles.get("x"));
  assert.equal(middles.get("b"), middles.get("y"));
});

test("boxes have short names", () => {
  const cluster = { ...node("cluster:x"), label: "inbound-vip|9080|http/v1|reviews.default.svc.cluster.local", detail: "EDS" };
  assert.deepEqual(names(cluster, ""), { title: "reviews.default:9080", subtitle: "http/v1 · EDS" });
  const chain = { ...node("chain:x"), label: "inbound-vip|9080||reviews.default.svc.cluster.local-http", detail: "HTTP" };
  assert.deepEqual(names(chain, "ip=10.96.0.7 -> port=80"), { title: "reviews.default:9080", subtitle: "HTTP · 10.96.0.7 → :80" });
  const endpoint = { ...node("endpoint:x"), label: "envoy://connect_originate/10.244.1.6:9080" };
  assert.equal(names(endpoint, "").title, "10.244.1.6:9080");
});

test("a link gives back what it was made of", async () => {
  const shared = { files: [{ name: "a.yaml", text: "kind: ü\n".repeat(5000) }, { name: "b.yaml", text: "" }], options: { release: "1.18" as const, features: { A: "b" } }, waypoint: "a/b" };
  const fragment = await encode(shared);
  assert.match(fragment, /^1=[\w-]+$/);
  assert.ok(fragment.length < 1000, "it is compressed");
  const options = { ...shared.options, meshConfig: undefined, readiness: undefined, assume: undefined, dialect: undefined };
  assert.deepEqual(await decode(fragment), { ...shared, options });
});

test("a link that is none, damaged or meant ill is told", async () => {
  assert.equal(await decode(""), undefined);
  assert.equal(await decode("results"), undefined);
  await assert.rejects(decode("2=abc"), /another version/);
  await assert.rejects(decode("1=@@@"), /damaged/);
  const whole = await encode({ files: [{ name: "a", text: "b" }], options: {} });
  await assert.rejects(decode(whole.slice(0, -8)), /damaged/);
  await assert.rejects(decode(await encode({ files: [], options: {} })), /no snapshot/);
  const bomb = await encode({ files: [{ name: "a", text: " ".repeat(40 * 1024 * 1024) }], options: {} });
  await assert.rejects(decode(bomb), /more than the playground takes/);
});

test("Secrets are found however they are written", () => {
  const service = "kind: Service\nmetadata: {name: Secret}\n";
  const secrets = ["apiVersion: v1\nkind: Secret\n", "kind: 'Secret' # mine\n", '{"apiVersion":"v1","kind":"Secret"}\n', "kind: List\nitems:\n- kind: Secret\n", "{kind: Secret, data: {a: b}}\n"];
  for (const secret of secrets) {
    for (const text of [`${service}---\n${secret}`, `${secret}---\n${service}`, `${service}--- # next\n${secret}---\n${service}`]) {
      const { files: [file], leftOut } = withoutSecrets([{ name: "a.yaml", text }]);
      assert.equal(leftOut, 1, text);
      assert.ok(file !== undefined && file.text.includes("kind: Service") && !/kind["']?: ?["']?Secret/.test(file.text), text);
    }
  }
  const plain = [{ name: "a.yaml", text: `${service}---\nkind: SecretProvider\nspec: {secretName: Secret}\n` }];
  assert.deepEqual(withoutSecrets(plain), { files: plain, leftOut: 0 });
});

test("the releases that can be chosen are the library's", () => {
  assert.deepEqual(RELEASES, [...releases()].reverse());
  assert.equal(LATEST, releases().at(-1));
  assert.deepEqual(["1.30.2", "1.30", "1.3", undefined].map(releaseOf), ["1.30", "1.30", undefined, undefined]);
});

test("a waypoint is for the namespace that the files speak of", () => {
  assert.match(waypointFor([{ name: "a", text: "metadata:\n  namespace: shop\n" }], "w.yaml").text, /namespace: shop\n/);
  assert.match(waypointFor([{ name: "a", text: "" }], "w.yaml").text, /namespace: default\n/);
});

test("feature flags are lines", () => {
  const flags = parseFeatures("# why\n A=1\n\nB = x=y \n");
  assert.deepEqual(flags, { A: "1", B: "x=y" });
  assert.deepEqual(parseFeatures(printFeatures(flags)), flags);
});

test("a form is a request as soon as somebody asks somebody", () => {
  assert.equal(requestOf(NOTHING), undefined);
  assert.equal(requestOf({ ...NOTHING, from: "shop/web" }), undefined);
  const asked = { ...NOTHING, from: " shop/web ", to: "cart.shop:80", headers: "canary: 1\n\n b: 2 ", claims: '{"iss": "i"}' };
  assert.deepEqual(requestOf(asked), { from: "shop/web", to: "cart.shop:80", method: "GET", path: "/", headers: ["canary: 1", "b: 2"], claims: { iss: "i" } });
  for (const claims of ["{", "[]", "7"]) assert.throws(() => requestOf({ ...asked, claims }), AskError);
});

test("what a link says of a form is checked", () => {
  assert.equal(checkedAsked("x"), undefined);
  assert.deepEqual(checkedAsked({ from: "a/b", path: 7, other: "x" }), { ...NOTHING, from: "a/b" });
});
