//! The listeners that open tunnels: to workloads and, through two tunnels one in the other, into other
//! networks.

use envoy::config::core::v3::HeaderValueOption;
use envoy::config::listener::v3::listener::{InternalListenerConfig, ListenerSpecifier};
use envoy::config::listener::v3::{Filter, FilterChain, Listener, ListenerFilter};
use envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
use envoy::extensions::filters::network::tcp_proxy::v3::tcp_proxy::{ClusterSpecifier, TunnelingConfig};

use super::shared::Telemetry;
use crate::plan::WaypointSettings;
use crate::resources::filters::http::{overwrite_header, text_factory};
use crate::resources::filters::{inspect, network};
use crate::resources::names::{CONNECT_ORIGINATE, INNER_CONNECT_ORIGINATE, OUTER_CONNECT_ORIGINATE};
use crate::rules::TunnelState;

/// Where both tunnels of a connection into another network lead, as the inner one's listener finds out.
const DOUBLE_HBONE_TARGET: &str = "%FILTER_STATE(istio.double_hbone.hbone_target_address:PLAIN)%";

/// The listener for tunnels to workloads.
pub(super) fn listener(settings: &WaypointSettings<'_>, telemetry: &Telemetry) -> Listener {
    let mut filters = Vec::new();
    let mut proxy = tunnel(CONNECT_ORIGINATE, "%DOWNSTREAM_LOCAL_ADDRESS%", Vec::new());
    carry_baggage(settings, &mut filters, &mut proxy);
    internal(settings, telemetry, vec![destination(settings)], filters, proxy)
}

/// The listener for the inner tunnel into another network.
pub(super) fn inner(settings: &WaypointSettings<'_>, telemetry: &Telemetry) -> Listener {
    let headers = vec![overwrite_header("x-forwarded-network", settings.proxy.network())];
    let mut filters = vec![network::propagate_endpoint_metadata(text_factory(settings))];
    let mut proxy = tunnel(INNER_CONNECT_ORIGINATE, DOUBLE_HBONE_TARGET, headers);
    carry_baggage(settings, &mut filters, &mut proxy);
    internal(settings, telemetry, Vec::new(), filters, proxy)
}

/// The listener for the outer tunnel into another network.
pub(super) fn outer(settings: &WaypointSettings<'_>, telemetry: &Telemetry) -> Listener {
    // The gateway at the other end need not send it through a waypoint again.
    let headers = vec![overwrite_header("x-istio-source", "waypoint")];
    let proxy = tunnel(OUTER_CONNECT_ORIGINATE, DOUBLE_HBONE_TARGET, headers);
    internal(settings, telemetry, vec![destination(settings)], Vec::new(), proxy)
}

/// The filter that learns the destination from the listener before.
pub(super) fn destination(settings: &WaypointSettings<'_>) -> ListenerFilter {
    match settings.rules.listeners.tunnel_state {
        TunnelState::IstioFilters => inspect::set_dst_address(),
        TunnelState::FilterState => inspect::original_dst(),
    }
}

/// Tells the other end who the client is, and learns from it who answers, if that is asked for.
fn carry_baggage(settings: &WaypointSettings<'_>, filters: &mut Vec<Filter>, proxy: &mut TcpProxy) {
    if settings.features.ambient_enable_baggage
        && let Some(tunnel) = &mut proxy.tunneling_config
    {
        tunnel.propagate_response_headers = true;
        tunnel.headers_to_add.push(overwrite_header("baggage", "%FILTER_STATE(io.istio.baggage:PLAIN)%"));
        filters.push(network::hbone_peer_metadata());
    }
}

fn tunnel(name: &str, hostname: &str, headers_to_add: Vec<HeaderValueOption>) -> TcpProxy {
    TcpProxy {
        stat_prefix: name.to_owned(),
        cluster_specifier: Some(ClusterSpecifier::Cluster(name.to_owned())),
        tunneling_config: Some(TunnelingConfig {
            hostname: hostname.to_owned(),
            headers_to_add,
            ..TunnelingConfig::default()
        }),
        ..TcpProxy::default()
    }
}

fn internal(
    settings: &WaypointSettings<'_>,
    telemetry: &Telemetry,
    listener_filters: Vec<ListenerFilter>,
    mut filters: Vec<Filter>,
    mut proxy: TcpProxy,
) -> Listener {
    let mut listener = Listener {
        name: proxy.stat_prefix.clone(),
        use_original_dst: Some(false.into()),
        listener_specifier: Some(ListenerSpecifier::InternalListener(InternalListenerConfig::default())),
        listener_filters,
        ..Listener::default()
    };
    if settings.rules.access_logs.everywhere {
        let access_logs = &telemetry.access_logs;
        listener.access_log = access_logs.listener();
        proxy.access_log = access_logs.originate();
    }
    filters.push(network::tcp_proxy(&proxy));
    listener.filter_chains = vec![FilterChain { filters, ..FilterChain::default() }];
    listener
}
