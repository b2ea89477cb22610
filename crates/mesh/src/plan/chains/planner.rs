//! The chains of each port of each Service, and two for workloads that are called themselves.

use std::collections::BTreeMap;

use super::inspection::Ports;
use super::{
    Chain, DIRECT_HTTP, DIRECT_TCP, Destination, Listeners, PortChains, Traffic, WorkloadAddress, address,
};
use crate::Str;
use crate::mesh::attachment::Bound;
use crate::mesh::extension::{ChainKind, Extension};
use crate::mesh::service::{Port, Protocol, Resolution};
use crate::mesh::{Service, ServiceId};
use crate::plan::extensions::ExtensionPlanner;
use crate::plan::host::Hosts;
use crate::plan::names::{ClusterName, Direction, ENCAP};
use crate::plan::policies::PolicyPlanner;
use crate::plan::routes::{HttpRoutes, Routed, TcpRoute};
use crate::plan::telemetry::{Telemetries, TelemetryId, TelemetryPlanner};
use crate::plan::{Scope, causes};
use crate::rules::{ChainNames, MatchedAddresses};
use crate::snapshot::Cause;

impl<'m> Listeners<'m> {
    /// The listeners of a waypoint.
    pub(in crate::plan) fn new(scope: Scope<'m>, hosts: &Hosts<'m>) -> Self {
        let Scope { mesh, waypoint, .. } = scope;
        let mut planner = Planner::new(scope, hosts);
        for &id in &waypoint.services {
            if let Some(service) = mesh.services.get(id) {
                planner.add_service(id, service);
            }
        }
        planner.add_direct();
        let gateway = Cause::from(waypoint.gateway.object_ref());
        let asked = planner.telemetries.causes(Telemetries::WAYPOINT);
        let mut causes: Vec<_> = std::iter::once(gateway).chain(asked.iter().cloned()).collect();
        causes.extend(mesh.proxy_configs.causes(&waypoint.name));
        // Its addresses decide where it listens.
        causes.extend(causes::pod(scope));
        Self {
            chains: planner.chains,
            destinations: planner.destinations,
            authorities: planner.authorities,
            workloads: workloads(scope),
            inspection: planner.ports.inspection(!waypoint.workloads.is_empty()),
            other_networks: scope.tunnels_into_other_networks(),
            policies: planner.policies.done(),
            extensions: planner.extensions.done(),
            telemetries: planner.telemetries.done(),
            causes,
        }
    }
}

/// Makes the chains of one waypoint.
struct Planner<'a, 'm> {
    scope: Scope<'m>,
    hosts: &'a Hosts<'m>,
    policies: PolicyPlanner<'m>,
    telemetries: TelemetryPlanner<'m>,
    extensions: ExtensionPlanner<'m>,
    ports: Ports,
    chains: Vec<Chain<'m>>,
    destinations: Vec<Destination>,
    authorities: BTreeMap<String, PortChains>,
    /// Whether connections are told apart by hostname before address.
    by_hostname_first: bool,
}

/// What the chains of a Service, or of workloads, have in common.
struct Shared<'a, 'm> {
    service: Option<&'m Service>,
    port: u32,
    port_name: &'m str,
    protocol: Protocol,
    telemetry: TelemetryId,
    /// The label that names the waypoint.
    label: Option<&'a Cause>,
}

impl<'a, 'm> Planner<'a, 'm> {
    fn new(scope: Scope<'m>, hosts: &'a Hosts<'m>) -> Self {
        let count = scope.waypoint.services.len();
        let features = &scope.mesh.options.features;
        Self {
            scope,
            hosts,
            policies: PolicyPlanner::new(scope),
            telemetries: TelemetryPlanner::new(scope),
            extensions: ExtensionPlanner::new(scope),
            ports: Ports::default(),
            // Most Services have one port.
            chains: Vec::with_capacity(count + 2),
            destinations: Vec::with_capacity(count),
            authorities: BTreeMap::new(),
            by_hostname_first: features.ambient_enable_multi_network,
        }
    }

    /// Adds the chains of a Service, and what leads to them.
    fn add_service(&mut self, id: ServiceId, service: &'m Service) {
        let Scope { mesh, waypoint, rules } = self.scope;
        self.ports.add_service(service);
        let virtual_services = mesh.virtual_services.of_service(service, waypoint);
        let host = self.hosts.of_served(id);
        let routed = Routed {
            scope: self.scope,
            hosts: self.hosts,
            service,
            host,
            virtual_services: &virtual_services,
        };
        let label = causes::use_waypoint(mesh, id);
        let telemetry = self.telemetries.of(Some(service));
        let mut ports = Vec::with_capacity(service.ports.len());
        let scope = self.scope;
        for port in service.ports.iter().filter(|port| is_served(scope, service, port)) {
            let shared = Shared {
                service: Some(service),
                port: port.number,
                port_name: &port.name,
                protocol: port.protocol,
                telemetry,
                label: label.as_ref(),
            };
            ports.push((port.number, self.add_port(&routed, &shared)));
            self.ports.add_chain(port.number, port.protocol);
        }
        if ports.is_empty() && !service.ports.is_empty() {
            self.ports.has_no_chain(service);
        }
        let addresses = address::matched(self.scope, id, service);
        if self.by_hostname_first && !addresses.is_empty() {
            let authority = |port: &u32| format!("{}:{port}", service.hostname);
            self.authorities.extend(ports.iter().map(|(port, chains)| (authority(port), chains.clone())));
        }
        // Envoy refuses what has no addresses; some releases forget that.
        let is_reachable = !addresses.is_empty() || rules.listeners.matches_without_ranges;
        if !ports.is_empty() && is_reachable {
            self.destinations.push(Destination { addresses, ports });
        }
    }

    /// Adds the chains for one port of a Service: for bytes, for HTTP or, where the protocol is not declared,
    /// for both.
    fn add_port(&mut self, routed: &Routed<'_, 'm>, shared: &Shared<'_, 'm>) -> PortChains {
        let protocol = shared.protocol;
        let tcp = || Traffic::Tcp(TcpRoute::of_port(routed, shared.port));
        let http = || Traffic::Http(HttpRoutes::of_port(routed, shared.port));
        if protocol.is_unsupported() {
            let tcp = self.add_chain(shared, "tcp", tcp());
            let http = self.add_chain(shared, "http", http());
            PortChains::Detect { http, tcp }
        } else if protocol.is_http() {
            PortChains::One(self.add_chain(shared, "http", http()))
        } else {
            PortChains::One(self.add_chain(shared, "tcp", tcp()))
        }
    }

    /// Adds a chain of a Service, named after its cluster.
    fn add_chain(&mut self, shared: &Shared<'_, 'm>, family: &str, traffic: Traffic<'m>) -> Str {
        let hostname = shared.service.map_or("", |service| &service.hostname);
        let name = |subset| {
            ClusterName { direction: Direction::InboundVip, port: shared.port, subset, hostname }
                .into_string()
        };
        let cluster = name(family);
        let chain = match self.scope.rules.listeners.chain_names {
            ChainNames::ProtocolSuffix => [&name(""), "-", family].concat().into(),
            ChainNames::Cluster => Str::from(&cluster),
        };
        self.push(shared, chain.clone(), cluster, traffic);
        chain
    }

    /// Adds the chains for workloads that are called by their own address. They are there even if no workload
    /// is served.
    fn add_direct(&mut self) {
        let shared = Shared {
            service: None,
            port: 0,
            port_name: "unknown",
            protocol: Protocol::Tcp,
            telemetry: Telemetries::WAYPOINT,
            label: None,
        };
        let tcp = Traffic::Tcp(TcpRoute::default());
        let http = Traffic::Http(HttpRoutes::of_workloads());
        self.push(&shared, Str::new_static(DIRECT_TCP), ENCAP.to_owned(), tcp);
        self.push(&shared, Str::new_static(DIRECT_HTTP), ENCAP.to_owned(), http);
    }

    fn push(&mut self, shared: &Shared<'_, 'm>, name: Str, cluster: String, traffic: Traffic<'m>) {
        let &Shared { service, port, port_name, protocol, telemetry, label } = shared;
        let (kind, (policies, bound)) = match &traffic {
            Traffic::Http(_) => (ChainKind::Http, self.policies.http(service)),
            Traffic::Tcp(_) => (ChainKind::Network(port), self.policies.tcp(service)),
        };
        let extensions = self.extensions.of(service, kind);
        let mut causes: Vec<Cause> = service.map(|service| causes::port(service, port)).into_iter().collect();
        if let Traffic::Tcp(route) = &traffic {
            causes.extend_from_slice(&route.causes);
        }
        causes.extend(label.cloned());
        causes.extend(bound);
        causes.extend_from_slice(self.telemetries.causes(telemetry));
        causes.extend(extensions.iter().map(extension_cause));
        let address = service.filter(|_| self.by_hostname_first);
        let address = address.and_then(|service| address::primary(self.scope, service));
        self.chains.push(Chain {
            name,
            service,
            port,
            port_name,
            protocol,
            cluster,
            address,
            traffic,
            telemetry,
            policies,
            extensions,
            causes,
        });
    }
}

fn extension_cause(extension: &Bound<'_, Extension>) -> Cause {
    Cause::new(extension.object.object.clone(), extension.field())
}

/// UDP is not proxied, and neither is TLS to hosts that are resolved on demand, unless the flag for it is
/// set.
fn is_served(scope: Scope<'_>, service: &Service, port: &Port) -> bool {
    let tls_on_demand = service.resolution == Resolution::DynamicDns
        && port.protocol.is_tls()
        && !scope.mesh.options.features.enable_wildcard_host_service_entries_for_tls;
    port.protocol != Protocol::Udp && !tls_on_demand
}

/// The addresses of the workloads that are served themselves.
fn workloads(scope: Scope<'_>) -> Vec<WorkloadAddress> {
    let Scope { mesh, waypoint, rules } = scope;
    let counted = match rules.listeners.matched_addresses {
        MatchedAddresses::Primary => 1,
        MatchedAddresses::All | MatchedAddresses::AllOrPrimary => usize::MAX,
    };
    let known = waypoint.workloads.iter().filter_map(|id| Some((*id, mesh.workloads.get(*id)?)));
    let addresses = known.flat_map(|(id, workload)| {
        let label = causes::workload_uses_waypoint(mesh, id);
        let causes: Vec<_> = std::iter::once(workload.source.cause()).chain(label).collect();
        let addresses = workload.addresses.iter().enumerate();
        addresses.map(move |(position, ip)| WorkloadAddress {
            ip: *ip,
            matched: position < counted,
            causes: causes.clone(),
        })
    });
    addresses.collect()
}
