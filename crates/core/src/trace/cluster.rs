//! Clusters, and the endpoints that may be picked.
//!
//! Source: [load
//! balancing](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancing).

use std::net::{IpAddr, SocketAddr};

use envoy::config::cluster::v3::Cluster as Message;
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
use super::outcome::{Picked, Target};
use crate::mesh::Mesh;
use crate::opened::{OpenedEndpoint, endpoints};
use crate::resources::Resource;
use crate::resources::names::INNER_CONNECT_ORIGINATE;
use crate::snapshot::Cause;

/// A cluster, ready: who may be picked of it.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) service: Option<String>,
    pub(super) subset: Option<String>,
    /// The TLS that its endpoints are spoken to with.
    pub(super) tls: Option<String>,
    /// What made it.
    pub(super) causes: Vec<Cause>,
    pub(super) leads: Leads,
}

/// Where a cluster leads.
#[derive(Clone, Debug)]
pub(super) enum Leads {
    /// To where the connection was meant to go.
    Original,
    /// To addresses that are found out when it is used.
    Elsewhere,
    /// To some of its endpoints.
    Endpoints { picks: Vec<Pick>, total: usize },
}

/// An endpoint that may be picked.
#[derive(Clone, Debug)]
pub(super) struct Pick {
    pub(super) at: PickAt,
    /// Its share of the cluster's requests.
    pub(super) share: f64,
    /// Whether a tunnel leads there.
    pub(super) tunnelled: bool,
}

/// Where an endpoint is.
#[derive(Clone, Debug)]
pub(super) enum PickAt {
    Known {
        text: String,
        socket: Option<SocketAddr>,
        workload: Option<String>,
    },
    /// Where the connection was meant to go.
    Original,
}

impl Cluster {
    /// Gets a cluster ready.
    pub(super) fn new(
        mesh: &Mesh,
        resource: &Resource<Message>,
        delivered: Option<&ClusterLoadAssignment>,
    ) -> Self {
        let Resource { message, origins } = resource;
        let (service, subset) = service(&message.name);
        let mut cluster = Self {
            name: message.name.clone(),
            service,
            subset,
            tls: message.transport_socket.as_ref().and_then(tls),
            causes: origins.first().map(|origin| origin.causes.clone()).unwrap_or_default(),
            leads: Leads::Original,
        };
        if is_original(message) {
            return cluster;
        }
        let Some(assignment) = message.load_assignment.as_deref().or(delivered) else {
            let is_extension =
                matches!(message.cluster_discovery_type, Some(ClusterDiscoveryType::ClusterType(_)));
            cluster.leads = if is_extension {
                Leads::Elsewhere
            } else {
                Leads::Endpoints { picks: Vec::new(), total: 0 }
            };
            return cluster;
        };
        let all: Vec<OpenedEndpoint<'_>> = endpoints(assignment).collect();
        let mut by_socket = None;
        let mut picks = Vec::new();
        for (endpoint, share) in choose(message, assignment, &all) {
            let Some((at, tunnelled)) = PickAt::of(mesh, endpoint) else { continue };
            by_socket = by_socket.or_else(|| matching(message, endpoint));
            picks.push(Pick { at, share, tunnelled });
        }
        if !message.transport_socket_matches.is_empty() {
            cluster.tls = by_socket.as_ref().or(message.transport_socket.as_ref()).and_then(tls);
        }
        cluster.leads = Leads::Endpoints { picks, total: all.len() };
        cluster
    }

    /// Whether nobody can be picked.
    pub(super) fn is_empty(&self) -> bool {
        matches!(&self.leads, Leads::Endpoints { picks, .. } if picks.is_empty())
    }

    /// The cluster as a target of a connection to this address.
    pub(super) fn target(&self, mesh: &Mesh, probability: f64, original: Option<SocketAddr>) -> Target {
        let endpoints = match &self.leads {
            Leads::Original => original.map(|to| picked(mesh, to, 1.0)).into_iter().collect(),
            Leads::Elsewhere => Vec::new(),
            Leads::Endpoints { picks, .. } => {
                picks.iter().filter_map(|pick| pick.picked(mesh, original)).collect()
            }
        };
        Target {
            cluster: self.name.clone(),
            service: self.service.clone(),
            subset: self.subset.clone(),
            probability,
            tls: self.tls.clone(),
            endpoints,
        }
    }
}

impl Pick {
    fn picked(&self, mesh: &Mesh, original: Option<SocketAddr>) -> Option<Picked> {
        match &self.at {
            PickAt::Known { text, workload, .. } => {
                Some(Picked { address: text.clone(), workload: workload.clone(), probability: self.share })
            }
            PickAt::Original => Some(picked(mesh, original?, self.share)),
        }
    }
}

impl PickAt {
    /// Where an endpoint is, and whether a tunnel leads there.
    fn of(mesh: &Mesh, endpoint: &OpenedEndpoint<'_>) -> Option<(Self, bool)> {
        let known = |text: String| {
            let socket: Option<SocketAddr> = text.parse().ok();
            Self::Known { workload: socket.and_then(|socket| workload(mesh, socket.ip())), socket, text }
        };
        match endpoint.address.address.as_ref()? {
            AddressKind::SocketAddress(socket) => {
                let port = match &socket.port_specifier {
                    Some(PortSpecifier::PortValue(port)) => *port,
                    _ => 0,
                };
                let host = &socket.address;
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                Some((known(format!("{host}:{port}")), false))
            }
            AddressKind::EnvoyInternalAddress(internal) => {
                let metadata = endpoint.message.metadata.as_ref();
                let told =
                    |filter: &str, name: &str| metadata.and_then(|metadata| metadata.text(filter, name));
                let local = told("envoy.filters.listener.original_dst", "local")
                    .or_else(|| told("tunnel", "destination"));
                let own = (!internal.endpoint_id.is_empty()).then(|| internal.endpoint_id.clone());
                let is_other_network = endpoint.internal_listener() == Some(INNER_CONNECT_ORIGINATE);
                let address = if is_other_network { own.or(local) } else { local.or(own) };
                Some((address.map_or(Self::Original, known), true))
            }
            AddressKind::Pipe(pipe) => Some((known(pipe.path.clone()), false)),
        }
    }
}

/// A cluster that is not there, as a target.
pub(super) fn absent(name: &str, probability: f64) -> Target {
    let (service, subset) = service(name);
    Target { cluster: name.to_owned(), service, subset, probability, tls: None, endpoints: Vec::new() }
}

fn picked(mesh: &Mesh, at: SocketAddr, probability: f64) -> Picked {
    Picked { address: at.to_string(), workload: workload(mesh, at.ip()), probability }
}

fn workload(mesh: &Mesh, ip: IpAddr) -> Option<String> {
    let id = mesh.workloads.with_address(ip).first()?;
    let workload = mesh.workloads.get(*id)?;
    Some(format!("{}/{}", workload.namespace, workload.name))
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

fn is_original(cluster: &Message) -> bool {
    cluster.cluster_discovery_type == Some(ClusterDiscoveryType::Type(DiscoveryType::OriginalDst.into()))
}

/// The transport socket that an endpoint's metadata chooses.
fn matching(cluster: &Message, endpoint: &OpenedEndpoint<'_>) -> Option<TransportSocket> {
    let metadata = endpoint.message.metadata.as_ref();
    let told = metadata.and_then(|metadata| metadata.get("envoy.transport_socket_match")).unwrap_or_default();
    let fits = |wanted: &envoy::google::protobuf::Struct| {
        wanted.fields.keys().all(|key| told.fields.get(key) == wanted.fields.get(key))
    };
    let mut all = cluster.transport_socket_matches.iter().filter_map(|socket| socket.decode().ok());
    all.find(|socket| socket.r#match.as_ref().is_none_or(fits))?.transport_socket
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
