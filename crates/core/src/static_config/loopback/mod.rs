//! Every address that is dialled, as one of 127.0.0.0/8: a waypoint and its workloads on one machine.
//!
//! `10.244.1.6` becomes `127.244.1.6`: the first octet changes. Where that is taken, and for IPv6 and names,
//! the next free address of 127.254.0.0/16 and onwards is used, in the order of the addresses. Addresses of
//! Services are only matched, never dialled, and stay as they are, unless the waypoint passes connections on
//! to them (`resolution: NONE`).
//!
//! | module | knows |
//! |---|---|
//! | `dialled` | what is dialled, and where it goes |
//! | `passed_on` | what is passed on to the address that was called |
//! | `rewrite` | where addresses are named |

mod dialled;
mod passed_on;
mod rewrite;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::{ClusterDiscoveryType, DiscoveryType};
use envoy::config::core::v3::address::Address as AddressKind;
use envoy::config::core::v3::socket_address::PortSpecifier;
use envoy::config::core::v3::{Address, BindConfig, SocketAddress};
use envoy::inside::{self, Visit};

use crate::Str;
use crate::resources::WaypointResources;

use dialled::Dialled;
use passed_on::PassedOn;
use rewrite::Rewrite;

/// What became of every address, and of every name that would be resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loopback {
    addresses: BTreeMap<Str, Ipv4Addr>,
}

impl Loopback {
    /// Where an address (`10.244.1.6`, `fd00::1`, however it is written) or a name is dialled; none where
    /// nobody dials it.
    #[must_use]
    pub fn get(&self, address: &str) -> Option<Ipv4Addr> {
        match address.parse::<IpAddr>() {
            Ok(ip) => self.of_ip(ip),
            Err(_) => self.addresses.get(address).copied(),
        }
    }

    fn of_ip(&self, ip: IpAddr) -> Option<Ipv4Addr> {
        self.addresses.get(ip.to_string().as_str()).copied()
    }

    /// Every address, as the snapshot has it, and where it is dialled.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Ipv4Addr)> {
        self.addresses.iter().map(|(address, mapped)| (address.as_str(), *mapped))
    }

    /// Whether nothing is dialled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    /// Maps everything that the resources, and clusters of the bootstrap, dial.
    pub(super) fn of(resources: &mut WaypointResources, own: &mut [Cluster]) -> Self {
        let mut dialled = Dialled::default();
        for endpoints in &resources.endpoints {
            dialled.by(&endpoints.message);
        }
        for cluster in resources.clusters.iter().map(|cluster| &cluster.message).chain(own.iter()) {
            cluster.load_assignment.iter().for_each(|endpoints| dialled.by(&**endpoints));
        }
        let passing = passed_on::clusters(resources);
        for listener in &mut resources.listeners {
            let passed_on = PassedOn::of(&listener.message, &passing);
            dialled.extend(passed_on.addresses(&listener.message));
            passed_on.move_ranges(&mut listener.message);
        }
        let loopback = Self { addresses: dialled.map() };
        let mut rewrite = Rewrite(&loopback);
        resources.listeners.iter_mut().for_each(|listener| rewrite.all(&mut listener.message));
        resources.endpoints.iter_mut().for_each(|endpoints| rewrite.all(&mut endpoints.message));
        resources.clusters.iter_mut().for_each(|cluster| rewrite.all(&mut cluster.message));
        own.iter_mut().for_each(|cluster| rewrite.all(cluster));
        loopback
    }
}

/// What leaves the process leaves from 127.0.0.1, from which no other machine can be reached: even if an
/// address was overlooked. Its own listeners have no such addresses.
pub(super) fn bind(cluster: &mut Cluster) {
    let original_dst = Some(ClusterDiscoveryType::Type(DiscoveryType::OriginalDst.into()));
    let resolved = matches!(cluster.cluster_discovery_type, Some(ClusterDiscoveryType::ClusterType(_)));
    if cluster.cluster_discovery_type == original_dst || resolved || Sockets::are_in(cluster) {
        cluster.upstream_bind_config = Some(Box::new(BindConfig {
            source_address: Some(SocketAddress {
                address: Ipv4Addr::LOCALHOST.to_string(),
                port_specifier: Some(PortSpecifier::PortValue(0)),
                ..SocketAddress::default()
            }),
            ..BindConfig::default()
        }));
    }
}

/// Whether there are addresses of sockets.
struct Sockets(bool);

impl Sockets {
    /// Whether a cluster names any; to be safe, also where that can't be found out.
    fn are_in(cluster: &Cluster) -> bool {
        let mut sockets = Self(false);
        inside::visit(cluster, &mut sockets).is_err() || sockets.0
    }
}

impl Visit for Sockets {
    fn message(&mut self, name: &str, wire: &[u8]) {
        self.0 |= socket(name, wire).is_some();
    }
}

/// The address of a socket, if the message is one's.
fn socket(name: &str, wire: &[u8]) -> Option<SocketAddress> {
    match inside::read::<Address>(name, wire)?.address? {
        AddressKind::SocketAddress(socket) => Some(socket),
        _ => None,
    }
}
