//! What a line of a log file looks like.

use envoy::config::accesslog::v3::AccessLog;
use envoy::config::accesslog::v3::access_log::ConfigType;
use envoy::config::core::v3::substitution_format_string::Format;
use envoy::config::core::v3::{JsonFormatOptions, SubstitutionFormatString, TypedExtensionConfig};
use envoy::extensions::access_loggers::file::v3::FileAccessLog;
use envoy::extensions::access_loggers::file::v3::file_access_log::AccessLogFormat;
use envoy::extensions::formatter::metadata::v3::Metadata;
use envoy::extensions::formatter::req_without_query::v3::ReqWithoutQuery;
use envoy::google::protobuf::{Struct, value::Kind};

use crate::mesh::MeshSettings;
use crate::resources::filters::{extension_config, format_string};
use crate::rules::AccessLogRules;
use crate::snapshot::extensions;
use crate::snapshot::mesh_config::AccessLogEncoding;
use crate::snapshot::mesh_config::provider::{EnvoyFileAccessLog, LogFormat};

/// Istio's text format up to the upstream's cluster, whose operator differs between releases.
const TEXT_BEFORE_CLUSTER: &str = "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% \
    %PROTOCOL%\" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% \
    \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% \
    %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \
    \"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" ";
/// Istio's text format behind it.
const TEXT_BEHIND_CLUSTER: &str = " %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% \
    %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n";

/// Istio's JSON format, but for the upstream's cluster.
const JSON: [(&str, &str); 23] = [
    ("authority", "%REQ(:AUTHORITY)%"),
    ("bytes_received", "%BYTES_RECEIVED%"),
    ("bytes_sent", "%BYTES_SENT%"),
    ("connection_termination_details", "%CONNECTION_TERMINATION_DETAILS%"),
    ("downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%"),
    ("downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"),
    ("duration", "%DURATION%"),
    ("method", "%REQ(:METHOD)%"),
    ("path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"),
    ("protocol", "%PROTOCOL%"),
    ("request_id", "%REQ(X-REQUEST-ID)%"),
    ("requested_server_name", "%REQUESTED_SERVER_NAME%"),
    ("response_code", "%RESPONSE_CODE%"),
    ("response_code_details", "%RESPONSE_CODE_DETAILS%"),
    ("response_flags", "%RESPONSE_FLAGS%"),
    ("route_name", "%ROUTE_NAME%"),
    ("start_time", "%START_TIME%"),
    ("upstream_host", "%UPSTREAM_HOST%"),
    ("upstream_local_address", "%UPSTREAM_LOCAL_ADDRESS%"),
    ("upstream_service_time", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"),
    ("upstream_transport_failure_reason", "%UPSTREAM_TRANSPORT_FAILURE_REASON%"),
    ("user_agent", "%REQ(USER-AGENT)%"),
    ("x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"),
];

/// The log file of a mesh configuration.
pub(super) fn mesh_file(path: &str, config: &MeshSettings, rules: &AccessLogRules) -> AccessLog {
    let given = config.access_log_format.as_str();
    let format = match config.access_log_encoding {
        AccessLogEncoding::Text => text(given, rules),
        AccessLogEncoding::Json => {
            // What is no JSON object is ignored, with an error in the control plane's log.
            let parsed = serde_json::from_str::<extensions::Struct>(given).ok();
            json(parsed.as_ref().map_or_else(|| default_json(rules), Struct::from), rules)
        }
    };
    file(path, Some(format))
}

/// The log file of a telemetry provider.
pub(super) fn provider_file(provider: &EnvoyFileAccessLog, rules: &AccessLogRules) -> AccessLog {
    let format = match &provider.log_format {
        None => Some(text("", rules)),
        Some(LogFormat { labels: Some(labels), .. }) if labels.is_empty() => {
            Some(json(default_json(rules), rules))
        }
        Some(LogFormat { labels: Some(labels), .. }) => Some(json(labels.into(), rules)),
        Some(LogFormat { text: Some(given), .. }) => Some(text(given, rules)),
        // An accident: Envoy's own format, not Istio's.
        Some(LogFormat { labels: None, text: None }) => None,
    };
    let path = if provider.path.is_empty() { "/dev/stdout" } else { &provider.path };
    let omit_empty_values = provider.omit_empty_values;
    file(path, format.map(|format| SubstitutionFormatString { omit_empty_values, ..format }))
}

/// Istio's own text format.
pub(super) fn default_text(rules: &AccessLogRules) -> String {
    [TEXT_BEFORE_CLUSTER, rules.upstream_cluster, TEXT_BEHIND_CLUSTER].concat()
}

fn default_json(rules: &AccessLogRules) -> Struct {
    JSON.into_iter().chain([("upstream_cluster", rules.upstream_cluster)]).collect()
}

fn text(given: &str, rules: &AccessLogRules) -> SubstitutionFormatString {
    let format = match given {
        "" => default_text(rules),
        _ if given.ends_with('\n') => given.to_owned(),
        _ => format!("{given}\n"),
    };
    SubstitutionFormatString { formatters: formatters([format.as_str()], rules), ..format_string(format) }
}

fn json(format: Struct, rules: &AccessLogRules) -> SubstitutionFormatString {
    SubstitutionFormatString {
        formatters: formatters(strings(&format.fields), rules),
        json_format_options: rules.json_format_options.then(JsonFormatOptions::default),
        format: Some(Format::JsonFormat(format)),
        ..SubstitutionFormatString::default()
    }
}

/// The strings of a JSON format's top level: operators further down are not looked for.
pub(super) fn strings(
    fields: &envoy::Map<envoy::google::protobuf::Value>,
) -> impl Iterator<Item = &str> + Clone {
    fields.values().filter_map(|value| match &value.kind {
        Some(Kind::StringValue(text)) => Some(text.as_str()),
        _ => None,
    })
}

/// The formatters for the operators in a format that Envoy has not built in.
pub(super) fn formatters<'a>(
    formats: impl IntoIterator<Item = &'a str, IntoIter: Clone>,
    rules: &AccessLogRules,
) -> Vec<TypedExtensionConfig> {
    let formats = formats.into_iter();
    let uses = |operator: &str| formats.clone().any(|format| format.contains(operator));
    let mut formatters = Vec::new();
    if uses("%REQ_WITHOUT_QUERY") {
        formatters.push(extension_config("envoy.formatter.req_without_query", &ReqWithoutQuery::default()));
    }
    if rules.metadata_formatter && uses("%METADATA") {
        formatters.push(extension_config("envoy.formatter.metadata", &Metadata::default()));
    }
    formatters
}

fn file(path: &str, format: Option<SubstitutionFormatString>) -> AccessLog {
    let config =
        FileAccessLog { path: path.to_owned(), access_log_format: format.map(AccessLogFormat::LogFormat) };
    AccessLog {
        name: "envoy.access_loggers.file".to_owned(),
        config_type: Some(ConfigType::TypedConfig(envoy::any(&config))),
        ..AccessLog::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;

    #[test]
    fn a_missing_newline_is_added() {
        let rules = &crate::rules::Rules::of(Release::V1_31).access_logs;
        for given in ["%PROTOCOL%", "%PROTOCOL%\n"] {
            assert_eq!(text(given, rules), format_string("%PROTOCOL%\n"));
        }
    }

    #[test]
    fn the_default_format_ends_a_line_and_has_every_quote_closed() {
        for release in Release::ALL {
            let format = default_text(&crate::rules::Rules::of(*release).access_logs);
            assert!(format.ends_with("%ROUTE_NAME%\n"), "{format}");
            assert_eq!(format.matches('"').count() % 2, 0);
            assert!(!format.contains("  "), "{format}");
        }
    }

    #[test]
    fn formatters_are_named_where_an_operator_needs_one() {
        let format = "%REQ_WITHOUT_QUERY(:PATH)% %METADATA(ROUTE:x)%";
        let names = |release: Release| {
            let formatters = formatters([format], &crate::rules::Rules::of(release).access_logs);
            formatters.into_iter().map(|f| f.name).collect::<Vec<_>>()
        };
        assert_eq!(names(Release::V1_18), ["envoy.formatter.req_without_query", "envoy.formatter.metadata"]);
        assert_eq!(names(Release::V1_31), ["envoy.formatter.req_without_query"]);
    }

    #[test]
    fn broken_json_falls_back_to_the_default() {
        let rules = &crate::rules::Rules::of(Release::V1_31).access_logs;
        let config = |format: &str| {
            let mut config = MeshSettings::default();
            config.access_log_encoding = AccessLogEncoding::Json;
            config.access_log_format = format.into();
            config
        };
        assert_eq!(mesh_file("/x", &config("{"), rules), mesh_file("/x", &config(""), rules));
        assert_ne!(mesh_file("/x", &config("{\"a\": \"b\"}"), rules), mesh_file("/x", &config(""), rules));
    }
}
