import { readFileSync } from "node:fs";

/** A waypoint with one Service. */
export const SHOP = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
spec: {clusterIP: 10.96.0.7, selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: cart-1, namespace: shop, labels: {app: cart, istio.io/dataplane-mode: ambient}}
spec: {nodeName: node-1}
status: {podIP: 10.244.0.7, phase: Running, conditions: [{type: Ready, status: "True"}]}
`;

/** A policy of the shop: its Services may be read. */
export const READERS = `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: readers, namespace: shop}
spec:
  targetRefs: [{kind: Service, group: core, name: cart}]
  rules: [{to: [{operation: {methods: [GET]}}]}]
`;

/** The folder of the repository's test data. */
export const TESTDATA = process.env["TESTDATA"] ?? "";

/** The cluster of the article about waypoints. */
export const BOOKINFO = readFileSync(`${TESTDATA}/cases/bookinfo-reviews-sa.yaml`, "utf8");
