//! Which metrics a waypoint reports, and to whom.

use std::collections::{BTreeMap, BTreeSet};

use super::access_logging::selections;
use super::{Applicable, defaults, names_or, provider};
use crate::Str;
use crate::mesh::MeshSettings;
use crate::rules::ListenerRules;
use crate::snapshot::Duration;
use crate::snapshot::mesh_config::ExtensionProvider;
use crate::snapshot::telemetry::{
    IstioMetric, MetricSelector, Metrics, MetricsOverrides, TagOperation, TelemetryMode,
};

/// A provider that metrics (or, for some kinds, access logs) go to through a filter.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricsProvider<'c> {
    /// The provider.
    pub provider: &'c ExtensionProvider,
    /// Whether it takes metrics at all, or is here for access logs only.
    pub takes_metrics: bool,
    /// Whether it takes access logs.
    pub takes_access_logs: bool,
    /// The CEL expression that selects the access logs; none = all.
    pub access_log_filter: Option<Str>,
    /// Whether all metrics of servers were switched off.
    pub disabled: bool,
    /// How often TCP metrics are reported.
    pub reporting_interval: Option<Duration>,
    /// What differs from the defaults, by metric.
    pub overrides: Vec<MetricOverride>,
}

impl<'c> MetricsProvider<'c> {
    /// The provider, of which nothing is asked.
    pub fn of(provider: &'c ExtensionProvider) -> Self {
        Self {
            provider,
            takes_metrics: false,
            takes_access_logs: false,
            access_log_filter: None,
            disabled: false,
            reporting_interval: None,
            overrides: Vec::new(),
        }
    }
}

/// What differs from the defaults for one metric.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricOverride {
    /// The metric's name: Istio's (`REQUEST_COUNT`), or a custom one.
    pub name: Str,
    /// Whether it is not reported.
    pub disabled: bool,
    /// Tags that are set or removed, by name.
    pub tags: BTreeMap<Str, TagOverride>,
}

/// What happens to a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagOverride {
    /// It is left out.
    Remove,
    /// It has the value of this CEL expression.
    Upsert(Str),
}

/// Every metric there is, in the order of their names.
const ALL_METRICS: [IstioMetric; 10] = [
    IstioMetric::GrpcRequestMessages,
    IstioMetric::GrpcResponseMessages,
    IstioMetric::RequestCount,
    IstioMetric::RequestDuration,
    IstioMetric::RequestSize,
    IstioMetric::ResponseSize,
    IstioMetric::TcpClosedConnections,
    IstioMetric::TcpOpenedConnections,
    IstioMetric::TcpReceivedBytes,
    IstioMetric::TcpSentBytes,
];

/// The providers that take metrics or access logs of a server, by name.
#[must_use]
pub fn metrics_providers<'c>(
    applicable: &Applicable<'_>,
    config: &'c MeshSettings,
    rules: &ListenerRules,
) -> Vec<MetricsProvider<'c>> {
    let mut metrics = merge(applicable, config, rules);
    let logs = selections(applicable, config);
    let logging = logs.iter().filter(|(_, selection)| !selection.disabled).map(|(name, _)| name.clone());
    let names: BTreeSet<Str> = metrics.keys().cloned().chain(logging).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let provider = provider(config, &name)?;
            let merged = metrics.remove(&name);
            let takes_metrics = merged.is_some();
            let merged = merged.unwrap_or_default();
            Some(MetricsProvider {
                takes_metrics,
                takes_access_logs: logs
                    .get(&name)
                    .is_some_and(|selection| !selection.disabled || rules.stackdriver),
                access_log_filter: logs.get(&provider.name).and_then(|selection| selection.filter.clone()),
                disabled: merged.all_disabled,
                reporting_interval: merged.reporting_interval,
                overrides: merged.overrides.into_values().collect(),
                ..MetricsProvider::of(provider)
            })
        })
        .collect()
}

/// What several resources say of one provider.
#[derive(Default)]
struct Merged {
    all_disabled: bool,
    reporting_interval: Option<Duration>,
    overrides: BTreeMap<Str, MetricOverride>,
}

fn merge(applicable: &Applicable<'_>, config: &MeshSettings, rules: &ListenerRules) -> BTreeMap<Str, Merged> {
    let defaults = defaults(config, |p| &p.metrics);
    let all: Vec<&Metrics> = applicable.iter().flat_map(|t| &t.spec.metrics).collect();
    if all.is_empty() {
        return defaults.into_iter().map(|name| (name.into(), Merged::default())).collect();
    }
    // The last one to name providers decides which of them count.
    let last = all.iter().rev().find(|m| !m.providers.is_empty());
    let in_scope: BTreeSet<&str> =
        last.map_or_else(|| defaults.clone(), |m| names_or(&m.providers, &[])).into_iter().collect();
    let mut merged: BTreeMap<Str, Merged> = BTreeMap::new();
    let mut inherited = defaults;
    for metrics in all {
        let names = names_or(&metrics.providers, &inherited);
        for name in names.iter().filter(|name| in_scope.contains(**name)) {
            let merged = merged.entry((*name).into()).or_default();
            merged.reporting_interval = metrics.reporting_interval.or(merged.reporting_interval);
            for change in metrics.overrides.iter().filter(|o| is_for_servers(o)) {
                apply(merged, change, rules);
            }
        }
        inherited = names;
    }
    merged
}

fn apply(merged: &mut Merged, change: &MetricsOverrides, rules: &ListenerRules) {
    let selector = change.matches.as_ref();
    if selects_all(selector, rules) && change.disabled == Some(true) {
        merged.all_disabled = true;
        return;
    }
    // Any other change, whatever it says, takes back that all were switched off.
    merged.all_disabled = false;
    for name in selected(selector) {
        let metric = merged
            .overrides
            .entry(name.clone())
            .or_insert_with(|| MetricOverride { name, ..Default::default() });
        metric.disabled = change.disabled.unwrap_or(metric.disabled);
        for (tag, to) in &change.tag_overrides {
            let to = match to.operation {
                TagOperation::Remove => TagOverride::Remove,
                TagOperation::Upsert => TagOverride::Upsert(to.value.clone()),
            };
            metric.tags.insert(tag.clone(), to);
        }
    }
}

/// Whether it selects all metrics, by their name or by no name.
fn selects_all(selector: Option<&MetricSelector>, rules: &ListenerRules) -> bool {
    match selector.map_or((None, None), |s| (s.custom_metric.as_ref(), s.metric)) {
        (Some(_), _) => false,
        (None, None) => !rules.stackdriver,
        (None, Some(metric)) => metric == IstioMetric::AllMetrics,
    }
}

fn selected(selector: Option<&MetricSelector>) -> Vec<Str> {
    match selector {
        Some(MetricSelector { custom_metric: Some(custom), .. }) => vec![custom.clone()],
        Some(MetricSelector { metric: Some(metric), .. }) if *metric != IstioMetric::AllMetrics => {
            vec![metric.as_str().into()]
        }
        _ => ALL_METRICS.iter().map(|metric| metric.as_str().into()).collect(),
    }
}

/// A waypoint takes requests: it is a server.
fn is_for_servers(change: &MetricsOverrides) -> bool {
    change.matches.as_ref().is_none_or(|m| m.mode != TelemetryMode::Client)
}
