import assert from "node:assert/strict";
import { test } from "node:test";

import { cost, explain, type KubernetesObject, type Options, Snapshot, translate, WaypointXdsError } from "waypoint-xds";

import { SHOP } from "./snapshots.js";

/** The error that a call throws. */
function thrown(call: () => unknown): WaypointXdsError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof WaypointXdsError, String(error));
    assert.ok(error instanceof Error);
    assert.equal(error.name, "WaypointXdsError");
    return error;
  }
  assert.fail("it did not throw");
}

/** What somebody without TypeScript might pass. */
function untyped<T>(value: unknown): T {
  return value as T;
}

const snapshot = Snapshot.fromYaml(SHOP);

test("a code that is none is refused", () => {
  const error = thrown(() => explain("nonsense"));
  assert.equal(error.code, "unknown-code");
  assert.match(error.message, /nonsense/);
});

test("options that are none are refused, and the message says what is expected", () => {
  for (const [options, code, message] of [
    [{ release: "1.17" }, "unknown-release", /expected 1\.18, 1\.29, 1\.30 or 1\.31/],
    [{ readiness: "maybe" }, "unknown-readiness", /expected assumed or observed/],
    [{ waypoint: "shop" }, "invalid-waypoint-name", /NAMESPACE\/NAME/],
    [{ features: { X: "true" } }, "unknown-feature", /PILOT_TRACE_SAMPLING/],
    [{ dialect: "nginx" }, "unknown-dialect", /istio-proxy/],
    [{ releas: "1.18" }, "invalid-options", /unknown field `releas`/],
    [{ release: 1.31 }, "unknown-release", /^a release is a text, and 1\.31 is a number: write release: "1\.31"$/],
    [{ release: 1.3 }, "unknown-release", /write release: "1\.30"$/],
    [{ release: 2 }, "unknown-release", /write release: "1\.31"$/],
    [{ waypoint: "shop/none" }, "unknown-waypoint", /^no waypoint `shop\/none` in the snapshot, which has: shop\/waypoint$/],
    ["1.18", "invalid-options", /expected/],
  ] as const) {
    const error = thrown(() => translate(snapshot, untyped<Options>(options)));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
  }
});

test("limits are set by name, and what is larger is a problem", () => {
  const [name, text] = ["deep.yaml", "kind: {a: {b: 1}}"];
  const limits = { limits: { depth: 2 } };
  for (const { problems } of [
    Snapshot.fromYaml(text, name, limits),
    Snapshot.fromFiles([{ name, text }], limits),
    Snapshot.fromObjects([{ kind: { a: { b: 1 } } } as unknown as KubernetesObject], limits),
  ]) {
    assert.deepEqual(problems.map(({ code }) => code), ["too-deep"]);
  }
  assert.deepEqual(Snapshot.fromYaml(text, name, { limits: { bytes: 5 } }).problems.map(({ code }) => code), ["file-too-large"]);
  for (const [options, code, message] of [
    [{ limits: { width: 1 } }, "unknown-limit", /expected one of bytes, depth, values, aliases, problems/],
    [{ limits: { depth: 1e6 } }, "invalid-limit", /expected at most 256/],
    [{ limits: { depth: -1 } }, "invalid-options", /expected u64/],
    [{ limit: {} }, "invalid-options", /unknown field `limit`/],
  ] as const) {
    for (const call of [() => Snapshot.fromYaml("", "", untyped(options)), () => Snapshot.fromObjects([], untyped(options))]) {
      const error = thrown(call);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
    }
  }
  assert.equal(thrown(() => translate(snapshot, untyped<Options>({ limits: { width: 1 } }))).code, "unknown-limit");
});

test("a mesh configuration that cannot be read is a problem with its place", () => {
  const { problems } = translate(snapshot, { meshConfig: "trustDomain: [shop]", meshConfigName: "mesh.yaml" });
  const problem = problems.find(({ code }) => code === "wrong-type");
  const place = { file: "mesh.yaml", line: 1, column: 14, endLine: 1, endColumn: 20, start: 13, end: 19 };
  assert.deepEqual(problem?.place, place);
});

test("arguments that are none are refused", () => {
  for (const call of [
    () => Snapshot.fromYaml(untyped<string>(7)),
    () => Snapshot.fromYaml(SHOP, untyped<string>(7)),
    () => Snapshot.fromFiles(untyped([{ name: "a.yaml" }])),
    () => Snapshot.fromFiles(untyped(7)),
    () => Snapshot.fromObjects(untyped<KubernetesObject[]>([7n])),
    () => Snapshot.fromObjects(untyped<KubernetesObject[]>("kind: Pod")),
    () => Snapshot.fromObjects(untyped<KubernetesObject[]>({ cart: {} })),
    () => Snapshot.fromObjects(untyped<KubernetesObject[]>(undefined)),
    () => translate(untyped<Snapshot>({})),
    () => cost(untyped<Snapshot>(undefined)),
  ]) {
    assert.equal(thrown(call).code, "invalid-argument");
  }
  assert.match(thrown(() => Snapshot.fromObjects(untyped<KubernetesObject[]>(Promise.resolve([])))).message, /has to be awaited/);
  assert.match(thrown(() => cost(snapshot, untyped({ release: 1.18 }))).message, /write release: "1\.18"/);
  assert.equal(thrown(() => cost(snapshot, { rule: untyped("planet") })).code, "unknown-rule");
  assert.equal(thrown(() => cost(snapshot, { replicas: -1 })).code, "invalid-options");
  const waypoint = translate(snapshot).waypoint("shop/waypoint");
  assert.equal(thrown(() => waypoint?.table(untyped("secrets"))).code, "unknown-list");
  assert.equal(thrown(() => waypoint?.get(untyped<"clusters">("secrets"), "none")).code, "unknown-list");
});

test("what is wrong with YAML is told, not thrown", () => {
  const broken = Snapshot.fromYaml(`${SHOP}---\nkind: [`, "broken.yaml");
  const [problem] = broken.problems;
  assert.equal(problem?.code, "yaml-syntax");
  assert.equal(problem.severity, "error");
  assert.equal(problem.place?.file, "broken.yaml");
  const translation = translate(broken);
  assert.deepEqual(translation.waypoints, ["shop/waypoint"], "the rest is there");
  assert.deepEqual(translation.problems.filter(({ severity }) => severity === "error"), broken.problems);
});

test("no text, however odd, breaks anything", () => {
  const deep = ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000)];
  for (const text of ["", "\0", "\ud800", "---\n".repeat(1000), "é: &a [*a]", ...deep]) {
    assert.deepEqual(translate(Snapshot.fromYaml(text)).waypoints, []);
  }
  assert.equal(translate(snapshot).waypoints.length, 1, "and the module lives on");
});
