//! What several resources amount to.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::release::Release;
use crate::rules::Rules;
use crate::snapshot::{Meta, Source};

fn config() -> MeshSettings {
    let json = serde_json::json!({
        "rootNamespace": "istio-system",
        "defaultProviders": {"metrics": ["prometheus"]},
        "extensionProviders": [
            {"name": "prometheus", "prometheus": {}},
            {"name": "envoy", "envoyFileAccessLog": {"path": "/dev/stdout"}},
            {"name": "other", "envoyFileAccessLog": {"path": "/other"}},
            {"name": "zipkin", "zipkin": {"service": "zipkin.observe.svc", "port": 9411}},
        ],
    });
    MeshSettings::new(serde_json::from_value(json).unwrap())
}

fn telemetry(namespace: &str, name: &str, spec: serde_json::Value) -> Arc<Object<Telemetry>> {
    let meta = Meta { namespace: namespace.into(), name: name.into(), ..Meta::default() };
    Arc::new(Object { meta, spec: serde_json::from_value(spec).unwrap(), source: Source::default() })
}

/// Resources that apply.
fn bound(resources: &[Arc<Object<Telemetry>>]) -> Applicable<'_> {
    resources.iter().map(|object| Bound { object, by: attachment::Binding::Namespace }).collect()
}

/// The specs as resources that apply, the least important first.
fn applicable(specs: Vec<serde_json::Value>) -> Vec<Arc<Object<Telemetry>>> {
    specs.into_iter().map(|spec| telemetry("ns", "t", spec)).collect()
}

fn loggers(specs: Vec<serde_json::Value>) -> Option<Vec<(String, Option<String>, bool)>> {
    let resources = applicable(specs);
    let config = config();
    let loggers = access_loggers(&bound(&resources), &config)?;
    Some(
        loggers
            .iter()
            .map(|l| (l.provider.name.to_string(), l.filter.as_ref().map(Str::to_string), l.disabled))
            .collect(),
    )
}

#[test]
fn without_access_logging_the_mesh_configuration_holds() {
    assert_eq!(loggers(vec![serde_json::json!({"metrics": [{}]})]), None);
}

#[test]
fn the_last_level_that_names_providers_replaces_them() {
    let root = serde_json::json!({"accessLogging": [{"providers": [{"name": "envoy"}]}]});
    let namespace = serde_json::json!({"accessLogging": [{"providers": [{"name": "other"}]}]});
    assert_eq!(loggers(vec![root, namespace]), Some(vec![("other".to_owned(), None, false)]));
}

#[test]
fn a_level_without_providers_changes_those_above() {
    let root = serde_json::json!({"accessLogging": [{"providers": [{"name": "Envoy"}]}]});
    let off = serde_json::json!({"accessLogging": [{"disabled": true}]});
    assert_eq!(loggers(vec![root.clone(), off]), Some(vec![("envoy".to_owned(), None, true)]));
    // A filter without a provider is lost: filters are kept by the provider that they are given for.
    let filtered = serde_json::json!({"accessLogging": [{"filter": {"expression": "x"}}]});
    assert_eq!(loggers(vec![root, filtered]), Some(vec![("envoy".to_owned(), None, false)]));
}

#[test]
fn what_is_said_of_clients_does_not_count() {
    let server = serde_json::json!({"accessLogging": [
        {"providers": [{"name": "envoy"}], "match": {"mode": "SERVER"}, "filter": {"expression": "x"}},
        {"providers": [{"name": "envoy"}], "match": {"mode": "CLIENT"}, "disabled": true},
    ]});
    assert_eq!(loggers(vec![server]), Some(vec![("envoy".to_owned(), Some("x".to_owned()), false)]));
}

#[test]
fn overrides_of_metrics_are_merged_tag_by_tag() {
    let resources = applicable(vec![
        serde_json::json!({"metrics": [{"reportingInterval": "5s", "overrides": [
            {"match": {"metric": "REQUEST_COUNT"}, "tagOverrides": {"a": {"value": "1"}, "b": {"operation": "REMOVE"}}},
        ]}]}),
        serde_json::json!({"metrics": [{"overrides": [
            {"match": {"metric": "REQUEST_COUNT", "mode": "SERVER"}, "tagOverrides": {"a": {"value": "2"}}},
            {"match": {"metric": "REQUEST_SIZE", "mode": "CLIENT"}, "disabled": true},
            {"match": {"customMetric": "mine"}, "disabled": true},
        ]}]}),
    ]);
    let config = config();
    let providers = metrics_providers(&bound(&resources), &config, &Rules::of(Release::V1_31).listeners);
    let [prometheus] = providers.as_slice() else { panic!("one provider") };
    assert_eq!(prometheus.reporting_interval.map(|d| d.to_string()).as_deref(), Some("5s"));
    let names: Vec<_> = prometheus.overrides.iter().map(|o| (o.name.as_str(), o.disabled)).collect();
    assert_eq!(names, [("REQUEST_COUNT", false), ("mine", true)]);
    assert_eq!(prometheus.overrides[0].tags["a"], TagOverride::Upsert("2".into()));
    assert_eq!(prometheus.overrides[0].tags["b"], TagOverride::Remove);
}

#[test]
fn all_metrics_are_off_until_something_else_is_said() {
    let off = serde_json::json!({"metrics": [{"overrides": [{"match": {"metric": "ALL_METRICS"}, "disabled": true}]}]});
    let on = serde_json::json!({"metrics": [{"overrides": [{"match": {"metric": "REQUEST_COUNT"}}]}]});
    let config = config();
    let disabled = |specs| {
        let resources = applicable(specs);
        metrics_providers(&bound(&resources), &config, &Rules::of(Release::V1_31).listeners)
            .first()
            .map(|p| p.disabled)
    };
    assert_eq!(disabled(vec![off.clone()]), Some(true));
    assert_eq!(disabled(vec![off, on]), Some(false));
}

#[test]
fn tracing_is_merged_field_by_field() {
    let resources = applicable(vec![
        serde_json::json!({"tracing": [{"providers": [{"name": "zipkin"}], "randomSamplingPercentage": 5}]}),
        serde_json::json!({"tracing": [
            {"customTags": {"a": {"literal": {"value": "b"}}}},
            {"match": {"mode": "CLIENT"}, "disableSpanReporting": true},
        ]}),
    ]);
    let config = config();
    let applicable = bound(&resources);
    let spec = tracing_spec(&applicable, &config).unwrap();
    assert_eq!(spec.provider.map(|p| p.name.as_str()), Some("zipkin"));
    assert_eq!((spec.random_sampling_percentage, spec.disabled), (Some(5.0), false));
    assert_eq!(spec.custom_tags.map(BTreeMap::len), Some(1));
}

#[test]
fn tracing_without_a_provider_is_off() {
    let resources = applicable(vec![serde_json::json!({"tracing": [{"randomSamplingPercentage": 5}]})]);
    assert_eq!(tracing_spec(&bound(&resources), &config()).map(|spec| spec.disabled), Some(true));
    assert_eq!(tracing_spec(&Vec::new(), &config()), None);
}
