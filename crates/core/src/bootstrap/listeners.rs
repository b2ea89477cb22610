//! The static listeners: for scrapers of statistics, and for health checks.

use serde_json::{Value, json};

use super::agent::Agent;
use super::clusters::{AGENT, PROMETHEUS_STATS};
use super::node::{PROMETHEUS_PORT, STATUS_PORT};
use crate::json::object;

/// What scrapers take compressed, and how.
const COMPRESSED: [&str; 4] = [
    "text/plain",
    "application/vnd.google.protobuf",
    "application/openmetrics-text",
    "application/openmetrics-protobuf",
];
const COMPRESSORS: [(&str, &str); 3] = [("brotli", "Brotli"), ("zstd", "Zstd"), ("gzip", "Gzip")];

/// A listener that sends one path to one cluster.
struct Forwarder<'f> {
    address: &'f str,
    port: u16,
    stat_prefix: &'f str,
    path: &'f str,
    cluster: &'f str,
    filters: Vec<Value>,
}

/// Every static listener.
pub(super) fn listeners(agent: &Agent<'_>) -> Vec<Value> {
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
        filters: if compressed {
            COMPRESSORS.iter().map(|(name, message)| compressor(name, message)).collect()
        } else {
            Vec::new()
        },
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

fn listener(agent: &Agent<'_>, forwarder: Forwarder<'_>) -> Value {
    let protected = agent.rules.protected_listeners;
    let (address, port) = (forwarder.address, forwarder.port);
    let socket = json!({"protocol": "TCP", "address": address, "port_value": port});
    object([
        ("name", protected.then(|| json!(format!("{address}_{port}")))),
        ("address", Some(json!({"socket_address": socket}))),
        ("ignore_global_conn_limit", protected.then(|| json!(true))),
        ("bypass_overload_manager", protected.then(|| json!(true))),
        ("filter_chains", Some(json!([{"filters": [connection_manager(forwarder)]}]))),
    ])
}

fn connection_manager(forwarder: Forwarder<'_>) -> Value {
    let route = json!({"match": {"prefix": forwarder.path}, "route": {"cluster": forwarder.cluster}});
    let mut filters = forwarder.filters;
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    }));
    json!({
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "codec_type": "AUTO",
            "stat_prefix": forwarder.stat_prefix,
            "route_config": {"virtual_hosts": [{"name": "backend", "domains": ["*"], "routes": [route]}]},
            "http_filters": filters,
        },
    })
}

fn compressor(name: &str, message: &str) -> Value {
    let library = format!("type.googleapis.com/envoy.extensions.compression.{name}.compressor.v3.{message}");
    json!({
        "name": format!("envoy.filters.http.compressor.{name}"),
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.compressor.v3.Compressor",
            "compressor_library": {"name": format!("stats_{name}"), "typed_config": {"@type": library}},
            "response_direction_config": {"common_config": {"content_type": COMPRESSED}},
        },
    })
}
