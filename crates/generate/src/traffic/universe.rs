//! What there always is: a namespace with a waypoint, three Services, their pods.

use serde_json::{Value, json};

use super::dice::Dice;

/// The namespace and the name of the waypoint.
pub const WAYPOINT: (&str, &str) = ("shop", "waypoint");

/// A Service: its name, its address, and its ports with what they are called.
/// Ports by their names.
type Ports = &'static [(&'static str, u16)];

pub(super) const SERVICES: &[(&str, &str, Ports)] = &[
    ("reviews", "10.96.0.10", &[("http", 80), ("grpc", 90), ("tcp", 70), ("unknown", 60), ("https", 443)]),
    ("ratings", "10.96.0.20", &[("http", 80), ("tcp", 70)]),
    ("reviews-v2", "10.96.0.30", &[("http", 80), ("http2", 81)]),
    ("nobody", "10.96.0.40", &[("http", 80)]),
];

/// A pod: its name, its app, its version, its address, and whether it is ready.
pub(super) const PODS: &[(&str, &str, &str, &str, bool)] = &[
    ("reviews-v1", "reviews", "v1", "10.244.1.1", true),
    ("reviews-v2", "reviews", "v2", "10.244.1.2", true),
    ("reviews-v3", "reviews", "v3", "10.244.1.3", false),
    ("ratings-v1", "ratings", "v1", "10.244.1.4", true),
    ("ratings-v2", "ratings", "v2", "10.244.1.5", true),
];

/// The mesh around what is drawn; what the waypoint is for is drawn, too.
pub(super) fn objects(dice: &mut Dice) -> Vec<Value> {
    let mut objects = vec![
        namespace("istio-system", json!({})),
        namespace("shop", json!({"istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "waypoint"})),
        namespace("web", json!({"istio.io/dataplane-mode": "ambient"})),
    ];
    let traffic = dice.pick(&["all", "all", "all", "service", "workload"]);
    objects.push(json!({
        "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "Gateway",
        "metadata": {"name": WAYPOINT.1, "namespace": WAYPOINT.0, "labels": {"istio.io/waypoint-for": traffic}},
        "spec": {
            "gatewayClassName": "istio-waypoint",
            "listeners": [{"name": "mesh", "port": 15008, "protocol": "HBONE"}],
        },
    }));
    objects.extend(SERVICES.iter().map(|(name, address, ports)| service(name, address, ports)));
    objects.extend(PODS.iter().map(pod));
    objects
}

fn namespace(name: &str, labels: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

fn service(name: &str, address: &str, ports: &[(&str, u16)]) -> Value {
    let ports: Vec<Value> = ports
        .iter()
        .map(|(name, port)| json!({"name": name, "port": port, "targetPort": 9000 + port}))
        .collect();
    let selector = match name {
        "reviews-v2" => json!({"app": "reviews", "version": "v2"}),
        other => json!({"app": other}),
    };
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"clusterIP": address, "selector": selector, "ports": ports},
    })
}

fn pod(&(name, app, version, address, ready): &(&str, &str, &str, &str, bool)) -> Value {
    let ports: Vec<Value> =
        [60, 70, 80, 81, 90, 443].into_iter().map(|port| json!({"containerPort": 9000 + port})).collect();
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "shop", "labels": {"app": app, "version": version},
            "annotations": {"ambient.istio.io/redirection": "enabled"},
        },
        "spec": {"serviceAccountName": app, "containers": [{"name": app, "ports": ports}]},
        "status": {
            "phase": "Running", "podIP": address,
            "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
        },
    })
}
