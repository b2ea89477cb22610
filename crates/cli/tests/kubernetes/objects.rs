//! What a cluster has.

use serde_json::{Value, json};

/// A kind that the API serves, with its objects.
pub(crate) struct Objects {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) resource: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) namespaced: bool,
    pub(crate) objects: Vec<Value>,
    /// What a list of them is answered with, if it is not 200: 403, or 404.
    pub(crate) refused: Option<u16>,
}

impl Objects {
    fn new(api: &'static str, resource: &'static str, kind: &'static str, objects: Vec<Value>) -> Self {
        let (group, version) = api.split_once('/').unwrap_or(("", api));
        let namespaced = objects.iter().all(|object| object["metadata"].get("namespace").is_some());
        Self { group, version, resource, kind, namespaced, objects, refused: None }
    }

    fn refused(self, status: u16) -> Self {
        Self { refused: Some(status), namespaced: true, ..self }
    }

    /// `v1`, `networking.istio.io/v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

fn metadata(name: &str, namespace: &str, labels: Value) -> Value {
    json!({"name": name, "namespace": namespace, "labels": labels, "uid": format!("{namespace}-{name}"),
           "creationTimestamp": "2026-05-04T09:30:00Z"})
}

fn namespace(name: &str, labels: Value) -> Value {
    json!({"metadata": {"name": name, "labels": labels, "uid": name, "creationTimestamp": "2026-05-04T09:30:00Z"}})
}

fn pod(name: &str, namespace: &str, labels: Value, image: &str, ip: &str) -> Value {
    json!({
        "metadata": metadata(name, namespace, labels),
        "spec": {"serviceAccountName": "default", "containers": [{"name": "main", "image": image}]},
        "status": {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}],
                   "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

/// A shop with a waypoint, and Istio 1.30 with settings of its own.
pub(crate) fn shop() -> Vec<Objects> {
    let image = "registry.example/istio/pilot:1.30.2";
    let mut pods = vec![pod("istiod-1", "istio-system", json!({"app": "istiod"}), image, "10.244.0.2")];
    pods.extend((0..5).map(|n| {
        pod(&format!("cart-{n}"), "shop", json!({"app": "cart"}), "cart:1", &format!("10.244.1.{n}"))
    }));
    pods.push(pod("other", "elsewhere", json!({}), "other:1", "10.244.2.1"));
    let istiod = json!({
        "metadata": metadata("istiod", "istio-system", json!({"app": "istiod", "istio.io/rev": "default"})),
        "spec": {
            "selector": {"matchLabels": {"app": "istiod"}},
            "template": {
                "metadata": {"labels": {"app": "istiod"}},
                "spec": {"containers": [{
                    "name": "discovery", "image": image,
                    "env": [{"name": "REVISION", "value": "default"}, {"name": "PILOT_HBONE_INITIAL_STREAM_WINDOW_SIZE", "value": "777777"},
                            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
                }]},
            },
        },
    });
    let mesh = json!({"metadata": metadata("istio", "istio-system", json!({})), "data": {"mesh": "accessLogFile: /dev/of-the-cluster\n"}});
    let parameters = json!({"metadata": metadata("of-the-waypoint", "shop", json!({})), "data": {"service": "metadata: {labels: {a: b}}"}});
    let private =
        json!({"metadata": metadata("private", "shop", json!({})), "data": {"key": "nobody's business"}});
    let service = json!({
        "metadata": metadata("cart", "shop", json!({})),
        "spec": {"clusterIP": "10.96.0.10", "clusterIPs": ["10.96.0.10"], "selector": {"app": "cart"}, "type": "ClusterIP",
                 "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}]},
    });
    let address = "10.96.0.20";
    let of_waypoint = json!({
        "metadata": metadata("waypoint", "shop", json!({"gateway.istio.io/managed": "istio.io-mesh-controller"})),
        "spec": {"clusterIP": address, "clusterIPs": [address], "type": "ClusterIP",
                 "selector": {"gateway.networking.k8s.io/gateway-name": "waypoint"},
                 "ports": [{"name": "mesh", "port": 15008, "protocol": "TCP", "targetPort": 15008}]},
    });
    let waypoint = json!({
        "metadata": metadata("waypoint", "shop", json!({})),
        "spec": {"gatewayClassName": "istio-waypoint", "listeners": [{"name": "mesh", "port": 15008, "protocol": "HBONE"}],
                 "infrastructure": {"parametersRef": {"group": "", "kind": "ConfigMap", "name": "of-the-waypoint"}}},
        "status": {"addresses": [{"type": "Hostname", "value": "waypoint.shop.svc.cluster.local"}]},
    });
    let route = json!({
        "metadata": metadata("cart", "shop", json!({})),
        "spec": {"hosts": ["cart"], "http": [{"route": [{"destination": {"host": "cart"}}]}]},
    });
    vec![
        Objects::new(
            "v1",
            "namespaces",
            "Namespace",
            vec![
                namespace("elsewhere", json!({})),
                namespace("istio-system", json!({})),
                namespace(
                    "shop",
                    json!({"istio.io/use-waypoint": "waypoint", "istio.io/dataplane-mode": "ambient"}),
                ),
            ],
        ),
        Objects::new("v1", "pods", "Pod", pods),
        Objects::new("v1", "services", "Service", vec![service, of_waypoint]),
        Objects::new("v1", "configmaps", "ConfigMap", vec![mesh, parameters, private]),
        Objects::new(
            "v1",
            "secrets",
            "Secret",
            vec![json!({"metadata": metadata("s", "shop", json!({})), "data": {"password": "cGFzc3dvcmQ="}})],
        ),
        Objects::new("v1", "serviceaccounts", "ServiceAccount", vec![]).refused(403),
        Objects::new("apps/v1", "deployments", "Deployment", vec![istiod]),
        Objects::new("gateway.networking.k8s.io/v1", "gateways", "Gateway", vec![waypoint]),
        Objects::new("networking.istio.io/v1", "virtualservices", "VirtualService", vec![route]),
        // As of a definition that was removed a moment ago.
        Objects::new("extensions.istio.io/v1alpha1", "wasmplugins", "WasmPlugin", vec![]).refused(404),
    ]
}
