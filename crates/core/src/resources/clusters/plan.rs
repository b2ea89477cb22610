//! Which clusters a waypoint has for destinations, before any message is made.
//!
//! Both CDS and EDS start from this list: a cluster and its endpoints never disagree about what they are for.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use envoy::config::cluster::v3::cluster::DiscoveryType;

use crate::mesh::destination_rule::{MergedRule, PortPolicy};
use crate::mesh::service::ServiceSource;
use crate::mesh::{Port, Protocol, Resolution, Service, ServiceId};
use crate::plan::envoy_filters::referenced_services;
use crate::plan::host::{Host, Hosts};
use crate::resources::Scope;
use crate::resources::names::{ClusterName, Direction};
use crate::snapshot::mesh_config::ExtensionProvider;
use crate::snapshot::networking::destination_rule::{SimpleLb, Subset, TrafficPolicy};

/// A cluster that leads to a Service.
#[derive(Clone, Debug)]
pub(crate) struct Plan<'m> {
    /// Its name.
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
    pub(super) family: &'static str,
    /// The subset of the DestinationRule; none = the destination as a whole.
    pub(super) subset: Option<&'m Subset>,
    /// The DestinationRule.
    pub(super) rule: Option<&'m MergedRule>,
    /// What the waypoint means by the Service's hostname.
    pub(super) host: Option<Host<'m>>,
    /// What that says about this port and subset.
    pub(super) policy: Option<PortPolicy<'m>>,
    /// How its endpoints are found, unless load balancing passes requests through.
    pub(super) discovery: Discovery,
}

/// How a cluster's endpoints are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Discovery {
    /// In one of Envoy's own ways.
    Type(DiscoveryType),
    /// By the name that each request asks for.
    DynamicForwardProxy,
}

impl Plan<'_> {
    /// The subset as the cluster's name and metadata have it: `http/v1`, `http`, `v1`, or nothing.
    pub(super) fn subset_key(&self) -> Cow<'_, str> {
        subset_key(self.family, self.subset)
    }

    /// Whether its endpoints come by EDS.
    pub(super) fn is_eds(&self) -> bool {
        self.discovery == Discovery::Type(DiscoveryType::Eds) && !self.passes_through()
    }

    /// Whether load balancing passes requests through to the address that the client called.
    fn passes_through(&self) -> bool {
        self.policy.and_then(|policy| policy.load_balancer?.simple) == Some(SimpleLb::Passthrough)
    }
}

fn subset_key<'a>(family: &'a str, subset: Option<&'a Subset>) -> Cow<'a, str> {
    match subset {
        Some(subset) if family.is_empty() => Cow::Borrowed(&subset.name),
        Some(subset) => Cow::Owned([family, &subset.name].join("/")),
        None => Cow::Borrowed(family),
    }
}

/// The clusters for destinations, by name. Of two with the same name the first counts.
pub(crate) fn plan<'m>(scope: &Scope<'m>) -> Vec<Plan<'m>> {
    let hosts = Hosts::new(*scope);
    let mut plans = Vec::with_capacity(scope.waypoint.services.len());
    for &id in &scope.waypoint.services {
        inbound(scope, &hosts, id, &mut plans);
    }
    for id in outbound_services(scope) {
        outbound(scope, &hosts, id, &mut plans);
    }
    // Plans are large: their names are sorted first.
    plans.sort_by_cached_key(|plan| plan.name.clone());
    plans.dedup_by(|later, first| later.name == first.name);
    plans
}

/// A waypoint's own clusters of a Service that it serves.
fn inbound<'m>(scope: &Scope<'m>, hosts: &Hosts<'m>, id: ServiceId, plans: &mut Vec<Plan<'m>>) {
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
                    discovery(service)
                } else {
                    Discovery::Type(DiscoveryType::Eds)
                };
                let direction = Direction::InboundVip;
                let name = name(direction, service, port, &subset_key(family, subset));
                plans.push(Plan {
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
fn outbound<'m>(scope: &Scope<'m>, hosts: &Hosts<'m>, id: ServiceId, plans: &mut Vec<Plan<'m>>) {
    let Some(service) = scope.mesh.services.get(id) else { return };
    let host = hosts.get(&service.hostname);
    let rule = host.and_then(|host| host.client_rule);
    let dynamic = service.resolution == Resolution::DynamicDns && service.hostname.starts_with('*');
    for port in ports(scope, service) {
        let resolvable =
            [Protocol::Http, Protocol::Tls, Protocol::Grpc, Protocol::Http2].contains(&port.protocol);
        if port.protocol == Protocol::Udp
            || service.resolution == Resolution::Alias
            || (dynamic && !(resolvable && scope.rules.clusters.wildcard_destinations))
        {
            continue;
        }
        let mut base = discovery(service);
        for subset in subsets(rule).filter(|subset| !dynamic || subset.is_none()) {
            let policy = rule.and_then(|rule| merged(rule, subset, port));
            let (direction, family) = (Direction::Outbound, "");
            let name = name(direction, service, port, &subset_key(family, subset));
            let own =
                subset.and_then(|subset| subset.traffic_policy.as_ref()?.load_balancer.as_ref()?.simple);
            let discovery = if own == Some(SimpleLb::Passthrough) { ORIGINAL_DST } else { base };
            let plan =
                Plan { name, direction, id, service, port, family, subset, rule, host, policy, discovery };
            if subset.is_none() && plan.passes_through() {
                // Subsets are found as the destination is, even where they have a load balancing of their own.
                base = ORIGINAL_DST;
            }
            plans.push(plan);
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

const ORIGINAL_DST: Discovery = Discovery::Type(DiscoveryType::OriginalDst);

/// How a Service's endpoints are found.
fn discovery(service: &Service) -> Discovery {
    Discovery::Type(match service.resolution {
        Resolution::DynamicDns => return Discovery::DynamicForwardProxy,
        Resolution::ClientSideLb | Resolution::Alias => DiscoveryType::Eds,
        Resolution::DnsLb if races_connections(service) => DiscoveryType::LogicalDns,
        Resolution::DnsLb => DiscoveryType::StrictDns,
        Resolution::DnsRoundRobinLb => DiscoveryType::LogicalDns,
        Resolution::Passthrough => DiscoveryType::OriginalDst,
    })
}

/// Whether connections to all resolved addresses are tried at once.
pub(super) fn races_connections(service: &Service) -> bool {
    let ServiceSource::ServiceEntry(object) = &service.source else { return false };
    let strategy = object.meta.annotations.get("istio.io/connect-strategy");
    strategy.is_some_and(|strategy| strategy.eq_ignore_ascii_case("RACE_FIRST_TCP_CONNECT"))
}

/// The ports of a host that this waypoint sees under a Service: also those of other ServiceEntries for the same host
/// that are alike in everything else.
pub(super) fn ports<'m>(scope: &Scope<'m>, service: &'m Service) -> Vec<&'m Port> {
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

/// The subset's name as rules know it.
pub(super) fn subset_name<'m>(plan: &Plan<'m>) -> &'m str {
    match plan.subset {
        Some(subset) => &subset.name,
        // An accident: a subset that is called like the protocol family also chooses the whole destination's
        // endpoints.
        None => plan.family,
    }
}

/// The Services that this waypoint needs outbound clusters of: what the routes of its own Services lead to and it does
/// not serve itself (or lies outside the mesh), and what extension providers and EnvoyFilters name.
fn outbound_services(scope: &Scope<'_>) -> BTreeSet<ServiceId> {
    let mesh = scope.mesh;
    let namespace = scope.waypoint.name.namespace.as_str();
    let served: BTreeMap<&str, &Service> = (scope.waypoint.services.iter())
        .filter_map(|id| mesh.services.get(*id))
        .map(|service| (service.hostname.as_str(), service))
        .collect();
    let referenced =
        served.keys().flat_map(|host| mesh.virtual_services.references(host)).map(|host| host.as_str());
    let elsewhere = referenced.filter(|host| served.get(host).is_none_or(|service| service.mesh_external));
    let found = elsewhere.filter_map(|host| mesh.services.visible(host, namespace));
    found.chain(named_services(scope)).collect()
}

/// The Services that the mesh's extension providers and the waypoint's EnvoyFilters name: `host` or `namespace/host`.
fn named_services(scope: &Scope<'_>) -> Vec<ServiceId> {
    if !scope.rules.clusters.provider_clusters {
        return Vec::new();
    }
    let client = scope.waypoint.name.namespace.as_str();
    let services = &scope.mesh.services;
    let providers = scope.mesh.config.extension_providers.iter().filter_map(provider_service);
    let names = providers.chain(referenced_services(scope));
    names
        .filter_map(|name| match name.split_once('/') {
            None => services.visible(name, client),
            Some((namespace, host)) => services
                .visible(host, client)
                .filter(|id| services.get(*id).is_some_and(|s| s.namespace == namespace)),
        })
        .collect()
}

/// The Service that a provider names.
fn provider_service(provider: &ExtensionProvider) -> Option<&str> {
    let service = None
        .or(provider.envoy_ext_authz_http.as_ref().map(|p| &p.service))
        .or(provider.envoy_ext_authz_grpc.as_ref().map(|p| &p.service))
        .or(provider.zipkin.as_ref().map(|p| &p.service))
        .or(provider.datadog.as_ref().map(|p| &p.service))
        .or(provider.skywalking.as_ref().map(|p| &p.service))
        .or(provider.opentelemetry.as_ref().map(|p| &p.service))
        .or(provider.envoy_http_als.as_ref().map(|p| &p.service))
        .or(provider.envoy_tcp_als.as_ref().map(|p| &p.service))
        .or(provider.envoy_otel_als.as_ref().map(|p| &p.service))
        .or(provider.sds.as_ref().map(|p| &p.service));
    service.map(|service| service.as_str())
}
