//! The static clusters: the agent's sockets and ports, and the collectors that the configuration names.

use std::collections::BTreeMap;

use envoy::config::cluster::v3::circuit_breakers::Thresholds;
use envoy::config::cluster::v3::cluster::{ClusterDiscoveryType, DiscoveryType};
use envoy::config::cluster::v3::{CircuitBreakers, Cluster, UpstreamConnectionOptions};
use envoy::config::core::v3::address::Address as AddressKind;
use envoy::config::core::v3::{
    Address, Http2ProtocolOptions, Pipe, RoutingPriority, TcpKeepalive as Keepalive, TransportSocket,
};
use envoy::config::endpoint::v3::lb_endpoint::HostIdentifier;
use envoy::config::endpoint::v3::{ClusterLoadAssignment, Endpoint, LbEndpoint, LocalityLbEndpoints};
use envoy::extensions::upstreams::http::v3::HttpProtocolOptions;
use envoy::extensions::upstreams::http::v3::http_protocol_options::explicit_http_config::ProtocolConfig;
use envoy::extensions::upstreams::http::v3::http_protocol_options::{
    ExplicitHttpConfig, UpstreamProtocolOptions,
};
use envoy::google::protobuf::{Any, UInt32Value};

use super::agent::{Agent, host_and_port};
use super::{tls, tracing};
use crate::resources::proto::{duration, socket};
use crate::snapshot::Duration;
use crate::snapshot::mesh_config::proxy::RemoteService;
use crate::snapshot::networking::destination_rule::TcpKeepalive;

/// The cluster that leads to the control plane.
pub(super) const XDS: &str = "xds-grpc";
/// The cluster that leads to the agent's certificates.
pub(super) const SECRETS: &str = "sds-grpc";
/// The cluster that leads to Envoy's own statistics.
pub(super) const PROMETHEUS_STATS: &str = "prometheus_stats";
/// The cluster that leads to the agent.
pub(super) const AGENT: &str = "agent";
/// The cluster that statistics are sent to.
pub(super) const METRICS_SERVICE: &str = "envoy_metrics_service";
/// The cluster that access logs are sent to.
const ACCESS_LOG_SERVICE: &str = "envoy_accesslog_service";

/// How long a cluster waits for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How many connections and requests the control plane may have.
const MAX_TO_CONTROL_PLANE: u32 = 100_000;
/// After how many idle seconds the connection to the control plane is probed.
const CONTROL_PLANE_KEEPALIVE: u32 = 300;

impl Agent<'_> {
    /// The socket of the workload's identity, in its directory.
    pub(super) fn workload_socket(&self) -> &str {
        self.environment("WORKLOAD_IDENTITY_SOCKET_FILE").unwrap_or("socket")
    }
}

/// Every static cluster.
pub(super) fn clusters(agent: &Agent<'_>) -> Vec<Cluster> {
    let config = &agent.config;
    let mut clusters = vec![
        local_port(agent, PROMETHEUS_STATS, agent.admin_port()),
        local_port(agent, AGENT, agent.status_port()),
        secrets(agent),
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

/// What all clusters have.
fn cluster(agent: &Agent<'_>, name: &str, kind: DiscoveryType, address: Address) -> Cluster {
    Cluster {
        name: name.to_owned(),
        alt_stat_name: alt_stat_name(agent, name),
        cluster_discovery_type: Some(ClusterDiscoveryType::Type(kind.into())),
        connect_timeout: Some(duration(CONNECT_TIMEOUT)),
        load_assignment: Some(Box::new(load_assignment(name, address))),
        ..Cluster::default()
    }
}

/// A port of the pod itself.
fn local_port(agent: &Agent<'_>, name: &str, port: u32) -> Cluster {
    Cluster {
        connect_timeout: Some(duration(Duration::from_millis(250))),
        ..cluster(agent, name, DiscoveryType::Static, socket(agent.family.localhost(), port))
    }
}

/// The agent's socket for certificates.
fn secrets(agent: &Agent<'_>) -> Cluster {
    let path = format!("./var/run/secrets/workload-spiffe-uds/{}", agent.workload_socket());
    Cluster {
        typed_extension_protocol_options: http2(),
        ..cluster(agent, SECRETS, DiscoveryType::Static, pipe(path))
    }
}

/// The agent's socket for the control plane.
#[allow(deprecated, reason = "Istio's template still writes the field")]
fn control_plane(agent: &Agent<'_>) -> Cluster {
    let most = || Some(MAX_TO_CONTROL_PLANE.into());
    let threshold = |priority: RoutingPriority| Thresholds {
        priority: priority.into(),
        max_connections: most(),
        max_pending_requests: most(),
        max_requests: most(),
        ..Thresholds::default()
    };
    let breakers = CircuitBreakers {
        thresholds: vec![threshold(RoutingPriority::Default), threshold(RoutingPriority::High)],
        ..CircuitBreakers::default()
    };
    let keepalive =
        Keepalive { keepalive_time: Some(CONTROL_PLANE_KEEPALIVE.into()), ..Keepalive::default() };
    Cluster {
        circuit_breakers: Some(breakers.into()),
        upstream_connection_options: Some(Box::new(with_keepalive(keepalive))),
        max_requests_per_connection: Some(1.into()),
        typed_extension_protocol_options: http2(),
        ..cluster(agent, XDS, DiscoveryType::Static, pipe(format!("{}/XDS", agent.config_path())))
    }
}

/// A cluster outside of the pod, resolved by DNS.
pub(super) struct DnsCluster<'c> {
    pub(super) name: &'c str,
    /// `host:port`.
    pub(super) address: &'c str,
    pub(super) transport_socket: Option<TransportSocket>,
    pub(super) keepalive: Option<&'c TcpKeepalive>,
    pub(super) refresh_rate: Option<Duration>,
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
fn dns(agent: &Agent<'_>, outside: &DnsCluster<'_>) -> Option<Cluster> {
    let (host, port) = host_and_port(outside.address)?;
    Some(Cluster {
        transport_socket: outside.transport_socket.clone(),
        upstream_connection_options: outside
            .keepalive
            .map(|given| Box::new(with_keepalive(keepalive(given)))),
        typed_extension_protocol_options: if outside.http2 { http2() } else { BTreeMap::new() },
        respect_dns_ttl: true,
        dns_lookup_family: agent.family.dns_lookup().into(),
        dns_refresh_rate: outside.refresh_rate.map(duration),
        ..cluster(agent, outside.name, DiscoveryType::StrictDns, socket(host, port.into()))
    })
}

fn keepalive(given: &TcpKeepalive) -> Keepalive {
    let number = |number: i64| u32::try_from(number).ok().filter(|number| *number > 0).map(UInt32Value::from);
    let seconds = |span: Option<Duration>| span.and_then(|span| number(span.secs()));
    Keepalive {
        keepalive_probes: number(i64::from(given.probes)),
        keepalive_time: seconds(given.time),
        keepalive_interval: seconds(given.interval),
    }
}

/// The name that its metrics have, if it has one.
fn alt_stat_name(agent: &Agent<'_>, name: &str) -> String {
    let end = agent.release.mesh.stat_name_end;
    if agent.release.clusters.alt_stat_name { [name, end].concat() } else { String::new() }
}

fn with_keepalive(keepalive: Keepalive) -> UpstreamConnectionOptions {
    UpstreamConnectionOptions { tcp_keepalive: Some(keepalive), ..UpstreamConnectionOptions::default() }
}

fn load_assignment(cluster: &str, address: Address) -> ClusterLoadAssignment {
    let endpoint = Endpoint { address: Some(address), ..Endpoint::default() };
    let endpoint =
        LbEndpoint { host_identifier: Some(HostIdentifier::Endpoint(endpoint)), ..LbEndpoint::default() };
    ClusterLoadAssignment {
        cluster_name: cluster.to_owned(),
        endpoints: vec![LocalityLbEndpoints {
            lb_endpoints: vec![endpoint.into()],
            ..LocalityLbEndpoints::default()
        }],
        ..ClusterLoadAssignment::default()
    }
}

fn pipe(path: String) -> Address {
    Address { address: Some(AddressKind::Pipe(Pipe { path, ..Pipe::default() })) }
}

fn http2() -> BTreeMap<String, Any> {
    let http2 = ExplicitHttpConfig {
        protocol_config: Some(ProtocolConfig::Http2ProtocolOptions(Http2ProtocolOptions::default())),
    };
    let options = HttpProtocolOptions {
        upstream_protocol_options: Some(UpstreamProtocolOptions::ExplicitHttpConfig(http2)),
        ..HttpProtocolOptions::default()
    };
    [("envoy.extensions.upstreams.http.v3.HttpProtocolOptions".to_owned(), envoy::any(&options))].into()
}
