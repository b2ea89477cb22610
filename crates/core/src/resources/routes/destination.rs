//! Which cluster a destination of a route is.

use crate::mesh::destination_rule::MergedRule;
use crate::mesh::{Protocol, Service};
use crate::resources::Scope;
use crate::resources::names::{ClusterName, Direction};
use crate::rules::UnservedDestination;
use crate::snapshot::networking::virtual_service::Destination;

/// The cluster's name for a destination without a host: a backend of a Gateway API route that may not be referenced.
/// There is no such cluster, so that Envoy answers with `clusterNotFoundResponseCode`.
const UNKNOWN: &str = "UnknownService";

/// What the mesh knows of a destination's host.
#[derive(Clone, Copy)]
pub(super) struct Host<'m> {
    /// The Service that the waypoint means by it.
    pub(super) service: Option<&'m Service>,
    /// Whether the waypoint serves it.
    served: bool,
    /// What the waypoint is told of it as a client, in releases whose routes ask for that.
    pub(super) rule: Option<&'m MergedRule>,
}

impl<'m> Host<'m> {
    /// Looks a hostname up.
    pub(super) fn new(scope: Scope<'m>, hostname: &str) -> Self {
        let service = scope.visible_service(hostname).map(|(_, service)| service);
        Self {
            service,
            served: service.is_some_and(|service| scope.serves_host(&service.hostname)),
            rule: service
                .filter(|_| scope.rules.routes.hash_policies)
                .and_then(|service| scope.client_rule(service)),
        }
    }
}

/// The name of the cluster for a destination of a route on `listener_port`.
///
/// The port is the destination's, else the Service's only one, else the listener's. What this waypoint serves, and
/// what nobody knows, is one of its own clusters; anything else is an outbound one.
pub(super) fn cluster_name(
    scope: Scope<'_>,
    destination: &Destination,
    host: Host<'_>,
    listener_port: u32,
) -> String {
    let rules = &scope.rules.routes;
    if destination.host.is_empty() && rules.unknown_service {
        return UNKNOWN.to_owned();
    }
    let Host { service, served, .. } = host;
    let port = match (&destination.port, service.map(|s| s.ports.as_slice())) {
        (Some(port), _) => port.number,
        (None, Some([only])) => only.number,
        (None, _) => listener_port,
    };
    let outbound = service.is_some_and(|service| {
        let external = rules.unserved == UnservedDestination::OrMeshExternal && service.mesh_external;
        external || !served
    });
    let subset;
    let (direction, subset) = if outbound {
        (Direction::Outbound, destination.subset.as_str())
    } else {
        subset = own_subset(protocol(scope, service, port), &destination.subset);
        (Direction::InboundVip, subset.as_str())
    };
    ClusterName { direction, port, subset, hostname: &destination.host }.into_string()
}

/// The family of protocols that a waypoint's cluster names instead of a subset: `http`, `http/v1`.
fn own_subset(protocol: &str, subset: &str) -> String {
    if subset.is_empty() { protocol.to_owned() } else { [protocol, "/", subset].concat() }
}

/// Where the port has no cluster for HTTP, it is the one for TCP. Istio does not find UDP ports by their number.
fn protocol(scope: Scope<'_>, service: Option<&Service>, number: u32) -> &'static str {
    let mut ports =
        service.filter(|_| scope.rules.routes.clusters_by_protocol).into_iter().flat_map(|s| &s.ports);
    match ports.find(|port| port.number == number && port.protocol != Protocol::Udp) {
        Some(port) if !port.protocol.is_http() && !port.protocol.is_unsupported() => "tcp",
        _ => "http",
    }
}
