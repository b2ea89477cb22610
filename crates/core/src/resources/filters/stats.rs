//! The filters that report metrics, above all `istio.stats`, with those of Istio's standard telemetry.
//!
//! Source: [Istio's standard metrics](https://istio.io/latest/docs/reference/config/metrics/).

use envoy::config::listener::v3::Filter;
use envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy::extensions::filters::{http::wasm::v3 as http_wasm, network::wasm::v3 as network_wasm};
use envoy::google::protobuf::Any;
use envoy::stats::{MetricConfig, PluginConfig, Reporter};

use super::stackdriver::{self, STACKDRIVER};
use super::{fields, http, network, typed_struct};
use crate::mesh::telemetry::{MetricOverride, MetricsProvider, TagOverride};
use crate::resources::proto::duration;
use crate::rules::{ListenerRules, StatsConfig};

/// The filter's name.
const STATS: &str = "istio.stats";

/// How Istio's names of metrics are spelled by Prometheus.
const METRICS: [(&str, &str); 10] = [
    ("REQUEST_COUNT", "requests_total"),
    ("REQUEST_DURATION", "request_duration_milliseconds"),
    ("REQUEST_SIZE", "request_bytes"),
    ("RESPONSE_SIZE", "response_bytes"),
    ("TCP_OPENED_CONNECTIONS", "tcp_connections_opened_total"),
    ("TCP_CLOSED_CONNECTIONS", "tcp_connections_closed_total"),
    ("TCP_SENT_BYTES", "tcp_sent_bytes_total"),
    ("TCP_RECEIVED_BYTES", "tcp_received_bytes_total"),
    ("GRPC_REQUEST_MESSAGES", "request_messages_total"),
    ("GRPC_RESPONSE_MESSAGES", "response_messages_total"),
];

/// A filter that reports metrics.
#[derive(Clone, Debug)]
pub(crate) struct Reporting {
    /// It in a connection manager.
    pub(crate) http: HttpFilter,
    /// It in a TCP chain.
    pub(crate) tcp: Filter,
}

/// The filters that report to these providers, as far as they have such a filter.
pub(crate) fn filters(rules: &ListenerRules, providers: &[MetricsProvider<'_>]) -> Vec<Reporting> {
    providers
        .iter()
        .filter_map(|provider| {
            if provider.provider.prometheus.is_some() {
                let config = prometheus(rules.stats, provider)?;
                let tcp = network::filter(STATS, config.clone());
                return Some(Reporting { http: http::filter(STATS, config), tcp });
            }
            (provider.provider.stackdriver.is_some() && rules.stackdriver).then(|| {
                let config = Some(stackdriver::plugin(provider));
                let tcp = envoy::any(&network_wasm::Wasm { config: config.clone() });
                let http = envoy::any(&http_wasm::Wasm { config });
                Reporting { http: http::filter(STACKDRIVER, http), tcp: network::filter(STACKDRIVER, tcp) }
            })
        })
        .collect()
}

/// The configuration of `istio.stats`, alike for HTTP and TCP.
fn prometheus(stats: StatsConfig, provider: &MetricsProvider<'_>) -> Option<Any> {
    match stats {
        // An accident: even a provider that is named for access logs only, or switched off, gets the filter.
        StatsConfig::Fixed => {
            let reporter = fields([("reporter", "SERVER_GATEWAY".into())]);
            Some(typed_struct("stats.PluginConfig", Some(reporter)))
        }
        StatsConfig::Metrics => {
            (provider.takes_metrics && !provider.disabled).then(|| configuration(provider))
        }
    }
}

fn configuration(provider: &MetricsProvider<'_>) -> Any {
    envoy::any(&PluginConfig {
        disable_host_header_fallback: true,
        tcp_reporting_duration: provider.reporting_interval.map(duration),
        metrics: provider.overrides.iter().map(metric).collect(),
        reporter: Reporter::ServerGateway.into(),
        ..PluginConfig::default()
    })
}

fn metric(change: &MetricOverride) -> MetricConfig {
    let known = METRICS.iter().find(|(istio, _)| *istio == change.name);
    let mut config = MetricConfig {
        name: known.map_or(change.name.as_str(), |(_, prometheus)| prometheus).to_owned(),
        drop: change.disabled,
        ..MetricConfig::default()
    };
    for (tag, to) in &change.tags {
        match to {
            TagOverride::Remove => config.tags_to_remove.push(tag.to_string()),
            TagOverride::Upsert(value) => {
                config.dimensions.insert(tag.to_string(), value.to_string());
            }
        }
    }
    config
}
