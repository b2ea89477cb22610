//! The environment of the proxy's container: what the agent learns of its pod and its mesh.

use serde_json::{Value, json};

use super::Template;
use crate::bootstrap::proxy_config::json_of;
use crate::rules::Environment;
use crate::snapshot::mesh_config::ProxyConfig;
use crate::well_known::NETWORK;

/// Variables that are fields of the pod.
const OF_POD: [(&str, &str); 5] = [
    ("POD_NAME", "metadata.name"),
    ("POD_NAMESPACE", "metadata.namespace"),
    ("INSTANCE_IP", "status.podIP"),
    ("SERVICE_ACCOUNT", "spec.serviceAccountName"),
    ("HOST_IP", "status.hostIP"),
];

/// Every variable, in the template's order.
pub(super) fn variables(template: &Template<'_>) -> Vec<Value> {
    let newer = template.rules.environment == Environment::WithResources;
    let mut all = vec![
        field("ISTIO_META_SERVICE_ACCOUNT", "spec.serviceAccountName"),
        field("ISTIO_META_NODE_NAME", "spec.nodeName"),
    ];
    if !newer {
        all.push(text("JWT_POLICY", "third-party-jwt"));
    }
    all.push(text("PILOT_CERT_PROVIDER", "istiod"));
    all.push(text("CA_ADDR", "istiod.istio-system.svc:15012"));
    all.extend(OF_POD.map(|(name, path)| field(name, path)));
    all.push(limit("ISTIO_CPU_LIMIT", "limits.cpu", newer));
    all.push(text("PROXY_CONFIG", &format!("{}\n", json_of(&without_defaults(template)))));
    if newer {
        all.extend(template.proxy_config.proxy_metadata.iter().map(|(name, value)| text(name, value)));
        all.push(limit("GOMEMLIMIT", "limits.memory", true));
        all.push(limit("GOMAXPROCS", "limits.cpu", true));
    }
    all.push(text("ISTIO_META_CLUSTER_ID", template.cluster));
    if newer && let Some(network) = super::metadata::labels(template).get(NETWORK) {
        all.push(text("ISTIO_META_NETWORK", network));
    }
    all.extend(of_mesh(template, newer));
    all
}

fn of_mesh(template: &Template<'_>, newer: bool) -> Vec<Value> {
    let namespace = &template.gateway.meta.namespace;
    let owner = format!("kubernetes://apis/apps/v1/namespaces/{namespace}/deployments/{}", template.name);
    let mut all = vec![
        text("ISTIO_META_INTERCEPTION_MODE", "REDIRECT"),
        text("ISTIO_META_WORKLOAD_NAME", &template.name),
        text("ISTIO_META_OWNER", &owner),
    ];
    if !template.mesh_id.is_empty() {
        all.push(text("ISTIO_META_MESH_ID", template.mesh_id));
    }
    if newer && !template.trust_domain.is_empty() {
        all.push(text("TRUST_DOMAIN", template.trust_domain));
    }
    all
}

fn text(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

fn field(name: &str, path: &str) -> Value {
    json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}})
}

fn limit(name: &str, resource: &str, divided: bool) -> Value {
    let mut reference = json!({"resource": resource});
    if divided && let Value::Object(fields) = &mut reference {
        fields.insert("divisor".to_owned(), "1".into());
    }
    json!({"name": name, "valueFrom": {"resourceFieldRef": reference}})
}

/// The configuration that pods are injected with, without what their agent assumes anyway.
fn without_defaults(template: &Template<'_>) -> ProxyConfig {
    let defaults = &template.proxy_defaults;
    let mut config = template.proxy_config.clone();
    macro_rules! drop_defaults {
        ($($field:ident),*) => { $(if config.$field == defaults.$field { config.$field = None; })* };
    }
    drop_defaults!(
        config_path,
        binary_path,
        control_plane_auth_policy,
        service_cluster,
        drain_duration,
        termination_drain_duration,
        discovery_address,
        tracing,
        proxy_admin_port,
        stat_name_length,
        status_port,
        concurrency
    );
    config
}
