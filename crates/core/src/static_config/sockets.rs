//! Where TLS stands inside transport sockets, which may wrap each other.

use envoy::config::cluster::v3::Cluster;
use envoy::config::core::v3::TransportSocket;
use envoy::config::core::v3::transport_socket::ConfigType;
use envoy::config::listener::v3::Listener;
use envoy::extensions::transport_sockets::internal_upstream::v3::InternalUpstreamTransport;
use envoy::extensions::transport_sockets::proxy_protocol::v3::ProxyProtocolUpstreamTransport;
use envoy::extensions::transport_sockets::tls::v3::{
    CommonTlsContext, DownstreamTlsContext, UpstreamTlsContext,
};

use crate::opened::edit::edit;

/// Changes every TLS context of a listener.
pub(super) fn in_listener(listener: &mut Listener, change: &mut impl FnMut(&mut CommonTlsContext)) {
    for chain in listener.filter_chains.iter_mut().chain(&mut listener.default_filter_chain) {
        in_socket(chain.transport_socket.as_mut(), change);
    }
}

/// Changes every TLS context of a cluster.
pub(super) fn in_cluster(cluster: &mut Cluster, change: &mut impl FnMut(&mut CommonTlsContext)) {
    in_socket(cluster.transport_socket.as_mut(), change);
    for alternative in &mut cluster.transport_socket_matches {
        // What cannot be read was not made here, and stays as it is.
        let _ = alternative.change(|alternative| in_socket(alternative.transport_socket.as_mut(), change));
    }
}

fn in_socket(socket: Option<&mut TransportSocket>, change: &mut impl FnMut(&mut CommonTlsContext)) {
    let Some(TransportSocket { config_type: Some(ConfigType::TypedConfig(config)), .. }) = socket else {
        return;
    };
    edit(config, |tls: &mut UpstreamTlsContext| tls.common_tls_context.as_mut().map(&mut *change));
    edit(config, |tls: &mut DownstreamTlsContext| tls.common_tls_context.as_mut().map(&mut *change));
    // As trait objects: a socket in a socket would otherwise be another instance of this function, without
    // end.
    edit(config, |outer: &mut InternalUpstreamTransport| in_inner(outer.transport_socket.as_mut(), change));
    edit(config, |outer: &mut ProxyProtocolUpstreamTransport| {
        in_inner(outer.transport_socket.as_mut(), change)
    });
}

fn in_inner(socket: Option<&mut TransportSocket>, change: &mut dyn FnMut(&mut CommonTlsContext)) {
    in_socket(socket, &mut |context: &mut CommonTlsContext| change(context));
}
