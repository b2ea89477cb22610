//! Where a connection was meant to go: from the tunnel, or from the chosen endpoint, to the next listener.

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::{
    ClusterDiscoveryType, DiscoveryType, LbConfig, OriginalDstLbConfig,
};
use envoy::config::core::v3::transport_socket::ConfigType;
use envoy::config::core::v3::{Metadata, TransportSocket};
use envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy::extensions::filters::common::set_filter_state::v3::filter_state_value::SharedWithUpstream::Once;
use envoy::extensions::filters::http::set_filter_state::v3 as set_filter_state;
use envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy::extensions::transport_sockets::internal_upstream::v3::InternalUpstreamTransport;
use envoy::google::protobuf::UInt32Value;

use crate::opened::edit::edit;
use crate::resources::filters::filter_state;
use crate::resources::filters::http::{self, ORIGINAL_DST_LOCAL};
use crate::resources::names::CONNECT_ORIGINATE;

/// 1.18's metadata of an endpoint behind a tunnel, which only Istio's `set_dst_address` reads.
const TUNNEL: &str = "tunnel";
/// What Envoy's own `original_dst` reads instead.
const ORIGINAL_DST: &str = "envoy.filters.listener.original_dst";
/// Where the tunnels of workloads end: `tunnel` names it, `original_dst` has no place for it.
const HBONE_PORT: u32 = 15008;

/// `connect_authority` (HTTP): the tunnel's authority, for the next listener.
pub(super) fn from_authority(name: &str) -> HttpFilter {
    let config = set_filter_state::Config {
        on_request_headers: vec![filter_state(ORIGINAL_DST_LOCAL, "", "%REQ(:AUTHORITY)%", Once)],
        ..set_filter_state::Config::default()
    };
    http::filter(name, envoy::any(&config))
}

/// Endpoints' metadata is passed on under the name that `original_dst` knows; the port of the tunnel is the
/// cluster's.
pub(super) fn in_cluster(cluster: &mut Cluster) {
    if let Some(socket) = &mut cluster.transport_socket {
        in_socket(socket);
    }
    for alternative in &mut cluster.transport_socket_matches {
        // What cannot be read was not made here, and stays as it is.
        let _ = alternative.change(|alternative| {
            if let Some(socket) = &mut alternative.transport_socket {
                in_socket(socket);
            }
        });
    }
    if let Some(assignment) = &mut cluster.load_assignment {
        in_endpoints(assignment);
    }
    let original_dst = Some(ClusterDiscoveryType::Type(DiscoveryType::OriginalDst.into()));
    if cluster.name == CONNECT_ORIGINATE
        && cluster.cluster_discovery_type == original_dst
        && cluster.lb_config.is_none()
    {
        cluster.lb_config = Some(LbConfig::OriginalDstLbConfig(Box::new(OriginalDstLbConfig {
            upstream_port_override: Some(UInt32Value { value: HBONE_PORT }),
            ..OriginalDstLbConfig::default()
        })));
    }
}

fn in_socket(socket: &mut TransportSocket) {
    let Some(ConfigType::TypedConfig(config)) = &mut socket.config_type else { return };
    edit(config, |config: &mut InternalUpstreamTransport| {
        for source in config.passthrough_metadata.iter_mut().filter(|source| source.name == TUNNEL) {
            ORIGINAL_DST.clone_into(&mut source.name);
        }
    });
}

/// Endpoints say their destination where `original_dst` looks for it.
pub(super) fn in_endpoints(assignment: &mut ClusterLoadAssignment) {
    let endpoints = assignment.endpoints.iter_mut().flat_map(|locality| &mut locality.lb_endpoints);
    for endpoint in endpoints {
        // What cannot be read was not made here, and stays as it is.
        let _ = endpoint.change(|endpoint| {
            if let Some(metadata) = &mut endpoint.metadata {
                in_metadata(metadata);
            }
        });
    }
}

fn in_metadata(metadata: &mut Metadata) {
    let destination = metadata.text(TUNNEL, "destination");
    metadata.remove(TUNNEL);
    if let Some(destination) = destination {
        metadata.set(ORIGINAL_DST, &[("local", destination)].into_iter().collect());
    }
}
