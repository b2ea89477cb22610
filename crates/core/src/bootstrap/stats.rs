//! Which statistics Envoy keeps, how they are tagged, and where they go.

use serde_json::{Value, json};

use super::agent::{Agent, host_and_port};
use super::clusters::METRICS_SERVICE;
use crate::Str;
use crate::rules::BootstrapRules;
use crate::snapshot::Duration;

/// Kept for readiness checks.
const REQUIRED_PREFIXES: [&str; 5] =
    ["cluster_manager", "listener_manager", "server", "cluster.xds-grpc", "wasm"];
const REQUIRED_SUFFIXES: [&str; 4] = ["rbac.allowed", "rbac.denied", "shadow_allowed", "shadow_denied"];
/// Kept to see when a proxy has drained.
const DRAINING_SUFFIX: &str = "downstream_cx_active";
/// Stands for each of the pod's addresses.
const POD_IP: &str = "{pod_ip}";
/// How often statistics are flushed where nobody says so.
const FLUSH_INTERVAL: Duration = Duration::from_secs(5);

/// `stats_config`: tags, the statistics to keep, and the buckets of histograms.
pub(super) fn config(agent: &Agent<'_>) -> Value {
    crate::json::object([
        ("use_all_default_tags", Some(json!(false))),
        ("stats_tags", Some(tags(agent))),
        ("histogram_bucket_settings", histogram_buckets(agent)),
        ("stats_matcher", Some(json!({"inclusion_list": {"patterns": patterns(agent)}}))),
    ])
}

fn tags(agent: &Agent<'_>) -> Value {
    let mut tags = Vec::new();
    for (name, regex) in agent.rules.stats_tags {
        tags.push(json!({"tag_name": name, "regex": regex}));
        if *name == BootstrapRules::EXTRA_TAGS_BEHIND {
            let extra = extra_tags(agent);
            tags.extend(
                extra.iter().map(|tag| json!({"regex": format!(r"({tag}=\.=(.*?);\.;)"), "tag_name": tag})),
            );
        }
    }
    tags.into()
}

/// The tags that the configuration and an annotation add, each once.
fn extra_tags(agent: &Agent<'_>) -> Vec<Str> {
    let annotated = annotation(agent, "sidecar.istio.io/extraStatTags").unwrap_or_default();
    let mut tags: Vec<Str> = Vec::new();
    for tag in agent.config.extra_stat_tags.iter().map(Str::as_str).chain(annotated.split(',')) {
        if !tag.is_empty() && !tags.iter().any(|known| known == tag) {
            tags.push(tag.into());
        }
    }
    tags
}

fn patterns(agent: &Agent<'_>) -> Vec<Value> {
    let matcher = agent.config.proxy_stats_matcher.clone().unwrap_or_default();
    let mut suffixes = REQUIRED_SUFFIXES.to_vec();
    if agent.exits_without_connections() {
        suffixes.push(DRAINING_SUFFIX);
    }
    let prefixes = wanted(agent, "statsInclusionPrefixes", &matcher.inclusion_prefixes, &REQUIRED_PREFIXES);
    let suffixes = wanted(agent, "statsInclusionSuffixes", &matcher.inclusion_suffixes, &suffixes);
    let expressions =
        wanted(agent, "statsInclusionRegexps", &matcher.inclusion_regexps, &[agent.rules.route_stats]);
    let prefix = |prefix: &str| json!({"prefix": prefix});
    let mut patterns = vec![prefix("reporter="), prefix("workload_discovery")];
    patterns.extend(prefixes.iter().map(|text| prefix(text)));
    patterns.extend(suffixes.iter().map(|text| json!({"suffix": text})));
    patterns.extend(expressions.iter().map(|text| json!({"safe_regex": {"regex": text}})));
    patterns.extend([prefix("component"), prefix("istio")]);
    patterns
}

/// An annotation's list, else the configuration's; and what is always kept.
fn wanted(agent: &Agent<'_>, key: &str, configured: &[Str], required: &[&str]) -> Vec<String> {
    let annotated = annotation(agent, &format!("sidecar.istio.io/{key}")).filter(|text| !text.is_empty());
    let chosen: Vec<&str> = match annotated {
        Some(text) => text.split(',').collect(),
        None => configured.iter().map(Str::as_str).collect(),
    };
    let addresses: Vec<String> = agent.waypoint.proxy.addresses.iter().map(ToString::to_string).collect();
    let mut all = Vec::new();
    for pattern in chosen.iter().chain(required) {
        if pattern.contains(POD_IP) {
            all.extend(addresses.iter().map(|address| pattern.replace(POD_IP, address)));
        } else {
            all.push((*pattern).to_owned());
        }
    }
    all
}

fn annotation<'a>(agent: &'a Agent<'_>, key: &str) -> Option<&'a str> {
    agent.waypoint.proxy.annotations.get(key).map(Str::as_str)
}

/// `sidecar.istio.io/statsHistogramBuckets`: a prefix of names → the buckets' limits.
fn histogram_buckets(agent: &Agent<'_>) -> Option<Value> {
    let text = annotation(agent, "sidecar.istio.io/statsHistogramBuckets")
        .filter(|_| agent.rules.stats_annotations)?;
    let buckets: std::collections::BTreeMap<String, Vec<f64>> = serde_json::from_str(text).ok()?;
    let settings: Vec<Value> = buckets
        .into_iter()
        .map(|(prefix, limits)| json!({"match": {"prefix": prefix}, "buckets": limits}))
        .collect();
    (!settings.is_empty()).then(|| settings.into())
}

/// How often statistics are flushed, where an annotation says so.
pub(super) fn flush_interval(agent: &Agent<'_>) -> Option<Value> {
    flush(agent).map(|interval| json!(interval.to_string()))
}

fn flush(agent: &Agent<'_>) -> Option<Duration> {
    interval(agent, "sidecar.istio.io/statsFlushInterval")
}

/// How often unused statistics are dropped, where an annotation says so: a multiple of the flush interval.
pub(super) fn eviction_interval(agent: &Agent<'_>) -> Option<Value> {
    let eviction = interval(agent, "sidecar.istio.io/statsEvictionInterval")?;
    let flush = flush(agent).unwrap_or(FLUSH_INTERVAL).as_nanos();
    let rest = eviction.as_nanos().checked_rem(flush)?;
    (rest == 0).then(|| json!(format!("{}s", eviction.secs())))
}

fn interval(agent: &Agent<'_>, key: &str) -> Option<Duration> {
    let text = annotation(agent, key).filter(|_| agent.rules.stats_annotations)?;
    Duration::parse(text).ok()
}

/// Where statistics are sent: a metrics service, a statsd server.
pub(super) fn sinks(agent: &Agent<'_>) -> Option<Value> {
    let metrics =
        agent.config.envoy_metrics_service.as_ref().and_then(|s| host_and_port(&s.address)).map(|_| {
            json!({
                "name": "envoy.stat_sinks.metrics_service",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.config.metrics.v3.MetricsServiceConfig",
                    "transport_api_version": "V3",
                    "grpc_service": {"envoy_grpc": {"cluster_name": METRICS_SERVICE}},
                },
            })
        });
    let statsd = agent.config.statsd_udp_address.as_deref().and_then(host_and_port).map(|(host, port)| {
        json!({
            "name": "envoy.stat_sinks.statsd",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.config.metrics.v3.StatsdSink",
                "address": {"socket_address": {"address": host, "port_value": port}},
            },
        })
    });
    let sinks: Vec<Value> = metrics.into_iter().chain(statsd).collect();
    (!sinks.is_empty()).then(|| sinks.into())
}
