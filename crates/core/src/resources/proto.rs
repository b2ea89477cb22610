//! Values of the snapshot as Envoy's messages write them.

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::DnsLookupFamily;
use envoy::config::core::v3::address::Address as AddressKind;
use envoy::config::core::v3::socket_address::PortSpecifier;
use envoy::config::core::v3::{Address, SocketAddress};
use envoy::google::protobuf;

use crate::plan::{Families, WaypointSettings};
use crate::snapshot::Duration;

/// The address of a port.
pub(crate) fn socket(address: &str, port: u32) -> Address {
    Address {
        address: Some(AddressKind::SocketAddress(SocketAddress {
            address: address.to_owned(),
            port_specifier: Some(PortSpecifier::PortValue(port)),
            ..SocketAddress::default()
        })),
    }
}

/// A span of time.
pub(crate) const fn duration(span: Duration) -> protobuf::Duration {
    protobuf::Duration { seconds: span.secs(), nanos: span.subsec_nanos() }
}

/// The families of addresses that a waypoint's proxy looks for when it resolves names.
pub(crate) fn lookup_family(settings: &WaypointSettings<'_>) -> DnsLookupFamily {
    match settings.resolves_to() {
        Families::Ipv4 => DnsLookupFamily::V4Only,
        Families::Ipv6 => DnsLookupFamily::V6Only,
        Families::Both => DnsLookupFamily::All,
    }
}

/// The same for hosts that are resolved on demand.
pub(crate) fn on_demand_lookup_family(settings: &WaypointSettings<'_>) -> DnsLookupFamily {
    if settings.rules.clusters.on_demand_families { lookup_family(settings) } else { DnsLookupFamily::V4Only }
}

/// The name of a cluster's endpoints.
pub(crate) fn assignment_name(cluster: &Cluster) -> &str {
    let service = cluster.eds_cluster_config.as_ref().map(|eds| eds.service_name.as_str());
    service.filter(|name| !name.is_empty()).unwrap_or(&cluster.name)
}
