//! `istio.stackdriver`: metrics and access logs for Google Cloud, by an extension that is compiled into
//! Istio's proxy.
//!
//! Source: [the extension's
//! configuration](https://github.com/istio/api/blob/release-1.18/envoy/extensions/stackdriver/config/v1alpha1/config.proto).

use std::collections::BTreeMap;

use envoy::config::core::v3::data_source::Specifier;
use envoy::config::core::v3::{AsyncDataSource, DataSource, async_data_source};
use envoy::extensions::wasm::v3::plugin_config::Vm;
use envoy::extensions::wasm::v3::{PluginConfig, VmConfig};
use envoy::google::protobuf::StringValue;
use serde::Serialize;

use crate::mesh::telemetry::{MetricsProvider, TagOverride};

/// The filter's name.
pub(super) const STACKDRIVER: &str = "istio.stackdriver";
/// The extension for what a proxy receives.
const INBOUND: &str = "stackdriver_inbound";

/// What Stackdriver calls Istio's metrics of servers. It has none of gRPC messages.
const METRICS: [(&str, Option<&str>); 10] = [
    ("REQUEST_COUNT", Some("server/request_count")),
    ("REQUEST_DURATION", Some("server/response_latencies")),
    ("REQUEST_SIZE", Some("server/request_bytes")),
    ("RESPONSE_SIZE", Some("server/response_bytes")),
    ("TCP_OPENED_CONNECTIONS", Some("server/connection_open_count")),
    ("TCP_CLOSED_CONNECTIONS", Some("server/connection_close_count")),
    ("TCP_SENT_BYTES", Some("server/sent_bytes_count")),
    ("TCP_RECEIVED_BYTES", Some("server/received_bytes_count")),
    ("GRPC_REQUEST_MESSAGES", None),
    ("GRPC_RESPONSE_MESSAGES", None),
];

/// The extension's configuration: JSON, with fields in the order of its message.
#[derive(Serialize)]
struct Settings<'a> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disable_server_access_logging: bool,
    disable_host_header_fallback: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_logging: Option<&'static str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    access_logging_filter_expression: &'a str,
    metric_expiry_duration: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metrics_overrides: BTreeMap<&'a str, MetricsOverride<'a>>,
}

#[derive(Default, Serialize)]
struct MetricsOverride<'a> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    drop: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tag_overrides: BTreeMap<&'a str, &'a str>,
}

/// The extension that does what telemetry asks of the provider.
pub(super) fn plugin(provider: &MetricsProvider<'_>) -> PluginConfig {
    let settings = serde_json::to_string(&settings(provider)).unwrap_or_default();
    let code = DataSource {
        specifier: Some(Specifier::InlineString("envoy.wasm.null.stackdriver".to_owned())),
        ..DataSource::default()
    };
    PluginConfig {
        root_id: INBOUND.to_owned(),
        vm: Some(Vm::VmConfig(VmConfig {
            vm_id: INBOUND.to_owned(),
            runtime: "envoy.wasm.runtime.null".to_owned(),
            code: Some(AsyncDataSource { specifier: Some(async_data_source::Specifier::Local(code)) }),
            ..VmConfig::default()
        })),
        configuration: Some(envoy::any(&StringValue { value: settings })),
        ..PluginConfig::default()
    }
}

fn settings<'a>(provider: &'a MetricsProvider<'_>) -> Settings<'a> {
    let logs = provider.takes_access_logs;
    let filter = provider.access_log_filter.as_deref();
    Settings {
        disable_server_access_logging: !logs,
        disable_host_header_fallback: true,
        access_logging: (logs && filter.is_none()).then_some("FULL"),
        access_logging_filter_expression: filter.filter(|_| logs).unwrap_or_default(),
        metric_expiry_duration: "3600s",
        metrics_overrides: if provider.disabled { BTreeMap::new() } else { overrides(provider) },
    }
}

/// What differs from the defaults. Tags can be set, but not removed.
fn overrides<'a>(provider: &'a MetricsProvider<'_>) -> BTreeMap<&'a str, MetricsOverride<'a>> {
    let mut overrides: BTreeMap<&str, MetricsOverride<'_>> = BTreeMap::new();
    for change in &provider.overrides {
        let name = match METRICS.iter().find(|(istio, _)| *istio == change.name) {
            Some((_, None)) => continue,
            Some((_, Some(known))) => known,
            None => change.name.as_str(),
        };
        let metric = overrides.entry(name).or_default();
        metric.drop = change.disabled;
        for (tag, to) in &change.tags {
            if let TagOverride::Upsert(value) = to {
                metric.tag_overrides.insert(tag, value);
            }
        }
    }
    overrides
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::telemetry::MetricOverride;
    use crate::snapshot::mesh_config::ExtensionProvider;

    fn written(change: impl FnOnce(&mut MetricsProvider<'_>)) -> String {
        let provider = ExtensionProvider::default();
        let mut asked = MetricsProvider::of(&provider);
        change(&mut asked);
        let plugin = plugin(&asked);
        envoy::unpack::<StringValue>(&plugin.configuration.unwrap()).unwrap().value
    }

    #[test]
    fn access_logs_are_off_full_or_filtered() {
        let rest = r#""disable_host_header_fallback":true"#;
        let expiry = r#""metric_expiry_duration":"3600s""#;
        assert_eq!(written(|_| {}), format!(r#"{{"disable_server_access_logging":true,{rest},{expiry}}}"#));
        let full = written(|p| p.takes_access_logs = true);
        assert_eq!(full, format!(r#"{{{rest},"access_logging":"FULL",{expiry}}}"#));
        let filtered = written(|p| {
            p.takes_access_logs = true;
            p.access_log_filter = Some("response.code >= 400".into());
        });
        let expression = r#""access_logging_filter_expression":"response.code >= 400""#;
        assert_eq!(filtered, format!(r#"{{{rest},{expression},{expiry}}}"#));
    }

    #[test]
    fn metrics_have_names_of_their_own() {
        let change = |name: &str, disabled| MetricOverride {
            name: name.into(),
            disabled,
            tags: BTreeMap::from([
                ("a".into(), TagOverride::Upsert("'x'".into())),
                ("b".into(), TagOverride::Remove),
            ]),
        };
        let all = written(|p| {
            let names = [("GRPC_REQUEST_MESSAGES", true), ("REQUEST_COUNT", true), ("custom", false)];
            p.overrides = names.map(|(name, disabled)| change(name, disabled)).into();
        });
        let overrides = r#""metrics_overrides":{"custom":{"tag_overrides":{"a":"'x'"}},"server/request_count":{"drop":true,"tag_overrides":{"a":"'x'"}}}}"#;
        assert!(all.ends_with(overrides), "{all}");
        assert!(!written(|p| p.disabled = true).contains("metrics_overrides"));
    }
}
