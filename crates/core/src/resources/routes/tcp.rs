//! Where TCP connections go: `tls` and `tcp` rules of VirtualServices, TLSRoutes and TCPRoutes (since 1.27).

use super::destination::{self, Host};
use super::virtual_services;
use crate::Str;
use crate::mesh::virtual_service::{MESH_GATEWAY, VirtualService};
use crate::mesh::{Service, ServiceId};
use crate::resources::Scope;
use crate::snapshot::networking::virtual_service::{L4MatchAttributes, RouteDestination, TlsMatchAttributes};
use crate::snapshot::{Cause, FieldPath, Kind};

/// Where the connections of one port go instead of its own cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct TcpRoute {
    /// The destinations, in order; at least one. With several, those of weight 0 get nothing.
    pub destinations: Vec<TcpDestination>,
    /// The rule that made the route.
    pub cause: Option<Cause>,
}

/// One destination of a [`TcpRoute`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpDestination {
    /// The cluster's name.
    pub cluster: String,
    /// Its share of the connections.
    pub weight: u32,
    /// The destination's host: the first one's DestinationRule has the settings that all share.
    pub host: Str,
    /// The destination's subset.
    pub subset: Str,
}

/// The destinations for a port of a Service. TLS rules come before TCP rules, and the first that matches is taken
/// (<https://gateway-api.sigs.k8s.io/geps/gep-1294/#route-types>). None: the port's own cluster.
#[must_use]
pub fn tcp_destinations(scope: Scope<'_>, service: ServiceId, port: u32) -> Option<TcpRoute> {
    if !scope.rules.listeners.tcp_routing {
        return None;
    }
    let service = scope.mesh.services.get(service)?;
    let all = virtual_services(scope, service);
    let tls = all.iter().flat_map(|vs| {
        let rules = vs.tls.iter().enumerate().filter(|(_, rule)| {
            rule.matches.is_empty() || rule.matches.iter().any(|m| tls_applies(m, &service.hostname, port))
        });
        rules.take(1).map(|(i, rule)| ((*vs, "spec.tls[]", i), rule.route.as_slice()))
    });
    let tcp = all.iter().flat_map(|vs| {
        let rules =
            vs.tcp.iter().enumerate().filter(|(_, rule)| {
                rule.matches.is_empty() || rule.matches.iter().any(|m| tcp_applies(m, port))
            });
        rules.take(1).map(|(i, rule)| ((*vs, "spec.tcp[]", i), rule.route.as_slice()))
    });
    let ((virtual_service, list, position), route) = tls.chain(tcp).find(|(_, route)| !route.is_empty())?;
    let destinations = route.iter().map(|to| tcp_destination(scope, to, port)).collect();
    Some(TcpRoute { destinations, cause: cause(virtual_service, list, position) })
}

/// Whether a rule of a VirtualService takes the connections of a port.
pub(super) fn takes(virtual_service: &VirtualService, service: &Service, port: u32) -> bool {
    let tls = virtual_service.tls.iter().any(|rule| {
        rule.matches.is_empty() || rule.matches.iter().any(|m| tls_applies(m, &service.hostname, port))
    });
    let mut tcp = virtual_service.tcp.iter();
    tls || tcp.any(|rule| rule.matches.is_empty() || rule.matches.iter().any(|m| tcp_applies(m, port)))
}

/// The rule at a position of a list. What a route of the Gateway API becomes has as many rules as that.
fn cause(virtual_service: &VirtualService, list: &'static str, position: usize) -> Option<Cause> {
    let object = virtual_service.origins.first()?.clone();
    let list = if object.kind == Kind::VirtualService { list } else { "spec.rules[]" };
    Some(Cause::new(object, FieldPath::at(list, [position])))
}

fn tcp_destination(scope: Scope<'_>, to: &RouteDestination, port: u32) -> TcpDestination {
    let weight = u32::try_from(to.weight).unwrap_or_default();
    match &to.destination {
        Some(to) => TcpDestination {
            cluster: destination::cluster_name(scope, to, Host::new(scope, &to.host), port),
            weight,
            host: to.host.clone(),
            subset: to.subset.clone(),
        },
        // Admission has refused a destination that is missing.
        None => {
            TcpDestination { cluster: String::new(), weight, host: Str::default(), subset: Str::default() }
        }
    }
}

/// A waypoint does not look at the name that a client asks for in TLS: a match counts only if it names the Service
/// itself and nothing else.
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
