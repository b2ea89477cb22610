//! Clusters, and the endpoints that may be picked.
//!
//! Source: [load balancing](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancing).

use std::net::{IpAddr, SocketAddr};

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::{ClusterDiscoveryType, DiscoveryType};
use envoy::config::core::v3::TransportSocket;
use envoy::config::core::v3::address::Address as AddressKind;
use envoy::config::core::v3::socket_address::PortSpecifier;
use envoy::config::core::v3::transport_socket::ConfigType;
use envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy::extensions::transport_sockets::internal_upstream::v3::InternalUpstreamTransport;
use envoy::extensions::transport_sockets::proxy_protocol::v3::ProxyProtocolUpstreamTransport;
use envoy::extensions::transport_sockets::tls::v3::UpstreamTlsContext;

use super::balance::choose;
use super::connection::Connection;
use super::outcome::{Decision, Outcome, Picked, Place, Target};
use super::walk::{Flow, Walk};
use super::ztunnel;
use crate::mesh::{Mesh, Waypoint};
use crate::opened::{OpenedEndpoint, endpoints};
use crate::resources::names::INNER_CONNECT_ORIGINATE;
use crate::resources::{Resource, WaypointResources};
use crate::snapshot::Cause;

/// How a walk ends at a cluster that takes nothing.
pub(super) struct Ends<'e> {
    pub(super) missing: &'e dyn Fn(&str) -> Outcome,
    pub(super) unhealthy: &'e dyn Fn(&str) -> Outcome,
}

/// Walks to the clusters that a request may go to, and on to the destinations.
pub(super) fn walk(
    walk: &mut Walk<'_>,
    waypoint: &Waypoint,
    resources: &WaypointResources,
    clusters: &[(String, f64)],
    connection: &Connection,
    ends: &Ends<'_>,
) -> Flow {
    let mut left = 1.0;
    let mut last = None;
    let mut tunnelled = Vec::new();
    let mut reached: Vec<Target> = Vec::new();
    for (name, odds) in clusters.iter().filter(|(_, odds)| *odds > 0.0) {
        let (target, found) = picked(walk.mesh, resources, name, *odds, Some(connection));
        let decision =
            if target.endpoints.is_empty() && !found.elsewhere { Decision::Failed } else { Decision::Taken };
        walk.step(Place::Waypoint, "cluster", decision, told(&target, &found))
            .of(name, "")
            .because(found.causes);
        let end = match (found.exists, target.endpoints.is_empty() && !found.elsewhere) {
            (false, _) => Some((ends.missing)(name)),
            (true, true) => Some((ends.unhealthy)(name)),
            (true, false) => None,
        };
        match end {
            Some(outcome) => {
                // Among what is left, so likely.
                let share = if left > 0.0 { (odds / left).min(1.0) } else { 1.0 };
                left -= odds;
                if left <= 1e-9 || share >= 1.0 {
                    last = Some(outcome);
                } else {
                    walk.by_chance(share, outcome);
                }
            }
            None => {
                tunnelled.extend(found.tunnelled);
                if found.elsewhere {
                    walk.caveat(format!("the addresses behind {name} are not known from files"));
                }
                reached.push(target);
            }
        }
    }
    walk.destinations = reached;
    if let Some(outcome) = last.filter(|_| walk.destinations.is_empty()) {
        return Flow::Break(outcome);
    }
    let identity = format!(
        "spiffe://{}/ns/{}/sa/{}",
        walk.mesh.config.trust_domain, waypoint.name.namespace, waypoint.proxy.service_account
    );
    let address = waypoint.proxy.addresses.first().copied();
    let peer = move |endpoint: &str| ztunnel::Peer {
        identity: tunnelled.iter().any(|other| other == endpoint).then(|| identity.clone()),
        address,
    };
    Flow::Break(ztunnel::walk(walk, &peer))
}

/// What else is known of a cluster.
struct Known {
    exists: bool,
    /// Its addresses are found out when it is used.
    elsewhere: bool,
    /// The endpoints to which tunnels lead.
    tunnelled: Vec<String>,
    causes: Vec<Cause>,
    total: usize,
}

fn told(target: &Target, known: &Known) -> String {
    let name = &target.cluster;
    if !known.exists {
        return format!("there is no cluster {name}");
    }
    let tls = target.tls.as_ref().map(|tls| format!(", by {tls}")).unwrap_or_default();
    if known.elsewhere {
        return format!("{name}: its addresses are found out when it is used{tls}");
    }
    let odds = match target.probability {
        all if all >= 1.0 => String::new(),
        odds => format!(" ({})", super::action::percent(odds)),
    };
    let addresses: Vec<&str> =
        target.endpoints.iter().map(|endpoint| endpoint.address.as_str()).take(5).collect();
    let more = target.endpoints.len().saturating_sub(addresses.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let list = if addresses.is_empty() { String::new() } else { format!(": {}{more}", addresses.join(", ")) };
    format!("{name}{odds}: {} of {} endpoints may be picked{tls}{list}", target.endpoints.len(), known.total)
}

/// A cluster as a target.
pub(super) fn target(mesh: &Mesh, resources: &WaypointResources, name: &str, odds: f64) -> Target {
    picked(mesh, resources, name, odds, None).0
}

fn picked(
    mesh: &Mesh,
    resources: &WaypointResources,
    name: &str,
    odds: f64,
    connection: Option<&Connection>,
) -> (Target, Known) {
    let (service, subset) = service(name);
    let mut target = Target {
        cluster: name.to_owned(),
        service,
        subset,
        probability: odds,
        tls: None,
        endpoints: Vec::new(),
    };
    let mut known =
        Known { exists: false, elsewhere: false, tunnelled: Vec::new(), causes: Vec::new(), total: 0 };
    let Some(Resource { message: cluster, origins }) =
        resources.clusters.iter().find(|cluster| cluster.message.name == name)
    else {
        return (target, known);
    };
    known.exists = true;
    known.causes = origins.first().map(|origin| origin.causes.clone()).unwrap_or_default();
    target.tls = cluster.transport_socket.as_ref().and_then(tls);
    if is_original(cluster) {
        known.total = 1;
        if let Some(connection) = connection {
            target.endpoints.push(at(mesh, SocketAddr::new(connection.ip, connection.port).to_string(), 1.0));
        }
        return (target, known);
    }
    let Some(assignment) = assignment(cluster, resources) else {
        known.elsewhere =
            matches!(cluster.cluster_discovery_type, Some(ClusterDiscoveryType::ClusterType(_)));
        return (target, known);
    };
    let all: Vec<OpenedEndpoint<'_>> = endpoints(assignment).collect();
    known.total = all.len();
    let mut by_socket = None;
    for (endpoint, share) in choose(cluster, assignment, &all) {
        let Some((address, in_tunnel)) = address(endpoint, connection) else { continue };
        if in_tunnel {
            known.tunnelled.push(address.clone());
        }
        by_socket = by_socket.or_else(|| matching(cluster, endpoint));
        target.endpoints.push(at(mesh, address, share));
    }
    if !cluster.transport_socket_matches.is_empty() {
        target.tls = by_socket.as_ref().or(cluster.transport_socket.as_ref()).and_then(tls);
    }
    (target, known)
}

/// The Service and the subset that a cluster's name tells.
fn service(name: &str) -> (Option<String>, Option<String>) {
    let parts: Vec<&str> = name.splitn(4, '|').collect();
    let [direction, _, subset, host] = parts.as_slice() else { return (None, None) };
    let subset = match *direction {
        // The family comes first.
        "inbound-vip" => subset.split_once('/').map_or("", |(_, subset)| subset),
        _ => subset,
    };
    (Some((*host).to_owned()), (!subset.is_empty()).then(|| subset.to_owned()))
}

fn is_original(cluster: &Cluster) -> bool {
    cluster.cluster_discovery_type == Some(ClusterDiscoveryType::Type(DiscoveryType::OriginalDst.into()))
}

fn assignment<'r>(
    cluster: &'r Cluster,
    resources: &'r WaypointResources,
) -> Option<&'r ClusterLoadAssignment> {
    if let Some(own) = &cluster.load_assignment {
        return Some(own);
    }
    let name = match &cluster.eds_cluster_config {
        Some(eds) if !eds.service_name.is_empty() => &eds.service_name,
        _ => &cluster.name,
    };
    let mut all = resources.endpoints.iter().map(|resource| &resource.message);
    all.find(|assignment| assignment.cluster_name == *name)
}

fn at(mesh: &Mesh, address: String, probability: f64) -> Picked {
    let ip = address.parse::<SocketAddr>().map(|address| address.ip()).ok();
    let of = |ip: IpAddr| mesh.workloads.with_address(ip).first().and_then(|id| mesh.workloads.get(*id));
    let workload = ip.and_then(of).map(|workload| format!("{}/{}", workload.namespace, workload.name));
    Picked { address, workload, probability }
}

/// Where an endpoint is, and whether a tunnel leads there.
fn address(endpoint: &OpenedEndpoint<'_>, connection: Option<&Connection>) -> Option<(String, bool)> {
    match endpoint.address.address.as_ref()? {
        AddressKind::SocketAddress(socket) => {
            let port = match &socket.port_specifier {
                Some(PortSpecifier::PortValue(port)) => *port,
                _ => 0,
            };
            let host = &socket.address;
            let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
            Some((format!("{host}:{port}"), false))
        }
        AddressKind::EnvoyInternalAddress(internal) => {
            let metadata = endpoint.message.metadata.as_ref();
            let told = |filter: &str, name: &str| metadata.and_then(|metadata| metadata.text(filter, name));
            let local = told("envoy.filters.listener.original_dst", "local")
                .or_else(|| told("tunnel", "destination"));
            let own = (!internal.endpoint_id.is_empty()).then(|| internal.endpoint_id.clone());
            let original = || connection.map(|to| SocketAddr::new(to.ip, to.port).to_string());
            let is_other_network = endpoint.internal_listener() == Some(INNER_CONNECT_ORIGINATE);
            let address = if is_other_network { own.or(local) } else { local.or(own) };
            Some((address.or_else(original)?, true))
        }
        AddressKind::Pipe(pipe) => Some((pipe.path.clone(), false)),
    }
}

/// The transport socket that an endpoint's metadata chooses.
fn matching(cluster: &Cluster, endpoint: &OpenedEndpoint<'_>) -> Option<TransportSocket> {
    let metadata = endpoint.message.metadata.as_ref();
    let told = metadata.and_then(|metadata| metadata.get("envoy.transport_socket_match")).unwrap_or_default();
    let fits = |wanted: &envoy::google::protobuf::Struct| {
        wanted.fields.keys().all(|key| told.fields.get(key) == wanted.fields.get(key))
    };
    let found =
        cluster.transport_socket_matches.iter().find(|socket| socket.r#match.as_ref().is_none_or(fits));
    found.and_then(|socket| socket.transport_socket.clone())
}

/// The TLS that a transport socket speaks, inside of whatever else it does.
fn tls(socket: &TransportSocket) -> Option<String> {
    let Some(ConfigType::TypedConfig(any)) = &socket.config_type else { return None };
    if let Ok(context) = envoy::unpack::<UpstreamTlsContext>(any) {
        return Some(match context.sni.as_str() {
            "" => "TLS".to_owned(),
            name => format!("TLS with server name {name}"),
        });
    }
    if let Ok(internal) = envoy::unpack::<InternalUpstreamTransport>(any) {
        return tls(internal.transport_socket.as_ref()?);
    }
    let proxied = envoy::unpack::<ProxyProtocolUpstreamTransport>(any).ok()?;
    tls(proxied.transport_socket.as_ref()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_service_and_subset() {
        let tell = |name: &str| service(name);
        let host = Some("cart.shop".to_owned());
        assert_eq!(tell("inbound-vip|80|http/v1|cart.shop"), (host.clone(), Some("v1".to_owned())));
        assert_eq!(tell("inbound-vip|80|http|cart.shop"), (host.clone(), None));
        assert_eq!(tell("outbound|80|v1|cart.shop"), (host, Some("v1".to_owned())));
        assert_eq!(tell("encap"), (None, None));
    }
}
