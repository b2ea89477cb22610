//! Which cluster a destination of a route is.

use super::Host;
use crate::mesh::{Protocol, Service};
use crate::plan::names::{ClusterName, Direction};
use crate::rules::{RouteRules, UnservedDestination};
use crate::snapshot::networking::virtual_service::Destination;

/// The cluster's name for a destination without a host: a backend of a Gateway API route that may not be
/// referenced. There is no such cluster, so that Envoy answers with `clusterNotFoundResponseCode`.
const UNKNOWN: &str = "UnknownService";

/// The name of the cluster for a destination of a route on `listener_port`; `host` is what the waypoint means
/// by the destination's host.
///
/// The port is the destination's, else the Service's only one, else the listener's. What this waypoint
/// serves, and what nobody knows, is one of its own clusters; anything else is an outbound one.
pub(crate) fn cluster_name(
    rules: &RouteRules,
    destination: &Destination,
    host: Option<Host<'_>>,
    listener_port: u32,
) -> String {
    if destination.host.is_empty() && rules.unknown_service {
        return UNKNOWN.to_owned();
    }
    let service = host.map(|host| host.service);
    let port = match (&destination.port, service.map(|service| service.ports.as_slice())) {
        (Some(port), _) => port.number,
        (None, Some([only])) => only.number,
        (None, _) => listener_port,
    };
    let outbound = host.is_some_and(|Host { service, served, .. }| {
        let external = rules.unserved == UnservedDestination::OrMeshExternal && service.mesh_external;
        external || !served
    });
    let subset;
    let (direction, subset) = if outbound {
        (Direction::Outbound, destination.subset.as_str())
    } else {
        subset = own_subset(family(rules, service, port), &destination.subset);
        (Direction::InboundVip, subset.as_str())
    };
    ClusterName { direction, port, subset, hostname: &destination.host }.into_string()
}

/// What a waypoint's own cluster names instead of a subset: `http`, `http/v1`.
fn own_subset(family: &str, subset: &str) -> String {
    if subset.is_empty() { family.to_owned() } else { [family, "/", subset].concat() }
}

/// The family of protocols of a port: where it has no cluster for HTTP, it is the one for TCP. Istio does not
/// find UDP ports by their number.
fn family(rules: &RouteRules, service: Option<&Service>, number: u32) -> &'static str {
    let mut ports = service.filter(|_| rules.clusters_by_protocol).into_iter().flat_map(|s| &s.ports);
    match ports.find(|port| port.number == number && port.protocol != Protocol::Udp) {
        Some(port) if !port.protocol.is_http() && !port.protocol.is_unsupported() => "tcp",
        _ => "http",
    }
}
