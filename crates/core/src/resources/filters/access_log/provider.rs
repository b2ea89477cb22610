//! Where access logs go.

use envoy::config::accesslog::v3::AccessLog;
use envoy::config::accesslog::v3::access_log::ConfigType;
use envoy::config::core::v3::grpc_service::{EnvoyGrpc, TargetSpecifier};
use envoy::config::core::v3::{ApiVersion, GrpcService};
use envoy::extensions::access_loggers::grpc::v3::{
    CommonGrpcAccessLogConfig, HttpGrpcAccessLogConfig, TcpGrpcAccessLogConfig,
};
use envoy::extensions::access_loggers::open_telemetry::v3::OpenTelemetryAccessLogConfig;
use envoy::google::protobuf::Any;
use envoy::opentelemetry::proto::common::v1::{AnyValue, KeyValue, KeyValueList, any_value};

use super::format;
use crate::Str;
use crate::plan::WaypointSettings;
use crate::plan::provider::Upstream;
use crate::plan::telemetry::LogSink;
use crate::resources::filters::provider::grpc;
use crate::rules::AccessLogRules;
use crate::snapshot::extensions;
use crate::snapshot::mesh_config::provider::{EnvoyGrpcAccessLog, EnvoyOpenTelemetryLog};

/// The access log of a telemetry provider.
pub(super) fn access_log(settings: &WaypointSettings<'_>, sink: &LogSink<'_>) -> AccessLog {
    let rules = &settings.rules.access_logs;
    match sink {
        LogSink::MeshFile(file) => format::mesh_file(&file.path, settings.mesh, rules),
        LogSink::File(file) => format::provider_file(file, rules),
        LogSink::HttpGrpc(http, upstream) => http_log(HttpGrpcAccessLogConfig {
            common_config: Some(grpc_of(http, upstream, "http_envoy_accesslog", rules)),
            additional_request_headers_to_log: owned(&http.additional_request_headers_to_log),
            additional_response_headers_to_log: owned(&http.additional_response_headers_to_log),
            additional_response_trailers_to_log: owned(&http.additional_response_trailers_to_log),
        }),
        LogSink::TcpGrpc(tcp, upstream) => tcp_log(grpc_of(tcp, upstream, "tcp_envoy_accesslog", rules)),
        LogSink::OpenTelemetry(otel, upstream) => open_telemetry(otel, upstream, rules),
    }
}

/// The gRPC access log of connections, to the service of the bootstrap.
pub(super) fn tcp_of_mesh(log_name: &str, rules: &AccessLogRules) -> AccessLog {
    tcp_log(common(log_name, service_of_bootstrap(), rules.filter_state))
}

/// The gRPC access log of requests, to the service of the bootstrap.
pub(super) fn http_of_mesh(rules: &AccessLogRules) -> AccessLog {
    http_log(HttpGrpcAccessLogConfig {
        common_config: Some(common("http_envoy_accesslog", service_of_bootstrap(), rules.filter_state)),
        ..HttpGrpcAccessLogConfig::default()
    })
}

fn service_of_bootstrap() -> GrpcService {
    GrpcService {
        target_specifier: Some(TargetSpecifier::EnvoyGrpc(EnvoyGrpc {
            cluster_name: "envoy_accesslog_service".to_owned(),
            ..EnvoyGrpc::default()
        })),
        ..GrpcService::default()
    }
}

fn grpc_of(
    log: &EnvoyGrpcAccessLog,
    upstream: &Upstream,
    default_name: &str,
    rules: &AccessLogRules,
) -> CommonGrpcAccessLogConfig {
    let name = if log.log_name.is_empty() { default_name } else { &log.log_name };
    let mut config = common(name, grpc(upstream), rules.provider_filter_state);
    if !log.filter_state_objects_to_log.is_empty() {
        config.filter_state_objects_to_log = owned(&log.filter_state_objects_to_log);
    }
    config
}

fn open_telemetry(log: &EnvoyOpenTelemetryLog, upstream: &Upstream, rules: &AccessLogRules) -> AccessLog {
    let name = if log.log_name.is_empty() { "otel_envoy_accesslog" } else { &log.log_name };
    let given = log.log_format.as_ref();
    let text = given.and_then(|f| f.text.as_deref()).filter(|text| !text.is_empty());
    let text = text.map_or_else(|| format::default_text(rules), str::to_owned);
    let labels = given.and_then(|f| f.labels.as_ref()).filter(|labels| !labels.is_empty());
    let formatters = if rules.otel_formatters { formatters(&text, labels, rules) } else { Vec::new() };
    let config = OpenTelemetryAccessLogConfig {
        common_config: Some(common(name, grpc(upstream), rules.filter_state)),
        disable_builtin_labels: rules.otel_only_own_labels,
        body: Some(string_value(&text)),
        attributes: labels.map(attributes),
        formatters,
        ..OpenTelemetryAccessLogConfig::default()
    };
    access_log_of("envoy.access_loggers.open_telemetry", envoy::any(&config))
}

/// Formatters for the text and the labels, each once.
fn formatters(
    text: &str,
    labels: Option<&extensions::Struct>,
    rules: &AccessLogRules,
) -> Vec<envoy::config::core::v3::TypedExtensionConfig> {
    let labels = labels.into_iter().flat_map(|labels| labels.values()).filter_map(|value| value.as_str());
    format::formatters(std::iter::once(text).chain(labels), rules)
}

/// Labels by name. A value that is no string is sent as an empty one.
fn attributes(labels: &extensions::Struct) -> KeyValueList {
    let mut values: Vec<KeyValue> = labels
        .iter()
        .map(|(key, value)| KeyValue {
            key: key.clone(),
            value: Some(string_value(value.as_str().unwrap_or_default())),
            ..KeyValue::default()
        })
        .collect();
    values.sort_by(|a, b| a.key.cmp(&b.key));
    KeyValueList { values }
}

fn string_value(text: &str) -> AnyValue {
    AnyValue { value: Some(any_value::Value::StringValue(text.to_owned())) }
}

fn common(name: &str, service: GrpcService, filter_state: &[&str]) -> CommonGrpcAccessLogConfig {
    CommonGrpcAccessLogConfig {
        log_name: name.to_owned(),
        grpc_service: Some(service),
        transport_api_version: ApiVersion::V3.into(),
        filter_state_objects_to_log: filter_state.iter().map(|&name| name.to_owned()).collect(),
        ..CommonGrpcAccessLogConfig::default()
    }
}

fn http_log(config: HttpGrpcAccessLogConfig) -> AccessLog {
    access_log_of("envoy.access_loggers.http_grpc", envoy::any(&config))
}

fn tcp_log(common: CommonGrpcAccessLogConfig) -> AccessLog {
    let config = TcpGrpcAccessLogConfig { common_config: Some(common) };
    // Not the name that Envoy's registry has, but Istio's; Envoy goes by the type.
    access_log_of("envoy.tcp_grpc_access_log", envoy::any(&config))
}

fn access_log_of(name: &str, config: Any) -> AccessLog {
    AccessLog {
        name: name.to_owned(),
        config_type: Some(ConfigType::TypedConfig(config)),
        ..AccessLog::default()
    }
}

fn owned(names: &[Str]) -> Vec<String> {
    names.iter().map(Str::to_string).collect()
}
