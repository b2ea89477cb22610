//! What there is: a mesh of two namespaces, in which what is drawn is at home, and the names in it.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Namespaces: two with Services in them, Istio's own, and one that is not there.
const NAMESPACES: &[&str] = &["alpha", "alpha", "alpha", "beta", "istio-system", "missing"];
/// Services, in both namespaces.
const SERVICES: &[&str] = &["reviews", "ratings"];
/// Ports of each Service: name and number.
const PORTS: &[(&str, u16)] = &[("http", 80), ("grpc-api", 9090), ("tcp", 9000), ("https", 443)];
/// Labels that pods have, and one that none has.
pub(crate) const LABELS: &[(&str, &str)] =
    &[("app", "reviews"), ("app", "ratings"), ("version", "v1"), ("version", "v2"), ("team", "none")];

/// The mesh that is always there.
#[must_use]
pub fn objects() -> Vec<Value> {
    let mut objects = vec![json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-system"},
    })];
    for (number, namespace) in ["alpha", "beta"].into_iter().enumerate() {
        objects.push(json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": namespace, "labels": {
                "istio.io/dataplane-mode": "ambient", "istio.io/use-waypoint": "waypoint",
            }},
        }));
        objects.push(json!({
            "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "Gateway",
            "metadata": {"name": "waypoint", "namespace": namespace, "labels": {"istio.io/waypoint-for": "all"}},
            "spec": {
                "gatewayClassName": "istio-waypoint",
                "listeners": [{"name": "mesh", "port": 15008, "protocol": "HBONE"}],
            },
        }));
        for (index, service) in SERVICES.iter().enumerate() {
            let ports: Vec<Value> = PORTS
                .iter()
                .map(|(name, port)| json!({"name": name, "port": port, "targetPort": port}))
                .collect();
            objects.push(json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": service, "namespace": namespace},
                "spec": {
                    "clusterIP": format!("10.96.{number}.{index}"), "ports": ports, "selector": {"app": service},
                },
            }));
            objects.push(pod(namespace, number, service, index));
        }
    }
    objects
}

fn pod(namespace: &str, number: usize, service: &str, index: usize) -> Value {
    let ip = format!("10.244.{number}.{index}");
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": format!("{service}-v1"), "namespace": namespace,
            "labels": {"app": service, "version": "v1"},
            "annotations": {"ambient.istio.io/redirection": "enabled"},
        },
        "spec": {
            "serviceAccountName": service, "nodeName": "node",
            "containers": [{"name": "app", "image": "registry.example/app"}],
        },
        "status": {
            "phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}],
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

/// Whether objects of a kind have no namespace.
pub(crate) fn is_of_cluster(kind: &str) -> bool {
    matches!(kind, "Namespace" | "Node" | "GatewayClass")
}

/// A name for an object of a kind: seldom that of one of the mesh's own.
pub(crate) fn name(kind: &str) -> BoxedStrategy<String> {
    let names: Vec<&str> = match kind {
        "Namespace" => vec!["gamma", "delta"],
        "Service" | "Gateway" => vec!["cart", "second", "reviews"],
        "GatewayClass" => vec!["istio-waypoint", "own"],
        _ => vec!["one", "two", "reviews"],
    };
    select(names).prop_map(str::to_owned).boxed()
}

/// The namespace of an object.
pub(crate) fn namespace() -> impl Strategy<Value = String> {
    select(NAMESPACES).prop_map(str::to_owned)
}

/// The labels of an object.
pub(crate) fn labels() -> impl Strategy<Value = Value> {
    prop::collection::vec(select(LABELS), 0..2).prop_map(|labels| {
        let labels: Map<String, Value> =
            labels.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        Value::Object(labels)
    })
}

/// The number of a port of the Services.
pub(crate) fn port() -> impl Strategy<Value = u16> {
    select(PORTS).prop_map(|(_, number)| number)
}

/// A text of a field that names something, or whose name says what it looks like.
pub(crate) fn text(path: &str) -> Option<BoxedStrategy<String>> {
    let mut steps = path.rsplit('.');
    let (name, around) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
    let lower = name.to_lowercase();
    let words: &[&str] = match (lower.as_str(), around) {
        ("host" | "hosts" | "hostname" | "hostnames" | "authority", _) => &[
            "reviews",
            "ratings.alpha.svc.cluster.local",
            "reviews.beta.svc.cluster.local",
            "api.example.com",
            "*.example.com",
        ],
        ("namespace" | "namespaces" | "notnamespaces" | "sourcenamespace", _) => NAMESPACES,
        ("exportto", _) => &["*", ".", "alpha", "beta", "~"],
        ("gateways", _) => &["mesh", "alpha/gateway"],
        ("group", "targetRefs" | "targetRef" | "parentRefs" | "backendRefs" | "backendRef") => {
            &["", "", "gateway.networking.k8s.io", "networking.istio.io"]
        }
        ("kind", "targetRefs" | "targetRef") => &["Service", "Gateway", "ServiceEntry", "GatewayClass"],
        ("kind", _) => &["Service", "Service", "ServiceEntry", "Gateway", "Hostname"],
        ("name", "targetRefs" | "targetRef" | "parentRefs" | "backendRefs" | "backendRef" | "mirror") => {
            &["reviews", "ratings", "waypoint", "reviews", "one", "missing"]
        }
        ("subset", _) => &["v1", "v2", ""],
        ("name", "subsets") => &["v1", "v2"],
        ("name", "provider" | "providers") => &["prometheus", "envoy", "otel-tracing", "missing"],
        ("matchlabels" | "labels" | "selector" | "sourcelabels", _) => &["reviews", "ratings", "v1", "v2"],
        (
            "ipblocks" | "notipblocks" | "remoteipblocks" | "notremoteipblocks" | "destinationsubnets"
            | "sourcesubnet",
            _,
        ) => &["10.0.0.0/8", "10.244.0.1", "2001:db8::/32", "0.0.0.0/0"],
        ("addresses", _) => &["10.97.0.1", "240.240.0.7", "10.97.1.0/24"],
        ("address" | "ip" | "podip" | "clusterip", _) => &["10.98.0.1", "10.98.0.2", "api.example.com"],
        ("principals" | "notprincipals", _) => {
            &["cluster.local/ns/alpha/sa/reviews", "*", "cluster.local/ns/beta/*", "*/sa/ratings"]
        }
        ("serviceaccounts" | "notserviceaccounts", _) => &["reviews", "beta/ratings"],
        ("serviceaccount", _) => &["reviews", "ratings"],
        ("ports" | "notports", _) => &["80", "9090", "9000"],
        ("methods" | "notmethods" | "allowmethods", _) => &["GET", "POST", "*"],
        ("paths" | "notpaths", _) => &["/", "/api/*", "*", "/a/{*}/b", "/{**}"],
        ("key", "when") => &[
            "request.headers[x-user]",
            "source.ip",
            "source.namespace",
            "source.principal",
            "destination.port",
            "request.auth.claims[iss]",
            "connection.sni",
            "request.auth.principal",
        ],
        ("regex" | "proxyversion", _) => &["a.*", "[0-9]+", ".*", "("],
        ("issuer", _) => &["https://issuer.example", "testing@secure.istio.io"],
        ("jwksuri" | "jwks_uri", _) => &["https://issuer.example/jwks", "ftp://no"],
        ("jwks", _) => &[r#"{"keys":[{"kty":"oct","k":"AA"}]}"#, "{"],
        ("snihosts" | "sni", _) => &["api.example.com", "*.example.com", "reviews.alpha.svc.cluster.local"],
        ("protocol", _) => &["HTTP", "HTTPS", "TCP", "TLS", "GRPC", "UDP", "HBONE"],
        ("uri", "redirect" | "rewrite") => &["/", "/new", "https://a/b"],
        ("retryon", _) => &["5xx", "gateway-error,connect-failure", "503", "nonsense"],
        ("url", _) => &["oci://registry.example/plugin:1", "file:///opt/plugin.wasm", "http://x/y.wasm"],
        ("expression", _) => &["response.code >= 500", "has(request.headers)", "1 +"],
        ("scheme", _) => &["http", "https"],
        _ => return None,
    };
    Some(select(words).prop_map(str::to_owned).boxed())
}
