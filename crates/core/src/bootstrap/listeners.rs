//! The static listeners: for scrapers of statistics, and for health checks.

use envoy::config::core::v3::TypedExtensionConfig;
use envoy::config::listener::v3::{Filter, FilterChain, Listener};
use envoy::config::route::v3::route::Action;
use envoy::config::route::v3::route_action::ClusterSpecifier;
use envoy::config::route::v3::route_match::PathSpecifier;
use envoy::config::route::v3::{Route, RouteAction, RouteConfiguration, RouteMatch, VirtualHost};
use envoy::extensions::compression::brotli::compressor::v3::Brotli;
use envoy::extensions::compression::gzip::compressor::v3::Gzip;
use envoy::extensions::compression::zstd::compressor::v3::Zstd;
use envoy::extensions::filters::http::compressor::v3::Compressor;
use envoy::extensions::filters::http::compressor::v3::compressor::{
    CommonDirectionConfig, ResponseDirectionConfig,
};
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::RouteSpecifier;
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpConnectionManager, HttpFilter};

use super::agent::Agent;
use super::clusters::{AGENT, PROMETHEUS_STATS};
use super::node::{PROMETHEUS_PORT, STATUS_PORT};
use crate::resources::filters::{extension_config, http, network};
use crate::resources::proto::socket;

/// What scrapers take compressed, and how.
const COMPRESSED: [&str; 4] = [
    "text/plain",
    "application/vnd.google.protobuf",
    "application/openmetrics-text",
    "application/openmetrics-protobuf",
];

/// A listener that sends one path to one cluster.
struct Forwarder<'f> {
    address: &'f str,
    port: u16,
    stat_prefix: &'f str,
    path: &'f str,
    cluster: &'f str,
    filters: Vec<HttpFilter>,
}

/// Every static listener.
pub(super) fn listeners(agent: &Agent<'_>) -> Vec<Listener> {
    let config = &agent.config;
    let local_only = agent.rules.protected_listeners
        && config.proxy_metadata.get("METRICS_LOCALHOST_ACCESS_ONLY").is_some_and(|value| value == "true");
    let compressed = agent.rules.stats_compression && config.stats_compression.unwrap_or(true);
    let family = agent.family;
    let statistics = Forwarder {
        address: if local_only { family.localhost() } else { family.wildcard() },
        port: agent.port(PROMETHEUS_PORT.0, PROMETHEUS_PORT.1),
        stat_prefix: "stats",
        path: "/stats/prometheus",
        cluster: PROMETHEUS_STATS,
        filters: if compressed { compressors() } else { Vec::new() },
    };
    let health = Forwarder {
        address: family.wildcard(),
        port: agent.port(STATUS_PORT.0, STATUS_PORT.1),
        stat_prefix: "agent",
        path: "/healthz/ready",
        cluster: AGENT,
        filters: Vec::new(),
    };
    [statistics, health].into_iter().map(|forwarder| listener(agent, forwarder)).collect()
}

fn listener(agent: &Agent<'_>, forwarder: Forwarder<'_>) -> Listener {
    let protected = agent.rules.protected_listeners;
    let (address, port) = (forwarder.address, forwarder.port);
    Listener {
        name: if protected { format!("{address}_{port}") } else { String::new() },
        address: Some(socket(address, port.into())),
        ignore_global_conn_limit: protected,
        bypass_overload_manager: protected,
        filter_chains: vec![FilterChain {
            filters: vec![connection_manager(forwarder)],
            ..FilterChain::default()
        }],
        ..Listener::default()
    }
}

fn connection_manager(forwarder: Forwarder<'_>) -> Filter {
    let action = RouteAction {
        cluster_specifier: Some(ClusterSpecifier::Cluster(forwarder.cluster.to_owned())),
        ..RouteAction::default()
    };
    let matched = RouteMatch {
        path_specifier: Some(PathSpecifier::Prefix(forwarder.path.to_owned())),
        ..RouteMatch::default()
    };
    let route =
        Route { r#match: Some(matched), action: Some(Action::Route(action.into())), ..Route::default() };
    let host = VirtualHost {
        name: "backend".to_owned(),
        domains: vec!["*".to_owned()],
        routes: vec![route.into()],
        ..VirtualHost::default()
    };
    let routes = RouteConfiguration { virtual_hosts: vec![host], ..RouteConfiguration::default() };
    let mut http_filters = forwarder.filters;
    http_filters.push(http::router(false, false));
    network::http_connection_manager(HttpConnectionManager {
        stat_prefix: forwarder.stat_prefix.to_owned(),
        route_specifier: Some(RouteSpecifier::RouteConfig(routes.into())),
        http_filters,
        ..HttpConnectionManager::default()
    })
}

fn compressors() -> Vec<HttpFilter> {
    vec![
        compressor("brotli", extension_config("stats_brotli", &Brotli::default())),
        compressor("zstd", extension_config("stats_zstd", &Zstd::default())),
        compressor("gzip", extension_config("stats_gzip", &Gzip::default())),
    ]
}

fn compressor(name: &str, library: TypedExtensionConfig) -> HttpFilter {
    let common = CommonDirectionConfig {
        content_type: COMPRESSED.map(str::to_owned).into(),
        ..CommonDirectionConfig::default()
    };
    let config = Compressor {
        compressor_library: Some(library),
        response_direction_config: Some(ResponseDirectionConfig {
            common_config: Some(common),
            ..ResponseDirectionConfig::default()
        }),
        ..Compressor::default()
    };
    http::filter(&format!("envoy.filters.http.compressor.{name}"), envoy::any(&config))
}
