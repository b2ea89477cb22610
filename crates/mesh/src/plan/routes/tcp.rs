//! Where TCP connections go: `tls` and `tcp` rules of VirtualServices, TLSRoutes and TCPRoutes (since 1.27),
//! and what a DestinationRule says of them.

use super::Routed;
use crate::Str;
use crate::mesh::virtual_service::{MESH_GATEWAY, VirtualService};
use crate::mesh::{Resolution, Service};
use crate::plan::host::destination::cluster_name;
use crate::snapshot::networking::DestinationRule;
use crate::snapshot::networking::destination_rule::{TrafficPolicy, TunnelSettings};
use crate::snapshot::networking::virtual_service::{L4MatchAttributes, RouteDestination, TlsMatchAttributes};
use crate::snapshot::{Cause, Duration, FieldPath, Kind};

/// Where the connections of a chain go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TcpRoute<'m> {
    /// The clusters that a rule leads to; none = the chain's own.
    pub to: Option<TcpDestinations>,
    /// When idle connections are closed.
    pub idle_timeout: Option<Duration>,
    /// How long a connection may last.
    pub max_connection_duration: Option<Duration>,
    /// Whether connections are spread by the client's address.
    pub hashes_source_ip: bool,
    /// The tunnel in which connections are sent on.
    pub tunnel: Option<&'m TunnelSettings>,
    /// Whether the host that a TLS client names is resolved: for wildcard hosts.
    pub resolves_sni: bool,
    /// The DestinationRule's subset and policy, and the rule that leads elsewhere.
    pub(crate) causes: Vec<Cause>,
}

/// The clusters of a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum TcpDestinations {
    /// One.
    Single(String),
    /// Several, each with its share: without those that get nothing.
    Weighted(Vec<(String, u32)>),
}

impl<'m> TcpRoute<'m> {
    /// That of a port of a Service.
    pub(in crate::plan) fn of_port(routed: &Routed<'_, 'm>, port: u32) -> Self {
        if !routed.scope.rules.listeners.tcp_routing {
            return Self::default();
        }
        let rule = Rule::find(routed, port);
        let destinations = rule.as_ref().map_or(&[][..], |rule| rule.route);
        let first = destinations.first().map(|to| to.destination.as_ref());
        // A destination elsewhere is resolved as its own host; one without a host, which admission has
        // refused, as none.
        let hostname = first.map_or(routed.service.hostname.as_str(), |to| to.map_or("", |to| &to.host));
        // A subset only counts where it is the only destination.
        let subset = match destinations {
            [only] => only.destination.as_ref().map_or("", |to| to.subset.as_str()),
            _ => "",
        };
        let mut out = Self::governed(routed, hostname, subset);
        let on_demand = routed.service.resolution == Resolution::DynamicDns;
        out.resolves_sni = on_demand && hostname.starts_with('*');
        if let Some(rule) = rule {
            out.to = Some(TcpDestinations::new(routed, rule.route, port));
            out.causes.extend(rule.cause());
        }
        out
    }

    /// What the DestinationRule of the first destination says: several share the settings of one TCP proxy.
    fn governed(routed: &Routed<'_, 'm>, hostname: &str, subset: &str) -> Self {
        // A Service that the waypoint's namespace doesn't see has no rule, though it is served.
        let Some(rule) = routed.host(hostname).and_then(|host| host.client_rule) else {
            return Self::default();
        };
        let policy = rule.spec.traffic_policy.as_ref();
        let pool = policy.and_then(|policy| policy.connection_pool.as_ref());
        let tcp = pool.and_then(|pool| pool.tcp.as_ref());
        let own = rule.cause_of_subset(subset).cloned();
        Self {
            idle_timeout: tcp.and_then(|tcp| tcp.idle_timeout),
            max_connection_duration: tcp.and_then(|tcp| tcp.max_connection_duration),
            hashes_source_ip: hashes_source_ip(&rule.spec, subset),
            tunnel: tunnel(&rule.spec, subset),
            causes: own.into_iter().chain(rule.causes().iter().cloned()).collect(),
            ..Self::default()
        }
    }
}

impl TcpDestinations {
    fn new(routed: &Routed<'_, '_>, route: &[RouteDestination], port: u32) -> Self {
        let cluster = |to: &RouteDestination| {
            let name = |to| cluster_name(&routed.scope.rules.routes, to, routed.host(&to.host), port);
            to.destination.as_ref().map(name).unwrap_or_default()
        };
        if let [only] = route {
            return Self::Single(cluster(only));
        }
        let weighted = route.iter().filter_map(|to| Some((to, u32::try_from(to.weight).ok()?)));
        let weighted = weighted.filter(|(_, weight)| *weight > 0);
        Self::Weighted(weighted.map(|(to, weight)| (cluster(to), weight)).collect())
    }
}

/// The rule that takes the connections of a port.
struct Rule<'m> {
    virtual_service: &'m VirtualService,
    list: &'static str,
    position: usize,
    route: &'m [RouteDestination],
}

impl<'m> Rule<'m> {
    /// TLS rules come before TCP rules, and the first that matches is taken
    /// (<https://gateway-api.sigs.k8s.io/geps/gep-1294/#route-types>).
    fn find(routed: &Routed<'_, 'm>, port: u32) -> Option<Self> {
        let hostname = &routed.service.hostname;
        let all = routed.virtual_services.iter().copied();
        let tls = all.clone().filter_map(|vs| {
            let (position, rule) = vs.tls.iter().enumerate().find(|(_, rule)| {
                rule.matches.is_empty() || rule.matches.iter().any(|m| tls_applies(m, hostname, port))
            })?;
            Some(Self { virtual_service: vs, list: "spec.tls[]", position, route: &rule.route })
        });
        let tcp = all.filter_map(|vs| {
            let (position, rule) = vs.tcp.iter().enumerate().find(|(_, rule)| {
                rule.matches.is_empty() || rule.matches.iter().any(|m| tcp_applies(m, port))
            })?;
            Some(Self { virtual_service: vs, list: "spec.tcp[]", position, route: &rule.route })
        });
        tls.chain(tcp).next()
    }

    /// Where it stands. What a route of the Gateway API becomes has as many rules as that.
    fn cause(&self) -> Option<Cause> {
        let object = self.virtual_service.origins.first()?.clone();
        let list = if object.kind == Kind::VirtualService { self.list } else { "spec.rules[]" };
        Some(Cause::new(object, FieldPath::at(list, [self.position])))
    }
}

/// Whether a rule of a VirtualService takes the connections of a port.
pub(super) fn takes(virtual_service: &VirtualService, service: &Service, port: u32) -> bool {
    let tls = virtual_service.tls.iter().any(|rule| {
        rule.matches.is_empty() || rule.matches.iter().any(|m| tls_applies(m, &service.hostname, port))
    });
    let mut tcp = virtual_service.tcp.iter();
    tls || tcp.any(|rule| rule.matches.is_empty() || rule.matches.iter().any(|m| tcp_applies(m, port)))
}

/// A waypoint does not look at the name that a client asks for in TLS: a match counts only if it names the
/// Service itself and nothing else.
fn tls_applies(m: &TlsMatchAttributes, hostname: &str, port: u32) -> bool {
    matches!(m.sni_hosts.as_slice(), [only] if only == hostname)
        && caller_applies(&m.gateways, m.source_labels.is_empty(), &m.source_namespace)
        && (m.port == 0 || m.port == port)
}

fn tcp_applies(m: &L4MatchAttributes, port: u32) -> bool {
    caller_applies(&m.gateways, m.source_labels.is_empty(), &m.source_namespace)
        && (m.port == 0 || m.port == port)
}

/// Nothing is known of the caller, so whatever asks for one does not match.
fn caller_applies(gateways: &[Str], no_labels: bool, namespace: &str) -> bool {
    (gateways.is_empty() || gateways.iter().any(|g| g == MESH_GATEWAY)) && no_labels && namespace.is_empty()
}

/// The traffic policy of a subset.
fn subset_policy<'r>(rule: &'r DestinationRule, subset: &str) -> Option<&'r TrafficPolicy> {
    rule.subsets.iter().find(|s| s.name == subset)?.traffic_policy.as_ref()
}

/// Whether connections are spread by the client's address; a subset's load balancer counts instead of the
/// rule's.
fn hashes_source_ip(rule: &DestinationRule, subset: &str) -> bool {
    let of = |policy: Option<&'_ TrafficPolicy>| policy.and_then(|p| p.load_balancer.clone());
    let balancer = of(subset_policy(rule, subset)).or_else(|| of(rule.traffic_policy.as_ref()));
    balancer.and_then(|b| b.consistent_hash).is_some_and(|hash| hash.use_source_ip == Some(true))
}

/// The tunnel that a rule asks for; a subset's does not fall back to the rule's.
fn tunnel<'r>(rule: &'r DestinationRule, subset: &str) -> Option<&'r TunnelSettings> {
    let policy = if subset.is_empty() { rule.traffic_policy.as_ref() } else { subset_policy(rule, subset) };
    policy?.tunnel.as_ref()
}
