// A snapshot as large as wanted: one namespace with one waypoint.

const HEAD = `apiVersion: v1
kind: Namespace
metadata:
  name: team
  labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: team}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
`;

/** The YAML of so many Services with so many pods each; half of them have weighted routes. */
export function large(services: number, pods: number): string {
  const parts = [HEAD];
  for (let service = 0; service < services; service++) {
    const name = `service-${service}`;
    parts.push(`apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: team}
spec:
  clusterIP: 10.96.${service >> 8}.${service & 255}
  selector: {app: ${name}}
  ports: [{name: http, port: 8080}]
`);
    if (service % 2 === 0) parts.push(split(name));
    for (let pod = 0; pod < pods; pod++) parts.push(podOf(name, pod, service * pods + pod));
  }
  return parts.join("---\n");
}

function podOf(name: string, pod: number, number: number): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${name}-${pod}
  namespace: team
  labels: {app: ${name}, version: v${1 + (pod % 2)}}
spec:
  serviceAccountName: ${name}
  containers: [{name: app, ports: [{containerPort: 8080}]}]
status:
  phase: Running
  podIP: 10.${244 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}
  conditions: [{type: Ready, status: "True"}]
`;
}

function split(name: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: team}
spec:
  hosts: [${name}]
  http:
  - route:
    - {destination: {host: ${name}, subset: v1}, weight: 80}
    - {destination: {host: ${name}, subset: v2}, weight: 20}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}, namespace: team}
spec:
  host: ${name}
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
`;
}
