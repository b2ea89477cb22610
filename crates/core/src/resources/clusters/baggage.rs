//! Who answers, learned from the `baggage` header of a tunnel's response (`AMBIENT_ENABLE_BAGGAGE`).

use envoy::config::cluster::v3::Filter;

use crate::resources::filters::{fields, typed_struct};

/// The metadata of peers, of a cluster or of an endpoint.
pub(super) const PEER_METADATA: &str = "istio.peer_metadata";

/// The filter that learns it.
pub(super) fn discovery() -> Filter {
    let type_name = "envoy.extensions.network_filters.peer_metadata.UpstreamConfig";
    Filter {
        name: "upstream_hbone_peer_metadata".to_owned(),
        typed_config: Some(typed_struct(type_name, Some(fields([])))),
        ..Filter::default()
    }
}
