import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { type Cluster, type Listener, type Release, releases, type ResourceKind, Snapshot, translate } from "waypoint-xds";

import { SHOP } from "./snapshots.js";

test("no type is `any`", () => {
  const folder = dirname(fileURLToPath(import.meta.resolve("waypoint-xds")));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".d.ts"));
  assert.ok(files.length > 8);
  for (const file of files) {
    // Neither in comments nor in texts.
    const code = readFileSync(`${folder}/${file}`, "utf8").replace(/\/\*[^]*?\*\/|"[^"\n]*"/g, "");
    // Some messages have a field of this name: `any?: boolean`.
    assert.deepEqual(code.match(/\bany\b(?!\?:).*/g), null, file);
  }
});

test("a message's extensions are told apart by the URLs of their types", () => {
  const waypoint = translate(Snapshot.fromYaml(SHOP)).waypoint("shop/waypoint");
  const listeners: Listener[] = waypoint?.listeners.map((listener) => listener.toObject()) ?? [];
  assert.ok(listeners.flatMap(statPrefixes).includes("connect_originate"));
  const cluster: Cluster | undefined = waypoint?.clusters[0]?.toObject();
  // @ts-expect-error: a cluster has no such field
  assert.equal(cluster?.listenerFilters, undefined);
});

test("the words of types are the library's", () => {
  // The compiler wants each word of the type here, and no other.
  const spelled: { [R in Release]: true } = { "1.18": true, "1.29": true, "1.30": true, "1.31": true };
  assert.deepEqual(Object.keys(spelled), releases());
  const kinds: { [K in ResourceKind]: true } = { listeners: true, clusters: true, routes: true, endpoints: true, extensions: true };
  const made = JSON.parse(translate(Snapshot.fromYaml(SHOP)).toJson()) as Record<string, Record<string, unknown>>;
  assert.ok(Object.keys(made["shop/waypoint"] ?? {}).every((kind) => kind in kinds));
});

function statPrefixes(listener: Listener): string[] {
  const filters = listener.filterChains?.flatMap((chain) => chain.filters ?? []) ?? [];
  return filters.flatMap(({ typedConfig }) => {
    switch (typedConfig?.["@type"]) {
      case "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager":
      case "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy":
        return typedConfig.statPrefix ?? [];
      default:
        return [];
    }
  });
}
