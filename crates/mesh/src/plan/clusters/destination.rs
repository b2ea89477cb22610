//! Which clusters a waypoint has for destinations.
//!
//! Clusters and endpoints start from this list: a cluster and its endpoints never disagree about what they
//! are for.

use std::borrow::Cow;

use super::{Discovery, races_connections, referenced};
use crate::mesh::destination_rule::{MergedRule, PortPolicy};
use crate::mesh::{Port, Protocol, Resolution, Service, ServiceId};
use crate::plan::endpoints::select::Target;
use crate::plan::host::{Host, Hosts};
use crate::plan::names::{self, ClusterName, Direction};
use crate::plan::{Scope, causes};
use crate::rules::MeshRules;
use crate::snapshot::Cause;
use crate::snapshot::networking::destination_rule::{SimpleLb, Subset, TrafficPolicy};

/// What a cluster leads to.
#[derive(Clone, Debug)]
pub(super) struct Destination<'m> {
    /// The cluster's name.
    pub(super) name: String,
    /// Whose destination it is.
    pub(super) direction: Direction,
    /// The Service's position in the index.
    pub(super) id: ServiceId,
    /// The Service.
    pub(super) service: &'m Service,
    /// Its port.
    pub(super) port: &'m Port,
    /// `http` or `tcp`, of a waypoint's own clusters.
    family: &'static str,
    /// The subset of the DestinationRule; none = the destination as a whole.
    pub(super) subset: Option<&'m Subset>,
    /// The DestinationRule.
    pub(super) rule: Option<&'m MergedRule>,
    /// What the waypoint means by the Service's hostname.
    host: Option<Host<'m>>,
    /// What the DestinationRule says about this port and subset.
    pub(super) policy: Option<PortPolicy<'m>>,
    /// How its endpoints are found, unless load balancing passes requests through.
    pub(super) discovery: Discovery,
}

impl<'m> Destination<'m> {
    /// The subset as the cluster's name and metadata have it: `http/v1`, `http`, `v1`, or nothing.
    pub(super) fn subset_key(&self) -> Cow<'m, str> {
        subset_key(self.family, self.subset)
    }

    /// The subset's name as rules know it.
    pub(super) fn subset_name(&self) -> &'m str {
        match self.subset {
            Some(subset) => &subset.name,
            // An accident: a subset that is called like the protocol family also chooses the whole
            // destination's endpoints.
            None => self.family,
        }
    }

    /// Whether load balancing passes requests through to the address that the client called.
    pub(super) fn passes_through(&self) -> bool {
        self.policy.and_then(|policy| policy.load_balancer?.simple) == Some(SimpleLb::Passthrough)
    }

    /// How its endpoints are found in the end.
    pub(super) fn found_by(&self) -> Discovery {
        match self.discovery {
            Discovery::DynamicForwardProxy => Discovery::DynamicForwardProxy,
            _ if self.passes_through() => Discovery::OriginalDst,
            discovery => discovery,
        }
    }

    /// All endpoints of the port.
    pub(super) fn whole(&self) -> Target<'m> {
        Target { id: self.id, service: self.service, port: self.port, rule: None, subset: "" }
    }

    /// What endpoints are looked for under the hostname, as the waypoint's namespace sees it; none where that
    /// sees no such Service, or no such port.
    pub(super) fn seen(&self, scope: Scope<'m>) -> Option<Target<'m>> {
        let Host { id, service, client_rule: rule, .. } = self.host?;
        // Names are not resolved here.
        let known = matches!(service.resolution, Resolution::ClientSideLb | Resolution::Passthrough);
        let mut ports = ports(scope, service).into_iter();
        let port = ports.find(|port| port.number == self.port.number).filter(|_| known)?;
        Some(Target { id, service, port, rule, subset: self.subset_name() })
    }

    /// Why there is a cluster: the Service's port, and the DestinationRules that had a say, the subset first.
    pub(super) fn causes(&self) -> Vec<Cause> {
        let mut causes = vec![causes::port(self.service, self.port.number)];
        let has_say = self.subset.is_some() || self.policy.is_some();
        if let Some(rule) = self.rule.filter(|_| has_say) {
            causes.extend(self.subset.and_then(|subset| rule.cause_of_subset(&subset.name)).cloned());
            causes.extend_from_slice(rule.causes());
        }
        causes
    }

    /// The name in statistics that the mesh configuration makes up for a destination of others.
    pub(super) fn stat_name(&self, pattern: &str, rules: &MeshRules) -> Option<String> {
        if pattern.is_empty() || self.direction != Direction::Outbound {
            return None;
        }
        let Service { name, namespace, hostname, .. } = self.service;
        let is_kubernetes = self.service.is_kubernetes();
        let short = if is_kubernetes { format!("{name}.{namespace}") } else { hostname.to_string() };
        let port = self.port.number.to_string();
        let values = [
            ("%SERVICE%", short.as_str()),
            ("%SERVICE_NAME%", name),
            ("%SERVICE_FQDN%", hostname),
            ("%SUBSET_NAME%", self.subset.map_or("", |subset| &subset.name)),
            ("%TARGET_PORT%", "0"),
            ("%SERVICE_PORT%", &port),
            ("%SERVICE_PORT_NAME%", &self.port.name),
        ];
        Some(names::stat_name(pattern, &values, rules))
    }
}

fn subset_key<'m>(family: &'static str, subset: Option<&'m Subset>) -> Cow<'m, str> {
    match subset {
        Some(subset) if family.is_empty() => Cow::Borrowed(&subset.name),
        Some(subset) => Cow::Owned([family, &subset.name].join("/")),
        None => Cow::Borrowed(family),
    }
}

/// The destinations, by the names of their clusters. Of two with the same name the first counts.
pub(super) fn destinations<'m>(scope: Scope<'m>, hosts: &Hosts<'m>) -> Vec<Destination<'m>> {
    let mut all = Vec::with_capacity(scope.waypoint.services.len());
    for &id in &scope.waypoint.services {
        inbound(scope, hosts, id, &mut all);
    }
    for id in referenced::services(scope) {
        outbound(scope, hosts, id, &mut all);
    }
    // They are large: their names are sorted first.
    all.sort_by_cached_key(|destination| destination.name.clone());
    all.dedup_by(|later, first| later.name == first.name);
    all
}

/// A waypoint's own clusters of a Service that it serves.
fn inbound<'m>(scope: Scope<'m>, hosts: &Hosts<'m>, id: ServiceId, all: &mut Vec<Destination<'m>>) {
    let Some(service) = scope.mesh.services.get(id) else { return };
    let host = hosts.of_served(id);
    let rule = host.and_then(|host| host.rule);
    for port in &service.ports {
        let protocol = port.protocol;
        let dynamic = service.resolution == Resolution::DynamicDns;
        let on_demand = protocol == Protocol::Http
            || (protocol == Protocol::Tls
                && scope.mesh.options.features.enable_wildcard_host_service_entries_for_tls);
        if protocol == Protocol::Udp || (dynamic && !on_demand) {
            continue;
        }
        let tcp = (protocol.is_unsupported() || protocol.is_tcp()).then_some("tcp");
        let http = (protocol.is_unsupported() || protocol.is_http()).then_some("http");
        for family in [tcp, http].into_iter().flatten() {
            for subset in subsets(rule) {
                let policy = rule
                    .filter(|_| scope.rules.clusters.inbound_policy)
                    .and_then(|rule| merged(rule, subset, port));
                let discovery = if scope.rules.clusters.inbound_resolution {
                    discovery(scope, service)
                } else {
                    Discovery::Eds
                };
                let direction = Direction::InboundVip;
                let name = name(direction, service, port, &subset_key(family, subset));
                all.push(Destination {
                    name,
                    direction,
                    id,
                    service,
                    port,
                    family,
                    subset,
                    rule,
                    host,
                    policy,
                    discovery,
                });
            }
        }
    }
}

/// The clusters of a Service that other proxies serve, or none.
fn outbound<'m>(scope: Scope<'m>, hosts: &Hosts<'m>, id: ServiceId, all: &mut Vec<Destination<'m>>) {
    let Some(service) = scope.mesh.services.get(id) else { return };
    let host = hosts.get(&service.hostname);
    let rule = host.and_then(|host| host.client_rule);
    let dynamic = service.resolution == Resolution::DynamicDns;
    for (position, port) in ports(scope, service).into_iter().enumerate() {
        let resolvable =
            [Protocol::Http, Protocol::Tls, Protocol::Grpc, Protocol::Http2].contains(&port.protocol);
        if port.protocol == Protocol::Udp
            || service.resolution == Resolution::Alias
            || (dynamic && !(resolvable && scope.rules.clusters.wildcard_destinations))
            // The endpoints of all ports are in the cluster of the first.
            || (!dynamic && service.one_port && position > 0)
        {
            continue;
        }
        let mut base = discovery(scope, service);
        for subset in subsets(rule).filter(|subset| !dynamic || subset.is_none()) {
            let policy = rule.and_then(|rule| merged(rule, subset, port));
            let (direction, family) = (Direction::Outbound, "");
            let name = name(direction, service, port, &subset_key(family, subset));
            let own =
                subset.and_then(|subset| subset.traffic_policy.as_ref()?.load_balancer.as_ref()?.simple);
            let discovery = if own == Some(SimpleLb::Passthrough) { Discovery::OriginalDst } else { base };
            let destination = Destination {
                name,
                direction,
                id,
                service,
                port,
                family,
                subset,
                rule,
                host,
                policy,
                discovery,
            };
            if subset.is_none() && destination.passes_through() {
                // Subsets are found as the destination is, even where they have a load balancing of their
                // own.
                base = Discovery::OriginalDst;
            }
            all.push(destination);
        }
    }
}

fn subsets(rule: Option<&MergedRule>) -> impl Iterator<Item = Option<&Subset>> {
    std::iter::once(None).chain(rule.into_iter().flat_map(|rule| rule.spec.subsets.iter().map(Some)))
}

fn merged<'m>(rule: &'m MergedRule, subset: Option<&'m Subset>, port: &Port) -> Option<PortPolicy<'m>> {
    let policy: fn(&Subset) -> Option<&TrafficPolicy> = |subset| subset.traffic_policy.as_ref();
    PortPolicy::merged(rule.spec.traffic_policy.as_ref(), subset.and_then(policy), port.number)
}

fn name(direction: Direction, service: &Service, port: &Port, subset: &str) -> String {
    ClusterName { direction, port: port.number, subset, hostname: &service.hostname }.into_string()
}

/// How a Service's endpoints are found.
fn discovery(scope: Scope<'_>, service: &Service) -> Discovery {
    let features = &scope.mesh.options.features;
    match service.resolution {
        Resolution::Passthrough
            if service.is_kubernetes() && features.pilot_enable_eds_for_headless_services =>
        {
            Discovery::Eds
        }
        Resolution::DynamicDns => Discovery::DynamicForwardProxy,
        Resolution::ClientSideLb | Resolution::Alias => Discovery::Eds,
        Resolution::DnsLb if races_connections(scope, service) => Discovery::LogicalDns,
        Resolution::DnsLb => Discovery::StrictDns,
        Resolution::DnsRoundRobinLb => Discovery::LogicalDns,
        Resolution::Passthrough => Discovery::OriginalDst,
    }
}

/// The ports of a host that this waypoint sees under a Service: also those of other ServiceEntries for the
/// same host that are alike in everything else.
fn ports<'m>(scope: Scope<'m>, service: &'m Service) -> Vec<&'m Port> {
    let mut ports: Vec<&Port> = service.ports.iter().collect();
    if !scope.rules.clusters.merges_ports || service.is_kubernetes() {
        return ports;
    }
    let services = &scope.mesh.services;
    let alike = |other: &&Service| {
        !other.is_kubernetes()
            && (&other.namespace, other.resolution) == (&service.namespace, service.resolution)
            && (&other.labels, &other.selector) == (&service.labels, &service.selector)
            && other.export_to == service.export_to
    };
    for other in
        services.with_hostname(&service.hostname).iter().filter_map(|id| services.get(*id)).filter(alike)
    {
        for port in &other.ports {
            if ports.iter().all(|known| known.number != port.number) {
                ports.push(port);
            }
        }
    }
    ports
}
