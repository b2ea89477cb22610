//! `istio.stats`: the metrics of Istio's standard telemetry.
//!
//! Source: [Istio's standard metrics](https://istio.io/latest/docs/reference/config/metrics/).

use envoy::google::protobuf::Any;
use envoy::stats::{MetricConfig, PluginConfig, Reporter};

use super::{fields, typed_struct};
use crate::mesh::telemetry::{Applicable, MetricOverride, MetricsProvider, TagOverride, metrics_providers};
use crate::resources::Scope;
use crate::resources::proto::duration;
use crate::rules::StatsConfig;

/// The filter's name.
pub(crate) const STATS: &str = "istio.stats";

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

/// The configurations of the filter that the resources in force ask for: one per Prometheus provider, alike for HTTP
/// and TCP.
pub(crate) fn configurations(scope: &Scope<'_>, applicable: &Applicable<'_>) -> Vec<Any> {
    metrics_providers(applicable, &scope.mesh.config)
        .into_iter()
        .filter(|provider| provider.provider.prometheus.is_some())
        .filter_map(|provider| match scope.rules.listeners.stats {
            // An accident: even a provider that is named for access logs only, or switched off, gets the filter.
            StatsConfig::Fixed => {
                let reporter = fields([("reporter", "SERVER_GATEWAY".into())]);
                Some(typed_struct("stats.PluginConfig", Some(reporter)))
            }
            StatsConfig::Metrics => {
                (provider.takes_metrics && !provider.disabled).then(|| configuration(&provider))
            }
        })
        .collect()
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
