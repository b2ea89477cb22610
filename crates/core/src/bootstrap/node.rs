//! Who the proxy says that it is.

use std::collections::BTreeMap;

use envoy::config::core::v3::{self as core, Node};
use envoy::google::protobuf::Struct;
use serde_json::{Value, json};

use super::agent::Agent;
use super::{proxy_config, structure};
use crate::Str;
use crate::mesh::Locality;

/// The ports on which Envoy answers health checks and scrapers.
pub(super) const STATUS_PORT: (&str, u16) = ("ENVOY_STATUS_PORT", 15_021);
pub(super) const PROMETHEUS_PORT: (&str, u16) = ("ENVOY_PROMETHEUS_PORT", 15_090);
/// The label that a ReplicaSet gives its pods.
const POD_TEMPLATE_HASH: &str = "pod-template-hash";

/// The node of the bootstrap: identity, locality and metadata.
pub(super) fn node(agent: &Agent<'_>) -> Node {
    Node {
        id: id(agent),
        cluster: agent.service_cluster(),
        locality: Some(locality(agent)),
        metadata: Some(metadata(agent)),
        ..Node::default()
    }
}

/// `waypoint~<address>~<pod>.<namespace>~<domain>`.
fn id(agent: &Agent<'_>) -> String {
    let proxy = &agent.waypoint.proxy;
    let namespace = &agent.waypoint.name.namespace;
    let address = proxy.addresses.first().map(ToString::to_string).unwrap_or_default();
    format!("waypoint~{address}~{}.{namespace}~{namespace}.svc.cluster.local", proxy.pod_name)
}

/// Only a label of the pod is known here: the region and zone of its node are the control plane's matter.
fn locality(agent: &Agent<'_>) -> core::Locality {
    let label = agent.release.registry.topology_locality_label;
    let found = Locality::of_labels(agent.labels, label).unwrap_or_default();
    core::Locality {
        region: found.region.to_string(),
        zone: found.zone.to_string(),
        sub_zone: found.sub_zone.to_string(),
    }
}

/// What the control plane and Envoy's extensions are told of the proxy.
fn metadata(agent: &Agent<'_>) -> Struct {
    let mut metadata = variables(agent);
    metadata.extend(typed(agent));
    structure(&json!(metadata))
}

/// The variables `ISTIO_META_…`: those of the proxy's configuration, and over them those of its container.
fn variables(agent: &Agent<'_>) -> BTreeMap<String, Value> {
    let configured = agent.waypoint.proxy.configured_metadata();
    let mut found: BTreeMap<String, Value> =
        configured.map(|(key, value)| (key.to_owned(), json!(value))).collect();
    let of_container = agent.waypoint.container_metadata(agent.mesh_id, agent.rules);
    found.extend(of_container.map(|(key, value)| (key.to_owned(), json!(value))));
    found
}

/// What the agent itself adds.
fn typed(agent: &Agent<'_>) -> Vec<(String, Value)> {
    let proxy = &agent.waypoint.proxy;
    let labels: BTreeMap<&Str, &Str> =
        agent.labels.iter().filter(|(key, _)| key.as_str() != POD_TEMPLATE_HASH).collect();
    let mut found = vec![
        ("ENVOY_PROMETHEUS_PORT", json!(agent.port(PROMETHEUS_PORT.0, PROMETHEUS_PORT.1))),
        ("ENVOY_STATUS_PORT", json!(agent.port(STATUS_PORT.0, STATUS_PORT.1))),
        ("NAME", json!(proxy.pod_name)),
        ("NAMESPACE", json!(agent.waypoint.name.namespace)),
        ("PILOT_SAN", json!([pilot_san(agent)])),
        ("PROXY_CONFIG", proxy_config::json_of(agent.config)),
    ];
    if !labels.is_empty() {
        found.push(("LABELS", json!(labels)));
    }
    if !proxy.annotations.is_empty() {
        found.push(("ANNOTATIONS", json!(proxy.annotations)));
    }
    if !proxy.addresses.is_empty() {
        found.push(("INSTANCE_IPS", json!(proxy.instance_ips())));
    }
    if agent.exits_without_connections() {
        found.push(("EXIT_ON_ZERO_ACTIVE_CONNECTIONS", json!("true")));
    }
    if agent.rules.agent_features_in_metadata {
        let tunnels =
            agent.config.proxy_metadata.get("ISTIO_META_ENABLE_HBONE").is_some_and(|value| value == "true");
        found.push(("METADATA_DISCOVERY", json!(tunnels.to_string())));
        found.push(("WORKLOAD_IDENTITY_SOCKET_FILE", json!(agent.workload_socket())));
    }
    found.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The name that the control plane's certificate has.
fn pilot_san<'a>(agent: &'a Agent<'_>) -> &'a str {
    let address = agent.config.discovery_address.as_deref().unwrap_or_default();
    match address.split(':').next().unwrap_or_default() {
        "localhost" => "istiod.istio-system.svc",
        host => host,
    }
}
