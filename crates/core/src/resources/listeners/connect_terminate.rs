//! The listener that ends the callers' tunnels: HBONE, that is HTTP/2 `CONNECT` over mutual TLS.

use envoy::config::core::v3::{Http2ProtocolOptions, KeepaliveSettings};
use envoy::config::listener::v3::listener::ConnectionBalanceConfig;
use envoy::config::listener::v3::listener::connection_balance_config::{BalanceType, ExactBalance};
use envoy::config::listener::v3::{AdditionalAddress, Filter, FilterChain, Listener};
use envoy::config::route::v3::route::Action;
use envoy::config::route::v3::route_action::upgrade_config::ConnectConfig;
use envoy::config::route::v3::route_action::{self, ClusterSpecifier};
use envoy::config::route::v3::route_match::{ConnectMatcher, PathSpecifier};
use envoy::config::route::v3::{Route, RouteAction, RouteConfiguration, RouteMatch, VirtualHost};
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::{
    ForwardClientCertDetails, RouteSpecifier, SetCurrentClientCertDetails, UpgradeConfig,
};
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpConnectionManager, HttpFilter};
use envoy::google::protobuf::Duration;

use super::HBONE_PORT;
use super::chain::ChainRenderer;
use crate::resources::filters::{http, network};
use crate::resources::names::{CONNECT_TERMINATE, MAIN_INTERNAL};
use crate::resources::proto::socket;
use crate::resources::tls;
use crate::rules::{TunnelServer, TunnelState};

/// The upgrade that makes a request a tunnel.
const CONNECT: &str = "CONNECT";
/// How many tunnels one connection may have. All of them are served by one of Envoy's workers, so that more
/// would be unfair.
const MAX_CONCURRENT_STREAMS: u32 = 100;

/// The listener.
pub(super) fn listener(chains: &ChainRenderer<'_>) -> Listener {
    let settings = chains.settings;
    let proxy = settings.proxy;
    let rules = &settings.rules.listeners;
    let address = if proxy.supports_ipv4() { "0.0.0.0" } else { "::" };
    let mut listener = Listener {
        name: CONNECT_TERMINATE.to_owned(),
        address: Some(socket(address, HBONE_PORT)),
        filter_chains: vec![FilterChain {
            name: "default".to_owned(),
            transport_socket: Some(tls::connect_terminate_socket(settings)),
            filters: filters(chains),
            ..FilterChain::default()
        }],
        ..Listener::default()
    };
    if rules.balanced_tunnels {
        // HBONE connections are few and long, with many requests each: two of them must not share a worker by
        // chance.
        let exact = BalanceType::ExactBalance(ExactBalance::default());
        listener.connection_balance_config = Some(ConnectionBalanceConfig { balance_type: Some(exact) });
    }
    if rules.dual_stack_tunnels && proxy.supports_ipv4() && proxy.supports_ipv6() {
        let address = Some(socket("::", HBONE_PORT));
        listener.additional_addresses = vec![AdditionalAddress { address, ..AdditionalAddress::default() }];
    }
    if settings.rules.access_logs.everywhere {
        listener.access_log = chains.telemetry.access_logs.listener();
    }
    listener
}

fn filters(chains: &ChainRenderer<'_>) -> Vec<Filter> {
    let manager = network::http_connection_manager(manager(chains));
    match chains.settings.rules.listeners.tunnel_state {
        TunnelState::IstioFilters => vec![network::istio_authn_shared(), manager],
        TunnelState::FilterState => vec![manager],
    }
}

fn manager(chains: &ChainRenderer<'_>) -> HttpConnectionManager {
    let rules = &chains.settings.rules.listeners;
    let mut http2 = Http2ProtocolOptions {
        allow_connect: true,
        max_concurrent_streams: Some(MAX_CONCURRENT_STREAMS.into()),
        ..Http2ProtocolOptions::default()
    };
    let mut manager = HttpConnectionManager {
        stat_prefix: CONNECT_TERMINATE.to_owned(),
        route_specifier: Some(RouteSpecifier::RouteConfig(routes(rules.tunnel_state).into())),
        set_current_client_cert_details: Some(SetCurrentClientCertDetails {
            subject: Some(true.into()),
            uri: true,
            dns: true,
            ..SetCurrentClientCertDetails::default()
        }),
        use_remote_address: Some(false.into()),
        stream_idle_timeout: Some(Duration::default()),
        upgrade_configs: vec![UpgradeConfig { upgrade_type: CONNECT.to_owned(), ..UpgradeConfig::default() }],
        http_filters: http_filters(chains),
        ..HttpConnectionManager::default()
    };
    match rules.tunnel_server {
        TunnelServer::Fixed { server_name } => {
            manager.server_name = server_name.to_owned();
            manager.forward_client_cert_details = ForwardClientCertDetails::AppendForward.into();
        }
        TunnelServer::AsConfigured => {
            chains.proxy.apply_headers(&mut manager);
            manager.forward_client_cert_details = chains.proxy.forwarded_client_cert().into();
        }
    }
    http2.connection_keepalive = rules.tunnel_keepalive.map(|keepalive| KeepaliveSettings {
        interval: Some(seconds(keepalive.interval)),
        timeout: Some(seconds(keepalive.timeout)),
        ..KeepaliveSettings::default()
    });
    if chains.settings.rules.access_logs.everywhere {
        manager.access_log = chains.telemetry.access_logs.terminate();
    }
    manager.http2_protocol_options = Some(http2);
    manager
}

fn http_filters(chains: &ChainRenderer<'_>) -> Vec<HttpFilter> {
    match chains.settings.rules.listeners.tunnel_state {
        TunnelState::IstioFilters => {
            vec![http::connect_baggage(), http::connect_authority_by_route(), http::router(false, false)]
        }
        TunnelState::FilterState => {
            let mut filters = chains.security.tunnel.clone();
            filters.extend([
                http::downstream_peer_metadata(chains.settings.features.ambient_enable_baggage),
                http::connect_authority(chains.settings),
                http::router(false, chains.proxy.suppresses_envoy_headers()),
            ]);
            filters
        }
    }
}

/// Every tunnel leads to the internal listener.
fn routes(state: TunnelState) -> RouteConfiguration {
    let upgrade = route_action::UpgradeConfig {
        upgrade_type: CONNECT.to_owned(),
        connect_config: Some(ConnectConfig::default()),
        ..route_action::UpgradeConfig::default()
    };
    let mut route = Route {
        r#match: Some(RouteMatch {
            path_specifier: Some(PathSpecifier::ConnectMatcher(ConnectMatcher::default())),
            ..RouteMatch::default()
        }),
        action: Some(Action::Route(Box::new(RouteAction {
            cluster_specifier: Some(ClusterSpecifier::Cluster(MAIN_INTERNAL.to_owned())),
            upgrade_configs: vec![upgrade],
            ..RouteAction::default()
        }))),
        ..Route::default()
    };
    if state == TunnelState::IstioFilters {
        let enabled = http::connect_authority_enabled(15008);
        route.typed_per_filter_config.insert(http::CONNECT_AUTHORITY.to_owned(), enabled);
    }
    RouteConfiguration {
        name: "default".to_owned(),
        virtual_hosts: vec![VirtualHost {
            name: "default".to_owned(),
            domains: vec!["*".to_owned()],
            routes: vec![route.into()],
            ..VirtualHost::default()
        }],
        ..RouteConfiguration::default()
    }
}

fn seconds(seconds: u32) -> Duration {
    Duration { seconds: seconds.into(), nanos: 0 }
}
