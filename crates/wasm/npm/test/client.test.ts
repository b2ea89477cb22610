// What @kubernetes/client-node returns is taken as it is.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import * as client from "@kubernetes/client-node";
import { Snapshot, translate } from "waypoint-xds";

import { SHOP } from "./snapshots.js";

const [gatewayYaml = "", serviceYaml = "", podYaml = ""] = SHOP.split("---\n");

/** A list as the API server writes it: its items have neither kind nor version. */
function listed(yaml: string, kind: string): object {
  const { kind: _, apiVersion, ...item } = client.loadYaml<Record<string, unknown>>(yaml);
  const metadata = { ...(item["metadata"] as object), creationTimestamp: "2026-01-02T03:04:05Z", managedFields: [{ fieldsV1: { "f:x": {} } }] };
  return { apiVersion, kind, metadata: { resourceVersion: "7", continue: "x" }, items: [{ ...item, metadata }] };
}

const ANSWERS: { readonly [path: string]: object } = {
  "/api/v1/services": listed(serviceYaml, "ServiceList"),
  "/api/v1/pods": listed(podYaml, "PodList"),
  "/apis/gateway.networking.k8s.io/v1/gateways": {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayList",
    metadata: {},
    items: [client.loadYaml<object>(gatewayYaml)],
  },
};

/** What the client makes of the answers of an API server. */
async function listAll(): Promise<[services: client.V1ServiceList, pods: client.V1PodList, gateways: client.KubernetesListObject<client.KubernetesObject>]> {
  const server = createServer((request, response) => {
    const answer = ANSWERS[request.url ?? ""];
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json", connection: "close" }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const config = new client.KubeConfig();
    const { port } = server.address() as AddressInfo;
    config.loadFromClusterAndUser({ name: "here", server: `http://127.0.0.1:${port}`, skipTLSVerify: true }, { name: "nobody" });
    const [core, custom] = [config.makeApiClient(client.CoreV1Api), config.makeApiClient(client.CustomObjectsApi)];
    const gateways = { group: "gateway.networking.k8s.io", version: "v1", plural: "gateways" };
    return [await core.listServiceForAllNamespaces(), await core.listPodForAllNamespaces(), await custom.listClusterCustomObject(gateways)];
  } finally {
    server.close();
  }
}

const [services, pods, gateways] = await listAll();

test("models are what they should be", () => {
  const [service] = services.items;
  assert.ok(service instanceof client.V1Service && service.kind === undefined && service.metadata?.creationTimestamp instanceof Date);
});

test("what it lists is taken however it is given", () => {
  const texts = [
    Snapshot.fromObjects([services, pods, gateways]),
    Snapshot.fromObjects(new Set([services, pods, gateways])),
    Snapshot.fromObjects([...services.items, ...pods.items, ...gateways.items]),
    Snapshot.fromObjects([{ items: services.items }, pods, ...gateways.items]),
    Snapshot.fromObjects(JSON.parse(JSON.stringify([services, pods, gateways])) as object[]),
  ].map((snapshot) => {
    assert.deepEqual(snapshot.problems, []);
    return translate(snapshot).toJson();
  });
  assert.equal(new Set(texts).size, 1);
  assert.match(texts[0] ?? "", /10\.96\.0\.7/);
});

test("a list alone and a model alone are taken", () => {
  const unnamed = Object.assign(new client.V1ServiceList(), { items: services.items });
  const [service] = services.items;
  assert.ok(service);
  for (const alone of [services, unnamed, service]) {
    const snapshot = Snapshot.fromObjects(alone);
    assert.deepEqual([[...snapshot].map(({ kind, name }) => `${kind} ${name}`), snapshot.problems], [["Service cart"], []]);
  }
  const slice = Object.assign(new client.V1EndpointSlice(), { metadata: { name: "cart-7" }, addressType: "IPv4", endpoints: [] });
  assert.deepEqual([...Snapshot.fromObjects([slice])].map(({ kind }) => kind), ["EndpointSlice"]);
});

test("a model that does not tell its kind is a problem, not lost in silence", () => {
  const lease = new client.V1Lease();
  assert.equal(Snapshot.fromObjects(lease).problems[0]?.place?.file, "objects[0]");
});
