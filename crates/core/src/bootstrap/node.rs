//! Who the proxy says that it is.

use std::collections::BTreeMap;

use envoy::config::core::v3::{self as core, Node};
use envoy::google::protobuf::Struct;
use serde_json::{Value, json};

use super::agent::Agent;
use super::{proxy_config, structure};
use crate::Str;
use crate::mesh::Locality;
use crate::snapshot::mesh_config::proxy::TracingServiceName;

/// The prefix of environment variables that become metadata.
const METADATA_PREFIX: &str = "ISTIO_META_";
/// The ports on which Envoy answers health checks and scrapers.
pub(super) const STATUS_PORT: (&str, u16) = ("ENVOY_STATUS_PORT", 15_021);
pub(super) const PROMETHEUS_PORT: (&str, u16) = ("ENVOY_PROMETHEUS_PORT", 15_090);
/// The name of a service that says nothing.
const UNNAMED_SERVICE: &str = "istio-proxy";
/// The label that a ReplicaSet gives its pods.
const POD_TEMPLATE_HASH: &str = "pod-template-hash";

/// The node of the bootstrap: identity, locality and metadata.
pub(super) fn node(agent: &Agent<'_>) -> Node {
    Node {
        id: id(agent),
        cluster: service_cluster(agent),
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

/// What traces call the service: by configuration, by a label, or by the name of the workload.
pub(super) fn service_cluster(agent: &Agent<'_>) -> String {
    let config = &agent.config;
    let canonical =
        || agent.first_label(&["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"]);
    let workload = || agent.waypoint.proxy.workload_name.clone();
    let named = match config.tracing_service_name {
        None => config.service_cluster.clone().unwrap_or_default(),
        Some(TracingServiceName::AppLabelAndNamespace) => Str::default(),
        Some(TracingServiceName::CanonicalNameOnly) => canonical().unwrap_or_else(workload),
        Some(TracingServiceName::CanonicalNameAndNamespace) => {
            return agent.in_namespace(&canonical().unwrap_or_else(workload));
        }
    };
    if !named.is_empty() && named != UNNAMED_SERVICE {
        return named.to_string();
    }
    let name = agent.first_label(agent.rules.app_labels).unwrap_or_else(workload);
    agent.in_namespace(if name.is_empty() { UNNAMED_SERVICE } else { &name })
}

impl Agent<'_> {
    fn first_label(&self, keys: &[&str]) -> Option<Str> {
        keys.iter().find_map(|key| self.labels.get(key)).cloned()
    }

    fn in_namespace(&self, name: &str) -> String {
        format!("{name}.{}", self.waypoint.name.namespace)
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
    let proxy = &agent.waypoint.proxy;
    let namespace = &agent.waypoint.name.namespace;
    let configured = agent.config.proxy_metadata.iter();
    let mut found: BTreeMap<String, Value> = configured
        .filter_map(|(name, value)| Some((name.strip_prefix(METADATA_PREFIX)?.to_owned(), json!(value))))
        .collect();
    let owner =
        format!("kubernetes://apis/apps/v1/namespaces/{namespace}/deployments/{}", proxy.workload_name);
    let of_container = [
        ("SERVICE_ACCOUNT", json!(proxy.service_account)),
        ("NODE_NAME", json!(proxy.node_name)),
        ("CLUSTER_ID", json!(proxy.cluster)),
        ("INTERCEPTION_MODE", json!("REDIRECT")),
        ("WORKLOAD_NAME", json!(proxy.workload_name)),
        ("OWNER", json!(owner)),
        ("ISTIO_VERSION", json!(proxy.version.as_str())),
    ];
    let known = |(key, value): (&str, Value)| (key.to_owned(), value);
    found.extend(of_container.into_iter().map(known));
    let mesh_id = (!agent.mesh_id.is_empty()).then(|| ("MESH_ID", json!(agent.mesh_id)));
    let build = agent.rules.proxy_sha.map(|sha| ("ISTIO_PROXY_SHA", json!(sha)));
    found.extend(mesh_id.into_iter().chain(build).map(known));
    found
}

/// What the agent itself adds.
fn typed(agent: &Agent<'_>) -> Vec<(String, Value)> {
    let proxy = &agent.waypoint.proxy;
    let labels: BTreeMap<&Str, &Str> =
        agent.labels.iter().filter(|(key, _)| key.as_str() != POD_TEMPLATE_HASH).collect();
    let addresses: Vec<String> = proxy.addresses.iter().map(ToString::to_string).collect();
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
    if !addresses.is_empty() {
        found.push(("INSTANCE_IPS", json!(addresses.join(","))));
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
