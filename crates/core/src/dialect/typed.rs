//! Of what type it is what is packed in an `Any`.

use std::borrow::Cow;

use envoy::Message;
use envoy::google::protobuf::Any;
use envoy::udpa::r#type::v1::TypedStruct;

/// The full name of the message that an extension is configured by; of a struct that stands for a message,
/// that one's.
///
/// Envoy finds an extension by this name, whatever name the configuration gives it.
pub(crate) fn type_name(any: &Any) -> Cow<'_, str> {
    let name = last_part(&any.type_url);
    if !is_typed_struct(name) {
        return Cow::Borrowed(name);
    }
    // `udpa.type.v1.TypedStruct` and `xds.type.v3.TypedStruct` have the same fields.
    match TypedStruct::decode(any.value.clone()) {
        Ok(inner) => Cow::Owned(last_part(&inner.type_url).to_owned()),
        Err(_) => Cow::Borrowed(name),
    }
}

/// Whether it is a struct that stands for a message.
pub(super) fn is_typed_struct(type_name: &str) -> bool {
    matches!(type_name, "udpa.type.v1.TypedStruct" | "xds.type.v3.TypedStruct")
}

/// The full name in a type URL.
pub(super) fn last_part(type_url: &str) -> &str {
    type_url.rsplit('/').next().unwrap_or(type_url)
}
