import assert from "node:assert/strict";
import { test } from "node:test";

import {
  type Cost,
  cost,
  costSvg,
  explain,
  type KubernetesObject,
  type LintOptions,
  releases,
  Resource,
  Snapshot,
  type TraceRequest,
  Translation,
  translate,
  Waypoint,
  WaypointXdsError,
} from "waypoint-xds";

import { BOOKINFO, READERS, SHOP } from "./snapshots.js";

test("a snapshot tells what was read", () => {
  const snapshot = Snapshot.fromYaml(SHOP);
  assert.equal(snapshot.summary.files, 1);
  assert.deepEqual(snapshot.summary.read, { Gateway: 1, Pod: 1, Service: 1 });
  assert.deepEqual(snapshot.problems, []);
});

test("a problem's code is explained", () => {
  const [problem] = translate(Snapshot.fromYaml(SHOP)).problems;
  assert.ok(problem);
  assert.ok(explain(problem.code).length > problem.code.length);
  assert.match(explain("readiness-assumed"), /status/);
});

test("a translation has the waypoints' resources", () => {
  const translation = translate(Snapshot.fromYaml(SHOP));
  assert.ok(translation instanceof Translation);
  assert.equal(translation.release, "1.31");
  assert.deepEqual(translation.waypoints, ["shop/waypoint"]);
  assert.equal(translation.waypoint("shop/other"), undefined);
  const waypoint = translation.waypoint("shop/waypoint");
  assert.ok(waypoint instanceof Waypoint);
  assert.equal(waypoint.name, "shop/waypoint");
  const names = waypoint.clusters.map((cluster) => cluster.name);
  assert.ok(names.includes("inbound-vip|80|http|cart.shop.svc.cluster.local"), names.join());
  assert.equal(waypoint.clusters, waypoint.clusters, "made once");
  assert.deepEqual(waypoint.routes, []);
  assert.deepEqual(waypoint.extensions, []);
});

test("lint tells what is accepted and does not do what it looks like, with a fix", () => {
  const policy = `
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
`;
  const translation = translate(Snapshot.fromYaml(policy, "policy.yaml"));
  const codes = translation.lint().map(({ code }) => code);
  assert.ok(codes.includes("method-case") && codes.includes("policy-at-ztunnel"), codes.join());
  const [found, ...others] = translation.lint({ select: ["method-case"], severity: { "method-case": "error" } });
  assert.equal(others.length, 0);
  assert.equal(found?.severity, "error");
  const [replacement] = found.fix?.replacements ?? [];
  assert.equal(replacement?.text, "GET");
  assert.equal(policy.slice(replacement.place.start, replacement.place.end), "get");
  assert.deepEqual(found.fix?.edits[0]?.change, { set: "GET" });
  assert.deepEqual(translation.lint({ ignore: ["all"], overrides: [{ paths: ["policy.yaml"], select: ["egress"] }] }), []);
  assert.throws(() => translation.lint({ select: ["metod-case"] }), /did you mean `method-case`\?$/);
});

test("lint is narrowed by file and namespace, and by what is known already", () => {
  const policy = (namespace: string) => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: read, namespace: ${namespace}}
spec:
  targetRefs: [{group: "", kind: Service, name: cart}]
  rules: [{to: [{operation: {methods: [get]}}]}]
`;
  const files = [{ name: "deploy/shop.yaml", text: policy("shop") }, { name: "legacy/bank.yaml", text: policy("bank") }];
  const translation = translate(Snapshot.fromFiles(files));
  const found = (options: LintOptions) =>
    translation.lint({ select: ["method-case"], ...options }).map(({ object, severity }) => `${object?.namespace} ${severity}`);
  assert.deepEqual(found({}), ["shop warning", "bank warning"]);
  assert.deepEqual(found({ overrides: [{ paths: ["legacy/*"], ignore: ["method-case"] }] }), ["shop warning"]);
  assert.deepEqual(found({ overrides: [{ namespaces: ["ba*"], severity: { correctness: "error" } }] }), ["shop warning", "bank error"]);
  const [shop] = files;
  const baseline = translate(Snapshot.fromFiles(shop === undefined ? [] : [shop])).baseline();
  assert.deepEqual(found({ baseline }), ["bank warning"]);
  assert.deepEqual(found({ baseline: translation.baseline({ select: ["method-case"] }) }), []);
  assert.throws(() => translation.lint({ baseline: "{}" }), { code: "invalid-baseline" });
  assert.throws(() => translation.lint({ overrides: [{ path: ["legacy"] } as object] }), /unknown field `path`/);
});

test("tests for a mesh tell what is not as expected, and files that they add are found by name", () => {
  const head = "apiVersion: waypoint-xds.io/v1\nkind: MeshTest\nsetup: [setup/bank.yaml]\n";
  const text = `${head}default: {request: {from: sa/web.shop, to: "cart.shop:80"}}
tests:
- name: arrives
  expect: {verdict: allowed}
- name: is refused
  request: {from: sa/teller.bank}
  expect: {verdict: denied}
`;
  const bank = { name: "mesh/setup/bank.yaml", text: "apiVersion: v1\nkind: Namespace\nmetadata: {name: bank}\n" };
  const translation = translate(Snapshot.fromYaml(SHOP));
  const report = translation.runTests([{ name: "mesh/a.test.yaml", text }, bank]);
  assert.deepEqual([report.problems, report.passed, report.failed], [[], false, 1]);
  const [first, second] = report.tests;
  assert.equal(first?.failure, null);
  assert.equal(second?.failure?.sort, "differs");
  assert.deepEqual(second.failure.differences, [{ field: "verdict", expected: "denied", found: "allowed" }]);
  assert.equal(second.line, 8);
  const missing = translation.runTests([{ name: "mesh/a.test.yaml", text }]);
  assert.match(missing.problems[0]?.message ?? "", /mesh\/setup\/bank.yaml/);
});

test("who may do what is told in rows, exactly", () => {
  const translation = translate(Snapshot.fromYaml(SHOP, "shop.yaml"));
  const access = translation.access({ to: "shop/cart", port: 80 });
  const [cart] = access.destinations;
  assert.equal(cart?.port, 80);
  const through = cart.ways.find(({ way }) => way === "waypoint" || way === "same");
  assert.equal(through?.waypoint, "shop/waypoint");
  assert.ok(through.rows.length > 0 && access.text.includes("shop/waypoint"));
  assert.throws(() => translation.access({}), WaypointXdsError);
});

test("what is assumed is marked", () => {
  const { labels, spec } = { labels: { app: "cart" }, spec: { containers: [{ name: "cart", image: "cart" }] } };
  const deployment = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "cart", namespace: "shop" }, spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } } };
  const [gateway = "", service = ""] = SHOP.split("---\n");
  const yaml = `${gateway}---\n${service.replace("clusterIP: 10.96.0.7, ", "")}---\n${JSON.stringify(deployment)}`;
  const waypoint = translate(Snapshot.fromYaml(yaml)).waypoint("shop/waypoint");
  const makers = waypoint?.endpoints.flatMap(({ origins }) => origins.flatMap(({ objects }) => objects)) ?? [];
  assert.equal(makers.find(({ name }) => name === "cart-assumed-0")?.assumed, true);
  assert.equal(makers.find(({ name }) => name === "cart")?.assumedAddress, true);
  const assumed = waypoint?.graph().nodes.filter((node) => node.assumed === true).map(({ kind }) => kind);
  assert.deepEqual([...new Set(assumed)].sort(), ["chain", "endpoint"]);
});

test("a resource has a name, a type, a message in three forms, and origins", () => {
  const waypoint = translate(Snapshot.fromYaml(SHOP, "shop.yaml")).waypoint("shop/waypoint");
  const cluster = waypoint?.clusters.find(({ name }) => name.startsWith("inbound-vip|80|http|cart"));
  assert.ok(cluster instanceof Resource);
  assert.equal(cluster.typeUrl, "type.googleapis.com/envoy.config.cluster.v3.Cluster");
  const message = cluster.toObject();
  assert.equal(message.name, cluster.name);
  assert.equal(message.type, "EDS");
  assert.deepEqual(message, JSON.parse(cluster.toJson()));
  assert.equal(Object.getPrototypeOf(message), Object.prototype, "a plain object");
  const bytes = cluster.toBytes();
  assert.ok(bytes instanceof Uint8Array);
  assert.ok(new TextDecoder().decode(bytes).includes(cluster.name));
  assert.deepEqual(cluster.origins, [
    {
      objects: [
        {
          kind: "Service",
          namespace: "shop",
          name: "cart",
          field: "spec.ports[0]",
          file: "shop.yaml",
          line: 11,
          column: 61,
          endLine: 11,
        },
      ],
    },
  ]);
});

test("the release changes the layout", () => {
  const snapshot = Snapshot.fromYaml(BOOKINFO);
  const old = translate(snapshot, { release: "1.18" });
  assert.equal(old.release, "1.18");
  assert.deepEqual(old.waypoints, ["default/bookinfo-reviews"]);
  assert.notEqual(old.toJson(), translate(snapshot).toJson());
});

test("options reach the core", () => {
  const snapshot = Snapshot.fromYaml(SHOP);
  const codes = (readiness: "assumed" | "observed") => translate(snapshot, { readiness, assume: "nothing" }).problems.map(({ code }) => code);
  assert.deepEqual([codes("assumed"), codes("observed")], [["readiness-assumed"], ["unused-waypoint", "waypoint-not-ready"]]);
  assert.ok(translate(snapshot).problems.some(({ code }) => code === "assumed"), "no Namespace is defined");
  assert.deepEqual(translate(snapshot, { waypoint: "shop/waypoint" }).waypoints, ["shop/waypoint"]);
  const meshConfig = "enableTracing: true\ndefaultConfig: {tracing: {sampling: 50}}";
  assert.doesNotThrow(() => translate(snapshot, { meshConfig, release: undefined }));
  assert.doesNotThrow(() => translate(snapshot, { features: { PILOT_TRACE_SAMPLING: "7" } }));
});

test("tables are istioctl's", () => {
  const waypoint = translate(Snapshot.fromYaml(BOOKINFO), { release: "1.18" }).waypoint("default/bookinfo-reviews");
  const header = ["SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE"];
  assert.deepEqual(waypoint?.table("clusters").header, header);
  const wide = waypoint?.table("routes", { wide: true });
  assert.equal(wide?.header.at(-1), "ORIGIN");
  assert.ok(wide?.rows.some((row) => row.at(-1)?.startsWith("VirtualService default/reviews (snapshot.yaml:")));
});

test("a graph's edges lead from node to node", () => {
  const graph = translate(Snapshot.fromYaml(SHOP)).waypoint("shop/waypoint")?.graph();
  assert.ok(graph !== undefined && graph.edges.length > 0);
  const ids = new Set(graph.nodes.map(({ id }) => id));
  assert.ok(graph.edges.every(({ from, to }) => ids.has(from) && ids.has(to)));
});

test("a config dump is what Envoy would print", () => {
  const dump = translate(Snapshot.fromYaml(SHOP)).waypoint("shop/waypoint")?.configDump() ?? "";
  assert.deepEqual(Object.keys(JSON.parse(dump) as object), ["configs"]);
});

test("a bootstrap is what Envoy starts with", () => {
  const bootstrap = translate(Snapshot.fromYaml(SHOP)).waypoint("shop/waypoint")?.bootstrap();
  assert.ok(["node", "dynamic_resources", "static_resources"].every((key) => key in (bootstrap ?? {})), Object.keys(bootstrap ?? {}).join());
});

test("costs are counted by either rule", () => {
  const snapshot = Snapshot.fromYaml(BOOKINFO);
  const costs: Cost[] = [cost(snapshot), cost(snapshot, { rule: "mesh", replicas: 3, release: "1.18" })];
  assert.deepEqual(costs.map(({ rule }) => rule), ["namespace", "mesh"]);
  assert.ok(costs.every(({ total }) => total.sidecars > 0));
  assert.match(costSvg(snapshot, { rule: "mesh", release: "1.18" }), /^<svg [^]*<circle [^]*<\/svg>\n$/);
});

test("objects are read as files are", () => {
  const objects: KubernetesObject[] = [
    waypointNamed("a"),
    { apiVersion: "v1", kind: "Service", metadata: { name: "s", namespace: "default" }, spec: {} },
    { apiVersion: "example.com/v1", kind: "Cat" },
  ];
  const snapshot = Snapshot.fromObjects(objects);
  assert.deepEqual(translate(snapshot).waypoints, ["default/a"]);
  assert.deepEqual(snapshot.summary.ignored, [
    { apiVersion: "example.com/v1", kind: "Cat", why: "unknown-kind", count: 1 },
  ]);
  const broken = Snapshot.fromObjects([{ kind: "Service", metadata: { name: "s" } }]);
  assert.equal(broken.problems[0]?.place?.file, "objects[0]");
  // Fields of which the type says nothing need no cast.
  Snapshot.fromObjects([{ apiVersion: "v1", kind: "Secret", metadata: { name: "s", uid: "1" }, immutable: true }]);
});

test("one object is taken, too", () => {
  const snapshot = Snapshot.fromObjects(waypointNamed("a"));
  assert.deepEqual(translate(snapshot).waypoints, ["default/a"]);
});

test("what was read is looked up, and gone through", () => {
  const snapshot = Snapshot.fromYaml(SHOP);
  assert.deepEqual([...snapshot].map(({ kind, name }) => `${kind} ${name}`), ["Service cart", "Pod cart-1", "Gateway waypoint"]);
  assert.equal(snapshot.size, 3);
  assert.ok([...snapshot].every((object) => snapshot.has(object)));
  assert.ok(!snapshot.has({ kind: "Service", namespace: "shop", name: "basket" }));
  const translation = translate(snapshot);
  assert.deepEqual([...translation].map(({ name }) => name), translation.waypoints);
  for (const waypoint of translation) {
    const cluster = waypoint.get("clusters", "encap");
    assert.ok(cluster !== undefined && cluster.toObject().name === "encap" && cluster === waypoint.clusters.find(({ name }) => name === "encap"));
    assert.equal(waypoint.get("listeners", "none"), undefined);
    const all = [waypoint.listeners, waypoint.clusters, waypoint.routes, waypoint.endpoints, waypoint.extensions].flat();
    assert.deepEqual([...waypoint], all);
    assert.equal(waypoint.size, all.length);
  }
});

test("the release that a snapshot tells is known", () => {
  assert.equal(Snapshot.fromYaml(SHOP).release, undefined);
  const image = { containers: [{ name: "discovery", image: "docker.io/istio/pilot:1.30.2" }] };
  const istiod = { apiVersion: "v1", kind: "Pod", metadata: { name: "istiod", namespace: "istio-system", labels: { app: "istiod" } }, spec: image };
  assert.equal(Snapshot.fromObjects(istiod).release, "1.30");
  assert.deepEqual(releases().map((release) => translate(Snapshot.fromYaml(SHOP), { release }).release), releases());
});

test("files are read in the order given: the later one of equal objects counts", () => {
  const file = (name: string, address: string) => ({ name, text: SHOP.replace("10.96.0.7", address) });
  const snapshot = Snapshot.fromFiles(new Set([file("a.yaml", "10.96.0.8"), file("b.yaml", "10.96.0.9")]));
  assert.equal(snapshot.summary.replaced, 3);
  assert.match(translate(snapshot).toJson(), /10\.96\.0\.9/);
  assert.doesNotMatch(translate(snapshot).toJson(), /10\.96\.0\.8/);
});

/** A Gateway typed as a client of the Kubernetes API would: with more fields, and without an index signature. */
interface Gateway {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: { gatewayClassName: string; listeners: object[] };
}

function waypointNamed(name: string): Gateway {
  const listeners = [{ name: "mesh", port: 15008, protocol: "HBONE" }];
  const spec = { gatewayClassName: "istio-waypoint", listeners };
  return { apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway", metadata: { name }, spec };
}

test("statuses and ztunnel's half are told", () => {
  const translation = translate(Snapshot.fromYaml(SHOP));
  const bound = translation.status.find(({ kind, type }) => kind === "Service" && type === "istio.io/WaypointBound");
  assert.deepEqual([bound?.status, bound?.causes?.[0]?.field], ["True", 'metadata.labels["istio.io/use-waypoint"]']);
  assert.deepEqual(translation.ztunnel.workloads.map(({ name }) => name), ["cart-1"]);
  assert.equal(translation.ztunnel.services[0]?.waypoint?.hboneMtlsPort, 15008);
  assert.throws(() => translate(Snapshot.fromYaml(SHOP), { release: "1.18" }).ztunnel, { code: "unknown-ztunnel" });
});

test("rows of ztunnel's tables and conditions lead to lines", () => {
  const translation = translate(Snapshot.fromYaml(SHOP, "shop.yaml"));
  const { header, rows, origins } = translation.ztunnelTable("services");
  assert.deepEqual(header, ["NAMESPACE", "SERVICE NAME", "SERVICE VIP", "WAYPOINT", "ENDPOINTS"]);
  assert.equal(rows.length, translation.ztunnel.services.length);
  const row = rows.findIndex(([, name]) => name === "cart");
  // As istioctl: the Service of the waypoint itself, which would tell its name, is not in these files.
  assert.deepEqual(rows[row], ["shop", "cart", "10.96.0.7", "NA", "1/1"]);
  assert.deepEqual(origins[row]?.map(({ kind, name, file }) => [kind, name, file])[0], ["Service", "cart", "shop.yaml"]);
  const bound = translation.status.find(({ kind, type }) => kind === "Service" && type === "istio.io/WaypointBound");
  const places = translation.places([...(bound?.causes ?? []), { kind: "Service", namespace: "shop", name: "basket" }]);
  const [label] = places;
  assert.ok(label != null && SHOP.slice(label.start, label.end) === "waypoint", JSON.stringify(label));
  assert.equal(places.at(-1), null);
});

test("a request is traced", () => {
  const translation = translate(Snapshot.fromYaml(SHOP + READERS, "shop.yaml"));
  const asked: TraceRequest = { from: "shop/web", to: "cart.shop:80", method: "POST", headers: { canary: "1" } };
  const denied = translation.trace(asked);
  assert.deepEqual([denied.verdict, denied.status, denied.waypoint], ["denied", 403, "shop/waypoint"]);
  assert.equal(denied.decidedBy?.name, "readers");
  assert.equal(denied.decidedBy.place?.file, "shop.yaml");
  assert.match(denied.text, /^DENIED 403 by AuthorizationPolicy shop\/readers \(shop.yaml:\d+\)/);
  const allowed = translation.trace({ ...asked, method: "GET" });
  assert.deepEqual([allowed.verdict, allowed.request?.headers["canary"]], ["allowed", "1"]);
  assert.equal(allowed.destinations[0]?.endpoints[0]?.workload, "shop/cart-1");
  assert.throws(() => translation.trace({ ...asked, path: "x" }), { code: "invalid-request", message: /^path: / });
  assert.throws(() => translation.trace({ ...asked, to: "nobody.shop" }), { code: "object-not-found" });
});

test("objects are described", () => {
  const translation = translate(Snapshot.fromYaml(SHOP));
  const cart = translation.describe("service", "cart");
  assert.deepEqual([cart.waypoint.name, cart.ports[0]?.protocol, cart.endpoints.ready], ["shop/waypoint", "HTTP", 1]);
  assert.equal(translation.describe("pod", "cart-1.shop").mode, "ambient");
  assert.deepEqual(translation.describe("waypoint", "waypoint", "shop").services.map(({ object }) => object.name), ["cart"]);
  assert.throws(() => translation.describe("route", "cart"), { code: "object-not-found" });
});
