//! Which statistics Envoy keeps, how they are tagged, and where they go.

use envoy::config::bootstrap::v3::bootstrap::StatsEviction;
use envoy::config::metrics::v3::stats_matcher::StatsMatcher as Selection;
use envoy::config::metrics::v3::stats_sink::ConfigType as SinkConfig;
use envoy::config::metrics::v3::statsd_sink::StatsdSpecifier;
use envoy::config::metrics::v3::tag_specifier::TagValue;
use envoy::config::metrics::v3::{
    HistogramBucketSettings, StatsConfig, StatsMatcher, StatsSink, StatsdSink, TagSpecifier,
};
use envoy::google::protobuf::Any;
use envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use envoy::r#type::matcher::v3::{ListStringMatcher, RegexMatcher, StringMatcher};
use serde_json::json;

use super::agent::{Agent, host_and_port};
use super::as_struct;
use super::clusters::METRICS_SERVICE;
use crate::Str;
use crate::resources::proto::{duration, socket};
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
pub(super) fn config(agent: &Agent<'_>) -> StatsConfig {
    let list = ListStringMatcher { patterns: patterns(agent) };
    StatsConfig {
        use_all_default_tags: Some(false.into()),
        stats_tags: tags(agent),
        histogram_bucket_settings: histogram_buckets(agent),
        stats_matcher: Some(StatsMatcher { stats_matcher: Some(Selection::InclusionList(list)) }),
        ..StatsConfig::default()
    }
}

fn tags(agent: &Agent<'_>) -> Vec<TagSpecifier> {
    let specifier = |name: &str, regex: String| TagSpecifier {
        tag_name: name.to_owned(),
        tag_value: Some(TagValue::Regex(regex)),
    };
    let mut tags = Vec::new();
    for (name, regex) in agent.rules.stats_tags {
        tags.push(specifier(name, (*regex).to_owned()));
        if *name == BootstrapRules::EXTRA_TAGS_BEHIND {
            tags.extend(extra_tags(agent).iter().map(|tag| specifier(tag, extra_tag(tag))));
        }
    }
    tags
}

/// Where the value of a tag that is added is in a statistic's name.
pub(super) fn extra_tag(tag: &str) -> String {
    format!(r"({tag}=\.=(.*?);\.;)")
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

fn patterns(agent: &Agent<'_>) -> Vec<StringMatcher> {
    let matcher = agent.config.proxy_stats_matcher.clone().unwrap_or_default();
    let mut suffixes = REQUIRED_SUFFIXES.to_vec();
    if agent.exits_without_connections() {
        suffixes.push(DRAINING_SUFFIX);
    }
    let prefixes = wanted(agent, "statsInclusionPrefixes", &matcher.inclusion_prefixes, &REQUIRED_PREFIXES);
    let suffixes = wanted(agent, "statsInclusionSuffixes", &matcher.inclusion_suffixes, &suffixes);
    let expressions =
        wanted(agent, "statsInclusionRegexps", &matcher.inclusion_regexps, &[agent.rules.route_stats]);
    let regex = |regex: String| RegexMatcher { regex, ..RegexMatcher::default() };
    let mut patterns = vec![prefix("reporter="), prefix("workload_discovery")];
    patterns.extend(prefixes.iter().map(|text| prefix(text)));
    patterns.extend(suffixes.into_iter().map(|text| matching(MatchPattern::Suffix(text))));
    patterns.extend(expressions.into_iter().map(|text| matching(MatchPattern::SafeRegex(regex(text)))));
    patterns.extend([prefix("component"), prefix("istio")]);
    patterns
}

fn matching(pattern: MatchPattern) -> StringMatcher {
    StringMatcher { match_pattern: Some(pattern), ..StringMatcher::default() }
}

fn prefix(prefix: &str) -> StringMatcher {
    matching(MatchPattern::Prefix(prefix.to_owned()))
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
fn histogram_buckets(agent: &Agent<'_>) -> Vec<HistogramBucketSettings> {
    let text =
        annotation(agent, "sidecar.istio.io/statsHistogramBuckets").filter(|_| agent.rules.stats_annotations);
    let buckets: Option<std::collections::BTreeMap<String, Vec<f64>>> =
        text.and_then(|text| serde_json::from_str(text).ok());
    buckets
        .into_iter()
        .flatten()
        .map(|(name, buckets)| HistogramBucketSettings {
            r#match: Some(prefix(&name)),
            buckets,
            ..HistogramBucketSettings::default()
        })
        .collect()
}

/// How often statistics are flushed, where an annotation says so.
pub(super) fn flush_interval(agent: &Agent<'_>) -> Option<Duration> {
    flush(agent)
}

fn flush(agent: &Agent<'_>) -> Option<Duration> {
    interval(agent, "sidecar.istio.io/statsFlushInterval")
}

/// How often unused statistics are dropped, where an annotation says so: a multiple of the flush interval.
pub(super) fn eviction(agent: &Agent<'_>) -> Option<StatsEviction> {
    let eviction = interval(agent, "sidecar.istio.io/statsEvictionInterval")?;
    let flush = flush(agent).unwrap_or(FLUSH_INTERVAL).as_nanos();
    let rest = eviction.as_nanos().checked_rem(flush)?;
    let seconds = duration(Duration::from_secs(eviction.secs()));
    (rest == 0).then_some(StatsEviction::StatsEvictionInterval(seconds))
}

fn interval(agent: &Agent<'_>, key: &str) -> Option<Duration> {
    let text = annotation(agent, key).filter(|_| agent.rules.stats_annotations)?;
    Duration::parse(text).ok()
}

/// Where statistics are sent: a metrics service, a statsd server.
pub(super) fn sinks(agent: &Agent<'_>) -> Vec<StatsSink> {
    let metrics = agent.config.envoy_metrics_service.as_ref();
    let metrics = metrics.and_then(|service| host_and_port(&service.address)).map(|_| {
        let config = json!({
            "transport_api_version": "V3",
            "grpc_service": {"envoy_grpc": {"cluster_name": METRICS_SERVICE}},
        });
        let config = as_struct("envoy.config.metrics.v3.MetricsServiceConfig", &config);
        sink("envoy.stat_sinks.metrics_service", config)
    });
    let statsd = agent.config.statsd_udp_address.as_deref().and_then(host_and_port).map(|(host, port)| {
        let address = Some(StatsdSpecifier::Address(socket(host, port.into())));
        let config = StatsdSink { statsd_specifier: address, ..StatsdSink::default() };
        sink("envoy.stat_sinks.statsd", envoy::any(&config))
    });
    metrics.into_iter().chain(statsd).collect()
}

fn sink(name: &str, config: Any) -> StatsSink {
    StatsSink { name: name.to_owned(), config_type: Some(SinkConfig::TypedConfig(config)) }
}
