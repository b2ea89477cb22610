//! Who the peer is: from the TLS of the tunnel to the policies inside of it.

use envoy::config::listener::v3::Filter;
use envoy::extensions::filters::common::set_filter_state::v3::FilterStateValue;
use envoy::extensions::filters::common::set_filter_state::v3::filter_state_value::SharedWithUpstream::Once;
use envoy::extensions::filters::http::set_filter_state::v3 as http_set_filter_state;
use envoy::extensions::filters::network::set_filter_state::v3 as set_filter_state;
use envoy::google::protobuf::Any;

use crate::opened::edit::edit;
use crate::resources::filters::http::HASHABLE_STRING;
use crate::resources::filters::{filter_state, network};

/// What an upstream Envoy has for [`HASHABLE_STRING`]: connections are told apart by it, so that two callers
/// never share one. (`envoy.string` would also be accepted, but is not hashed.)
const UPSTREAM_HASHABLE_STRING: &str = "envoy.hashable_string";

/// `istio_authn`: both ends' SPIFFE ids, known once the handshake is over, for the next listener. Before the
/// handshake there is no certificate: set any earlier, everyone is a stranger.
pub(super) fn from_tls(name: &str) -> Filter {
    let principal = |key, format| FilterStateValue {
        skip_if_empty: true,
        ..filter_state(key, UPSTREAM_HASHABLE_STRING, format, Once)
    };
    let config = set_filter_state::Config {
        on_downstream_tls_handshake: vec![
            principal("io.istio.peer_principal", "%DOWNSTREAM_PEER_URI_SAN%"),
            principal("io.istio.local_principal", "%DOWNSTREAM_LOCAL_URI_SAN%"),
        ],
        ..set_filter_state::Config::default()
    };
    network::filter(name, envoy::any(&config))
}

/// Objects of Istio's hashable strings become Envoy's own.
pub(super) fn in_http_filter_state(config: &mut Any) {
    edit(config, |config: &mut http_set_filter_state::Config| upstream(&mut config.on_request_headers));
}

/// The same in the network filter.
pub(super) fn in_network_filter_state(config: &mut Any) {
    edit(config, |config: &mut set_filter_state::Config| {
        upstream(&mut config.on_new_connection);
        upstream(&mut config.on_downstream_tls_handshake);
        upstream(&mut config.on_downstream_data);
    });
}

fn upstream(values: &mut [FilterStateValue]) {
    for value in values {
        if value.factory_key == HASHABLE_STRING {
            UPSTREAM_HASHABLE_STRING.clone_into(&mut value.factory_key);
        }
    }
}
