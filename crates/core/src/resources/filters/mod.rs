//! The filters that chains and listeners are made of.
//!
//! | module | makes |
//! |---|---|
//! | [`http`] | the HTTP filters that every connection manager has |
//! | [`network`] | the network filters around and instead of a connection manager |
//! | [`inspect`] | the listener filters: original destination, protocol detection |
//! | [`access_log`] | access logs, from mesh configuration or telemetry's providers |
//! | [`tracing`] | a connection manager's tracing |
//! | [`stats`] | `istio.stats`, from telemetry's metrics, and what reports beside it |
//! | [`stackdriver`] | `istio.stackdriver`, for metrics and access logs |
//! | [`extension`] | Wasm and Lua: the filters, and the configurations that are discovered for them |
//! | [`provider`] | where an extension provider's service is |

pub(crate) mod access_log;
pub(crate) mod extension;
pub(crate) mod http;
pub(crate) mod inspect;
pub(crate) mod network;
pub(crate) mod provider;
mod stackdriver;
pub(crate) mod stats;
pub(crate) mod tracing;

use envoy::config::core::v3::data_source::Specifier;
use envoy::config::core::v3::substitution_format_string::Format;
use envoy::config::core::v3::{DataSource, SubstitutionFormatString, TypedExtensionConfig};
use envoy::extensions::filters::common::set_filter_state::v3::FilterStateValue;
use envoy::extensions::filters::common::set_filter_state::v3::filter_state_value::{
    Key, SharedWithUpstream, Value,
};
use envoy::google::protobuf::{self, Any, Struct};
use envoy::udpa::r#type::v1::TypedStruct;

/// A message of Istio's own filters in Envoy, whose type this release's control plane does not compile in: it
/// is written as a struct, with the URL of the type that it stands for.
pub(crate) fn typed_struct(type_name: &str, fields: Option<Struct>) -> Any {
    envoy::any(&TypedStruct { type_url: format!("type.googleapis.com/{type_name}"), value: fields })
}

/// A struct of these fields.
pub(crate) fn fields<const N: usize>(fields: [(&'static str, protobuf::Value); N]) -> Struct {
    fields.into_iter().collect()
}

/// A format string, as Envoy substitutes it.
pub(crate) fn format_string(text: impl Into<String>) -> SubstitutionFormatString {
    SubstitutionFormatString {
        format: Some(Format::TextFormatSource(DataSource {
            specifier: Some(Specifier::InlineString(text.into())),
            ..DataSource::default()
        })),
        ..SubstitutionFormatString::default()
    }
}

/// An extension that has no configuration but its type.
pub(crate) fn extension_config<M: envoy::Message + envoy::Name>(
    name: &str,
    message: &M,
) -> TypedExtensionConfig {
    TypedExtensionConfig { name: name.to_owned(), typed_config: Some(envoy::any(message)) }
}

/// A value that is put into the filter state.
pub(crate) fn filter_state(
    key: &str,
    factory: &str,
    format: &str,
    shared: SharedWithUpstream,
) -> FilterStateValue {
    FilterStateValue {
        key: Some(Key::ObjectKey(key.to_owned())),
        factory_key: factory.to_owned(),
        value: Some(Value::FormatString(format_string(format))),
        shared_with_upstream: shared.into(),
        ..FilterStateValue::default()
    }
}
