//! What is logged.

use envoy::config::accesslog::v3::access_log_filter::FilterSpecifier;
use envoy::config::accesslog::v3::comparison_filter::Op;
use envoy::config::accesslog::v3::extension_filter::ConfigType;
use envoy::config::accesslog::v3::{
    AccessLogFilter, AndFilter, ComparisonFilter, ExtensionFilter, ResponseFlagFilter, StatusCodeFilter,
};
use envoy::config::core::v3::RuntimeUInt32;
use envoy::extensions::access_loggers::filters::cel::v3::ExpressionFilter;

/// What a CEL expression is true of.
pub(super) fn cel(expression: &str) -> AccessLogFilter {
    let config = ExpressionFilter { expression: expression.to_owned(), ..ExpressionFilter::default() };
    filter(FilterSpecifier::ExtensionFilter(ExtensionFilter {
        name: "envoy.access_loggers.extension_filters.cel".to_owned(),
        config_type: Some(ConfigType::TypedConfig(envoy::any(&config))),
    }))
}

/// What has this response flag.
pub(super) fn response_flag(flag: &str) -> AccessLogFilter {
    filter(FilterSpecifier::ResponseFlagFilter(ResponseFlagFilter { flags: vec![flag.to_owned()] }))
}

/// Responses with this status or a higher one.
pub(super) fn status_at_least(status: u32) -> AccessLogFilter {
    // Envoy's API wants a runtime key; nobody sets this one, so that the default holds.
    let value = RuntimeUInt32 { default_value: status, runtime_key: "istio.io/unset".to_owned() };
    filter(FilterSpecifier::StatusCodeFilter(StatusCodeFilter {
        comparison: Some(ComparisonFilter { op: Op::Ge.into(), value: Some(value) }),
    }))
}

/// What all of these let through.
pub(super) fn all_of(mut filters: Vec<AccessLogFilter>) -> Option<AccessLogFilter> {
    match filters.len() {
        0 | 1 => filters.pop(),
        _ => Some(filter(FilterSpecifier::AndFilter(AndFilter { filters }))),
    }
}

fn filter(specifier: FilterSpecifier) -> AccessLogFilter {
    AccessLogFilter { filter_specifier: Some(specifier) }
}
