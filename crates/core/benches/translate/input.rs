//! One namespace with one waypoint, as large as wanted.

use std::fmt::Write as _;

/// How large an input is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) services: usize,
    pub(crate) pods_per_service: usize,
    /// Whether there are VirtualServices and DestinationRules for half of the Services, and
    /// AuthorizationPolicies for three of ten.
    pub(crate) routes: bool,
}

const HEAD: &str = "\
apiVersion: v1
kind: Namespace
metadata:
  creationTimestamp: \"2024-01-01T00:00:00Z\"
  labels:
    istio.io/dataplane-mode: ambient
    istio.io/use-waypoint: waypoint
    kubernetes.io/metadata.name: team
  name: team
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  creationTimestamp: \"2024-01-01T00:00:00Z\"
  labels:
    istio.io/waypoint-for: service
  name: waypoint
  namespace: team
spec:
  gatewayClassName: istio-waypoint
  listeners:
  - allowedRoutes:
      namespaces:
        from: Same
    name: mesh
    port: 15008
    protocol: HBONE
status:
  addresses:
  - type: Hostname
    value: waypoint.team.svc.cluster.local
";

/// The text of an input, as `kubectl get -o yaml` would print it.
pub(crate) fn text(size: Size) -> String {
    let mut out = HEAD.to_owned();
    for number in 1..=size.services {
        let name = format!("service-{number}");
        // Writing to a string cannot fail.
        let _ = service(&mut out, &name, number);
        for index in 0..size.pods_per_service {
            let split = size.routes && number % 2 == 0 && index % 3 == 2;
            let version = if split { "v2" } else { "v1" };
            let _ = pod(&mut out, &name, version, number * size.pods_per_service + index);
        }
        if size.routes && number % 2 == 0 {
            let _ = routes(&mut out, &name, number);
        }
        if size.routes && number % 10 < 3 {
            let _ = policy(&mut out, &name, number);
        }
    }
    out
}

/// Distinct creation times, one second apart.
fn created(number: usize) -> String {
    format!(
        "2024-02-{:02}T{:02}:{:02}:{:02}Z",
        1 + number / 86_400 % 28,
        number / 3_600 % 24,
        number / 60 % 60,
        number % 60
    )
}

/// The number-th address of a /8 or so.
fn address(first: usize, number: usize) -> String {
    format!("10.{}.{}.{}", first + number / 62_500, number / 250 % 250, number % 250 + 2)
}

fn service(out: &mut String, name: &str, number: usize) -> std::fmt::Result {
    let (created, ip) = (created(number), address(96, number));
    write!(
        out,
        "\
---
apiVersion: v1
kind: Service
metadata:
  creationTimestamp: \"{created}\"
  labels:
    app: {name}
  name: {name}
  namespace: team
spec:
  clusterIP: {ip}
  clusterIPs:
  - {ip}
  internalTrafficPolicy: Cluster
  ipFamilies:
  - IPv4
  ipFamilyPolicy: SingleStack
  ports:
  - name: http
    port: 80
    protocol: TCP
    targetPort: 8080
  selector:
    app: {name}
  sessionAffinity: None
  type: ClusterIP
status:
  loadBalancer: {{}}
"
    )
}

fn pod(out: &mut String, app: &str, version: &str, number: usize) -> std::fmt::Result {
    let (created, ip) = (created(number), address(128, number));
    let (node, host) = (number / 100, format!("172.18.{}.{}", number / 25_000 % 250, number / 100 % 250 + 2));
    write!(
        out,
        "\
---
apiVersion: v1
kind: Pod
metadata:
  annotations:
    ambient.istio.io/redirection: enabled
  creationTimestamp: \"{created}\"
  generateName: {app}-{version}-zvh9tmcb8g-
  labels:
    app: {app}
    pod-template-hash: zvh9tmcb8g
    version: {version}
  name: {app}-{version}-zvh9tmcb8g-{number}
  namespace: team
  ownerReferences:
  - apiVersion: apps/v1
    blockOwnerDeletion: true
    controller: true
    kind: ReplicaSet
    name: {app}-{version}-zvh9tmcb8g
    uid: 5bbb08c8-5bbb-4bbb-8bb0-5bbb08c808c8
spec:
  containers:
  - image: registry.example/{app}:{version}
    name: {app}
    ports:
    - containerPort: 8080
      name: http
      protocol: TCP
  nodeName: node-{node}
  serviceAccountName: {app}
status:
  conditions:
  - status: \"True\"
    type: Ready
  hostIP: {host}
  phase: Running
  podIP: {ip}
  podIPs:
  - ip: {ip}
"
    )
}

fn routes(out: &mut String, name: &str, number: usize) -> std::fmt::Result {
    let created = created(number);
    write!(
        out,
        "\
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  creationTimestamp: \"{created}\"
  name: {name}
  namespace: team
spec:
  hosts:
  - {name}
  http:
  - match:
    - headers:
        x-preview:
          exact: \"true\"
    route:
    - destination:
        host: {name}
        subset: v2
  - route:
    - destination:
        host: {name}
        subset: v1
      weight: 90
    - destination:
        host: {name}
        subset: v2
      weight: 10
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  creationTimestamp: \"{created}\"
  name: {name}
  namespace: team
spec:
  host: {name}
  subsets:
  - labels:
      version: v1
    name: v1
  - labels:
      version: v2
    name: v2
"
    )
}

fn policy(out: &mut String, name: &str, number: usize) -> std::fmt::Result {
    let created = created(number);
    write!(
        out,
        "\
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  creationTimestamp: \"{created}\"
  name: {name}-callers
  namespace: team
spec:
  action: ALLOW
  rules:
  - from:
    - source:
        principals:
        - cluster.local/ns/team/sa/service-1
        - cluster.local/ns/team/sa/service-2
    to:
    - operation:
        methods:
        - GET
        - POST
  targetRefs:
  - group: \"\"
    kind: Service
    name: {name}
"
    )
}
