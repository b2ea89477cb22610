//! The proxy's pods.

use serde_json::{Value, json};

use super::{Template, container, metadata};
use crate::json::object;
use crate::rules::ContainerLayout;

/// The Deployment.
pub(super) fn make(template: &Template<'_>) -> Value {
    let pod = json!({
        "metadata": {"annotations": metadata::of_pods(template), "labels": metadata::labels_of_pods(template)},
        "spec": pod_spec(template),
    });
    let (annotations, labels) = (metadata::annotations(template), metadata::labels(template));
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata::make(template, &template.name, &annotations, &labels, true),
        "spec": {"selector": {"matchLabels": metadata::selector(template)}, "template": pod},
    })
}

fn pod_spec(template: &Template<'_>) -> Value {
    object([
        ("terminationGracePeriodSeconds", template.rules.termination_grace_period.map(Value::from)),
        ("serviceAccountName", Some(json!(template.service_account))),
        ("containers", Some(json!([container::make(template)]))),
        ("volumes", Some(volumes(template).into())),
    ])
}

fn volumes(template: &Template<'_>) -> Vec<Value> {
    let empty = |name: &str| json!({"name": name, "emptyDir": {}});
    let in_memory = |name: &str| json!({"name": name, "emptyDir": {"medium": "Memory"}});
    let own_socket = template.rules.container == ContainerLayout::Restricted;
    let mut volumes: Vec<Value> = own_socket.then(|| empty("workload-socket")).into_iter().collect();
    volumes.extend([
        in_memory("istio-envoy"),
        in_memory("go-proxy-envoy"),
        empty("istio-data"),
        empty("go-proxy-data"),
        pod_info(),
        token(),
        json!({"name": "istiod-ca-cert", "configMap": {"name": "istio-ca-root-cert"}}),
    ]);
    volumes
}

/// The pod's labels and annotations, which the agent reads.
fn pod_info() -> Value {
    let item = |name: &str| json!({"path": name, "fieldRef": {"fieldPath": format!("metadata.{name}")}});
    json!({"name": "istio-podinfo", "downwardAPI": {"items": [item("labels"), item("annotations")]}})
}

/// The token by which the agent gets a certificate.
fn token() -> Value {
    let token = json!({"audience": "istio-ca", "expirationSeconds": 43_200, "path": "istio-token"});
    json!({"name": "istio-token", "projected": {"sources": [{"serviceAccountToken": token}]}})
}
