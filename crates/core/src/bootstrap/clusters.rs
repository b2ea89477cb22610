//! The static clusters: the agent's sockets and ports, and the collectors that the configuration names.

use serde_json::{Value, json};

use super::agent::{Agent, host_and_port};
use super::{tls, tracing};
use crate::json::object;
use crate::snapshot::mesh_config::proxy::RemoteService;
use crate::snapshot::networking::destination_rule::TcpKeepalive;

/// The cluster that leads to the control plane.
pub(super) const XDS: &str = "xds-grpc";
/// The cluster that leads to Envoy's own statistics.
pub(super) const PROMETHEUS_STATS: &str = "prometheus_stats";
/// The cluster that leads to the agent.
pub(super) const AGENT: &str = "agent";
/// The cluster that statistics are sent to.
pub(super) const METRICS_SERVICE: &str = "envoy_metrics_service";
/// The cluster that access logs are sent to.
const ACCESS_LOG_SERVICE: &str = "envoy_accesslog_service";

impl Agent<'_> {
    /// The socket of the workload's identity, in its directory.
    pub(super) fn workload_socket(&self) -> &str {
        self.environment("WORKLOAD_IDENTITY_SOCKET_FILE").unwrap_or("socket")
    }
}

/// Every static cluster.
pub(super) fn clusters(agent: &Agent<'_>) -> Vec<Value> {
    let config = &agent.config;
    let socket = format!("./var/run/secrets/workload-spiffe-uds/{}", agent.workload_socket());
    let mut clusters = vec![
        local_port(agent, PROMETHEUS_STATS, agent.admin_port()),
        local_port(agent, AGENT, agent.status_port()),
        secrets(agent, &socket),
        control_plane(agent),
    ];
    clusters.extend(tracing::collector(agent).and_then(|collector| dns(agent, &collector)));
    let services = [
        (METRICS_SERVICE, &config.envoy_metrics_service),
        (ACCESS_LOG_SERVICE, &config.envoy_access_log_service),
    ];
    for (name, service) in services {
        clusters.extend(service.as_ref().and_then(|service| dns(agent, &remote(name, service))));
    }
    clusters
}

/// A port of the pod itself.
fn local_port(agent: &Agent<'_>, name: &str, port: i32) -> Value {
    let address = json!({"socket_address": {"protocol": "TCP", "address": agent.family.localhost(), "port_value": port}});
    object([
        ("name", Some(json!(name))),
        ("alt_stat_name", alt_stat_name(agent, name)),
        ("type", Some(json!("STATIC"))),
        ("connect_timeout", Some(json!("0.250s"))),
        ("lb_policy", Some(json!("ROUND_ROBIN"))),
        ("load_assignment", Some(load_assignment(name, address))),
    ])
}

/// The agent's socket for certificates.
fn secrets(agent: &Agent<'_>, socket: &str) -> Value {
    let name = "sds-grpc";
    object([
        ("name", Some(json!(name))),
        ("alt_stat_name", alt_stat_name(agent, name)),
        ("type", Some(json!("STATIC"))),
        ("typed_extension_protocol_options", Some(http2())),
        ("connect_timeout", Some(json!("1s"))),
        ("lb_policy", Some(json!("ROUND_ROBIN"))),
        ("load_assignment", Some(load_assignment(name, json!({"pipe": {"path": socket}})))),
    ])
}

/// The agent's socket for the control plane.
fn control_plane(agent: &Agent<'_>) -> Value {
    let socket = json!({"pipe": {"path": format!("{}/XDS", agent.config_path())}});
    let threshold = |priority: &str| json!({"priority": priority, "max_connections": 100_000, "max_pending_requests": 100_000, "max_requests": 100_000});
    object([
        ("name", Some(json!(XDS))),
        ("alt_stat_name", alt_stat_name(agent, XDS)),
        ("type", Some(json!("STATIC"))),
        ("connect_timeout", Some(json!("1s"))),
        ("lb_policy", Some(json!("ROUND_ROBIN"))),
        ("load_assignment", Some(load_assignment(XDS, socket))),
        ("circuit_breakers", Some(json!({"thresholds": [threshold("DEFAULT"), threshold("HIGH")]}))),
        ("upstream_connection_options", Some(json!({"tcp_keepalive": {"keepalive_time": 300}}))),
        ("max_requests_per_connection", Some(json!(1))),
        ("typed_extension_protocol_options", Some(http2())),
    ])
}

/// A cluster outside of the pod, resolved by DNS.
pub(super) struct DnsCluster<'c> {
    pub(super) name: &'c str,
    /// `host:port`.
    pub(super) address: &'c str,
    pub(super) transport_socket: Option<Value>,
    pub(super) keepalive: Option<&'c TcpKeepalive>,
    pub(super) refresh_rate: Option<&'c str>,
    pub(super) http2: bool,
}

fn remote<'c>(name: &'c str, service: &'c RemoteService) -> DnsCluster<'c> {
    DnsCluster {
        name,
        address: &service.address,
        transport_socket: service
            .tls_settings
            .as_ref()
            .and_then(|tls| tls::transport_socket(tls, name, true)),
        keepalive: service.tcp_keepalive.as_ref(),
        refresh_rate: None,
        http2: true,
    }
}

/// None where the address is not `host:port`.
fn dns(agent: &Agent<'_>, cluster: &DnsCluster<'_>) -> Option<Value> {
    let (host, port) = host_and_port(cluster.address)?;
    let address = json!({"socket_address": {"address": host, "port_value": port}});
    Some(object([
        ("name", Some(json!(cluster.name))),
        ("alt_stat_name", alt_stat_name(agent, cluster.name)),
        ("transport_socket", cluster.transport_socket.clone()),
        ("upstream_connection_options", cluster.keepalive.map(connection_options)),
        ("typed_extension_protocol_options", cluster.http2.then(http2)),
        ("type", Some(json!("STRICT_DNS"))),
        ("respect_dns_ttl", Some(json!(true))),
        ("dns_lookup_family", Some(json!(agent.family.dns_lookup()))),
        ("dns_refresh_rate", cluster.refresh_rate.map(|rate| json!(rate))),
        ("connect_timeout", Some(json!("1s"))),
        ("lb_policy", Some(json!("ROUND_ROBIN"))),
        ("load_assignment", Some(load_assignment(cluster.name, address))),
    ]))
}

/// The numbers are wrapped: an accident of how Istio prints this message.
fn connection_options(keepalive: &TcpKeepalive) -> Value {
    let wrapped = |number: i64| (number > 0).then(|| json!({"value": number}));
    let seconds = |span: Option<crate::snapshot::Duration>| span.and_then(|span| wrapped(span.secs()));
    json!({"tcp_keepalive": object([
        ("keepalive_probes", wrapped(i64::from(keepalive.probes))),
        ("keepalive_time", seconds(keepalive.time)),
        ("keepalive_interval", seconds(keepalive.interval)),
    ])})
}

fn alt_stat_name(agent: &Agent<'_>, name: &str) -> Option<Value> {
    let end = agent.release.mesh.stat_name_end;
    agent.release.clusters.alt_stat_name.then(|| json!([name, end].concat()))
}

fn load_assignment(cluster: &str, address: Value) -> Value {
    let endpoint = json!({"endpoint": {"address": address}});
    json!({"cluster_name": cluster, "endpoints": [{"lb_endpoints": [endpoint]}]})
}

fn http2() -> Value {
    json!({"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }})
}
