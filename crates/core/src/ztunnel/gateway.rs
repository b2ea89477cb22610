//! Where a waypoint is reached.

use std::net::IpAddr;

use envoy::bytes::Bytes;
use envoy::istio::workload::gateway_address::Destination;
use envoy::istio::workload::{GatewayAddress, NamespacedHostname, NetworkAddress};

use crate::mesh::waypoint::{Target, TargetAddress};
use crate::mesh::{Address, ip};

/// The port on which gateways of the mesh take HBONE.
const HBONE_PORT: u32 = 15008;

/// Where ztunnel reaches a waypoint; nothing where its status names neither a hostname nor an IP address.
pub(super) fn address(target: &Target) -> Option<GatewayAddress> {
    let destination = match target.address.as_ref()? {
        TargetAddress::Hostname(namespace, hostname) => Destination::Hostname(NamespacedHostname {
            namespace: namespace.to_string(),
            hostname: hostname.to_string(),
        }),
        TargetAddress::Ip(network, ip) => Destination::Address(single(*ip, network)),
    };
    Some(GatewayAddress { destination: Some(destination), hbone_mtls_port: HBONE_PORT })
}

/// One address of a network.
pub(super) fn single(ip: IpAddr, network: &str) -> NetworkAddress {
    NetworkAddress { network: network.to_owned(), address: bytes(ip), length: None }
}

/// An address or a range of a network; of a range the first address counts.
pub(super) fn range(address: Address, network: &str) -> NetworkAddress {
    if address == Address::single(address.ip) {
        return single(address.ip, network);
    }
    let first = ip::first(address.ip, address.prefix_len);
    NetworkAddress { length: Some(address.prefix_len.into()), ..single(first, network) }
}

/// An address as its bytes: 4 or 16.
pub(super) fn bytes(ip: IpAddr) -> Bytes {
    match ip {
        IpAddr::V4(ip) => Bytes::copy_from_slice(&ip.octets()),
        IpAddr::V6(ip) => Bytes::copy_from_slice(&ip.octets()),
    }
}
