//! The canonical JSON of Envoy's messages, both ways, byte for byte as Go's `protojson` says it (which
//! separates with random blanks; here there are none).
//!
//! Nothing is generated for each message: tables made from the descriptors drive one writer, which goes from
//! the wire format to JSON, and one reader, which goes from JSON to the wire format. So messages are known
//! here by their names and as they are encoded. Their types are those of the crate `waypoint-xds-envoy`,
//! which shows this one as its module `json`.
//!
//! ```
//! use waypoint_xds_envoy_json::{encode, from_json};
//!
//! const CLUSTER: &str = "envoy.config.cluster.v3.Cluster";
//! let wire = from_json(CLUSTER, &serde_json::json!({"connect_timeout": "10s", "name": "cart"}))?;
//! assert_eq!(encode(CLUSTER, &wire)?, r#"{"name":"cart","connectTimeout":"10s"}"#);
//! # Ok::<(), waypoint_xds_envoy_json::JsonError>(())
//! ```
//!
//! The rules are those of <https://protobuf.dev/programming-guides/json/>; to read, there are others:
//! [`JsonRules`].
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

mod deep;
mod error;
mod float;
pub mod inside;
mod read;
mod remarks;
mod scalar;
mod schema;
mod sorted;
mod time;
mod wire;
mod write;

/// Made from the descriptors.
#[rustfmt::skip]
mod tables;

use prost::Name;

pub use deep::{Lists, merge_typed};
pub use error::{JsonError, JsonErrorKind, JsonPath, JsonStep};
pub use remarks::{JsonRemark, JsonRemarkKind, remarks};
use schema::{Enum, Message};
pub use sorted::decode_sorted;

/// How many messages inside each other are followed; prost decodes no more either.
const MAX_DEPTH: usize = 100;

/// The depth of what is inside of a message at this depth.
fn deeper(depth: usize) -> Result<usize, JsonError> {
    if depth == MAX_DEPTH { Err(JsonErrorKind::TooDeep.into()) } else { Ok(depth + 1) }
}

/// By whose rules JSON is read. `testdata/proto-json` of the repository has what these make of many a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum JsonRules {
    /// Those of Go's `protojson`: what a message does not have is refused.
    #[default]
    Strict,
    /// Those of Go's `protojson`, told to leave out fields and enum names that a message does not have.
    Lenient,
    /// Those of Go's former library, `jsonpb`, by which Istio reads the values of EnvoyFilters, which come as
    /// a `Struct`: numbers are doubles. Fields that a message does not have are left out, durations have
    /// every unit of Go's, a `null` in a list is an item, and of what is there twice, one counts. But an
    /// enum's name has to be known, and an `Any` has to say a known type.
    Jsonpb,
}

/// A message's canonical JSON.
///
/// # Errors
///
/// When a `google.protobuf.Any` inside holds bytes that are not what its type
/// says, a well-known type holds what JSON cannot say, or messages are nested more than 100 deep.
pub fn to_json<M: prost::Message + Name>(message: &M) -> Result<String, JsonError> {
    encode(&M::full_name(), &message.encode_to_vec())
}

/// The canonical JSON of an encoded message of this full name.
///
/// # Errors
///
/// As [`to_json`]; and when the name is of no message, or the bytes are not such a message.
pub fn encode(type_name: &str, wire: &[u8]) -> Result<String, JsonError> {
    // JSON is about twice as long: names instead of numbers.
    let mut out = String::with_capacity(wire.len() * 2);
    encode_into(type_name, wire, &mut out)?;
    Ok(out)
}

/// [`encode`], at the end of a string. After an error what was added is incomplete.
///
/// # Errors
///
/// As [`encode`].
pub fn encode_into(type_name: &str, wire: &[u8], out: &mut String) -> Result<(), JsonError> {
    write::Writer::new(out).message(named(type_name)?, wire)
}

/// Reads a message from its JSON.
///
/// # Errors
///
/// When the JSON does not say such a message.
pub fn parse<M: prost::Message + Name + Default>(json: &serde_json::Value) -> Result<M, JsonError> {
    parse_with(json, JsonRules::default())
}

/// [`parse`], by some rules.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_with<M: prost::Message + Name + Default>(
    json: &serde_json::Value,
    rules: JsonRules,
) -> Result<M, JsonError> {
    let wire = from_json_with(&M::full_name(), json, rules)?;
    // What was just written is well-formed, but prost counts nesting a little differently.
    M::decode(wire.as_slice()).map_err(|_| JsonErrorKind::TooDeep.into())
}

/// The encoding of the message of this full name that the JSON says. Unknown fields are an error.
///
/// Names may be those of JSON or of the `.proto` file, `null` is as good as absent, numbers may be strings
/// and enum values numbers. The bytes are those that prost would write.
///
/// # Errors
///
/// When the name is of no message, or the JSON does not say such a message.
pub fn from_json(type_name: &str, json: &serde_json::Value) -> Result<Vec<u8>, JsonError> {
    from_json_with(type_name, json, JsonRules::default())
}

/// [`from_json`], by some rules.
///
/// # Errors
///
/// As [`from_json`].
pub fn from_json_with(
    type_name: &str,
    json: &serde_json::Value,
    rules: JsonRules,
) -> Result<Vec<u8>, JsonError> {
    let mut out = Vec::new();
    read::Reader::new(rules).message(named(type_name)?, json, &mut out)?;
    Ok(out)
}

/// Whether there is a message of this full name, so that an `Any` of it can be said in JSON field by field.
#[must_use]
pub fn is_known(type_name: &str) -> bool {
    Message::named(type_name).is_some()
}

/// The name of a value of the enum of this full name, if both are known.
///
/// ```
/// use waypoint_xds_envoy_json::enum_value;
///
/// assert_eq!(enum_value("envoy.type.v3.StatusCode", 404), Some("NotFound"));
/// assert_eq!(enum_value("envoy.type.v3.StatusCode", 42), None);
/// ```
#[must_use]
pub fn enum_value(type_name: &str, number: i32) -> Option<&'static str> {
    Enum::named(type_name)?.name(number)
}

/// The names of the fields of the message of this full name, as `.proto` files have them; none of one that is
/// unknown.
pub fn field_names(type_name: &str) -> impl Iterator<Item = &'static str> {
    Message::named(type_name).into_iter().flat_map(|message| message.fields.iter().map(|field| field.name))
}

/// The full name of the message that a type URL means: what follows its last slash.
#[must_use]
pub fn type_name(type_url: &str) -> &str {
    type_url.rsplit_once('/').map_or(type_url, |(_, name)| name)
}

fn named(name: &str) -> Result<&'static Message, JsonError> {
    Message::named(name).ok_or_else(|| JsonErrorKind::UnknownType(name.to_owned()).into())
}
