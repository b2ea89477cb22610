//! The listener with a chain for every port of every Service, and two for workloads that are called themselves.

use std::collections::BTreeMap;

use envoy::config::core::v3::TrafficDirection;
use envoy::config::listener::v3::Listener;
use envoy::config::listener::v3::listener::{InternalListenerConfig, ListenerSpecifier};

use super::chain::{ChainBuilder, ChainSpec};
use super::connect_originate::destination;
use super::inspectors::Inspectors;
use super::matcher::{self, Destinations, PortChains};
use crate::Str;
use crate::mesh::service::{Port, Protocol, Resolution};
use crate::mesh::{Service, ServiceId, ip};
use crate::plan::causes;
use crate::resources::names::{ClusterName, Direction, ENCAP, MAIN_INTERNAL};
use crate::resources::{Origin, Part, Scope};
use crate::rules::ChainNames;

/// The chain for bytes to a workload's own address.
const DIRECT_TCP: &str = "direct-tcp";
/// The chain for HTTP to a workload's own address.
const DIRECT_HTTP: &str = "direct-http";

/// Why the addresses of workloads are matched.
fn addresses(scope: &Scope<'_>) -> impl Iterator<Item = Origin> {
    let mesh = scope.mesh;
    let known = scope.waypoint.workloads.iter().filter_map(move |id| Some((*id, mesh.workloads.get(*id)?)));
    known.flat_map(move |(id, workload)| {
        let label = causes::workload_uses_waypoint(mesh, id);
        let causes: Vec<_> = std::iter::once(workload.source.cause()).chain(label).collect();
        let addresses = workload.addresses.iter().map(|ip| ip::text::<Str>(*ip));
        addresses.map(move |address| Origin::new(Part::Address(address), causes.clone()))
    })
}

/// The listener, and why its chains and routes exist.
pub(super) fn listener(scope: &Scope<'_>, chains: &mut ChainBuilder<'_>) -> (Listener, Vec<Origin>) {
    let rules = &scope.rules.listeners;
    let mut inspectors = Inspectors::default();
    let mut destinations =
        Destinations::with_capacity(scope.waypoint.services.len(), rules.matches_without_ranges);
    let mut authorities = BTreeMap::new();
    for &id in &scope.waypoint.services {
        let Some(service) = scope.mesh.services.get(id) else { continue };
        let mut ports = Vec::new();
        for port in service.ports.iter().filter(|port| is_served(scope, service, port)) {
            ports.push((port.number, service_chains(scope, chains, (id, service), port)));
            inspectors.add_chain(port.number, port.protocol);
        }
        inspectors.add_service(service);
        let addresses = matcher::addresses(service, &scope.waypoint.proxy, rules.matched_addresses);
        if matcher::by_hostname_first(scope) && !addresses.is_empty() {
            let authority = |port: &u32| format!("{}:{port}", service.hostname);
            authorities.extend(ports.iter().map(|(port, chains)| (authority(port), chains.clone())));
        }
        destinations.service(&addresses, ports);
    }
    direct_chains(chains);
    let workloads = scope.waypoint.workloads.iter().filter_map(|id| scope.mesh.workloads.get(*id));
    let direct = PortChains::Detect { http: DIRECT_HTTP.to_owned(), tcp: DIRECT_TCP.to_owned() };
    destinations.workloads(workloads, rules.matched_addresses, direct);
    let mut listener_filters = vec![destination(scope)];
    if rules.inspectors_by_port {
        listener_filters.push(inspectors.http(!scope.waypoint.workloads.is_empty()));
        listener_filters.extend(inspectors.tls());
    } else {
        listener_filters.push(Inspectors::default().http(false));
    }
    let (filter_chains, mut origins) = chains.take();
    origins.extend(addresses(scope));
    let mut listener = Listener {
        name: MAIN_INTERNAL.to_owned(),
        listener_specifier: Some(ListenerSpecifier::InternalListener(InternalListenerConfig::default())),
        listener_filters,
        traffic_direction: TrafficDirection::Inbound.into(),
        filter_chains,
        filter_chain_matcher: Some(matcher::by_authority(authorities, destinations.matcher())),
        ..Listener::default()
    };
    if scope.rules.access_logs.everywhere {
        listener.access_log = chains.telemetry().access_logs.listener();
    }
    (listener, origins)
}

/// UDP is not proxied, and neither is TLS to hosts that are resolved on demand, unless the flag for it is set.
fn is_served(scope: &Scope<'_>, service: &Service, port: &Port) -> bool {
    let on_demand = service.resolution == Resolution::DynamicDns && service.hostname.starts_with('*');
    let tls_on_demand = on_demand
        && port.protocol.is_tls()
        && !scope.mesh.options.features.enable_wildcard_host_service_entries_for_tls;
    port.protocol != Protocol::Udp && !tls_on_demand
}

/// Adds the chains for one port of a Service: for bytes, for HTTP or, where the protocol is not declared, for both.
fn service_chains(
    scope: &Scope<'_>,
    chains: &mut ChainBuilder<'_>,
    (id, service): (ServiceId, &Service),
    port: &Port,
) -> PortChains {
    let spec = |family: &str| {
        let name = |subset| ClusterName {
            direction: Direction::InboundVip,
            port: port.number,
            subset,
            hostname: &service.hostname,
        };
        let cluster = name(family).into_string();
        let chain = match scope.rules.listeners.chain_names {
            ChainNames::ProtocolSuffix => format!("{}-{family}", name("")),
            ChainNames::Cluster => cluster.clone(),
        };
        ChainSpec {
            name: chain,
            service: Some(id),
            port: port.number,
            port_name: &port.name,
            protocol: port.protocol,
            cluster,
        }
    };
    if port.protocol.is_unsupported() {
        let (tcp, http) = (chains.tcp(spec("tcp")), chains.http(spec("http")));
        PortChains::Detect { http, tcp }
    } else if port.protocol.is_http() {
        PortChains::One(chains.http(spec("http")))
    } else {
        PortChains::One(chains.tcp(spec("tcp")))
    }
}

/// Adds the chains for workloads that are called by their own address. They are there even if no workload is served.
fn direct_chains(chains: &mut ChainBuilder<'_>) {
    let spec = |name: &str| ChainSpec {
        name: name.to_owned(),
        service: None,
        port: 0,
        port_name: "unknown",
        protocol: Protocol::Tcp,
        cluster: ENCAP.to_owned(),
    };
    chains.tcp(spec(DIRECT_TCP));
    chains.http(spec(DIRECT_HTTP));
}
