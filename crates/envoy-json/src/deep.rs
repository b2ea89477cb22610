//! Merging encoded messages where their types matter: `google.protobuf.Duration` is one value there, and
//! lists may be replaced.

use super::error::{JsonError, JsonErrorKind};
use super::schema::{Message, Presence, Shape};
use super::wire::{Reader, Wire, put_bytes, put_tag, put_varint};
use super::{MAX_DEPTH, named};

/// How [`merge_typed`] treats lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lists {
    /// What the patch has is added at the end, as everywhere in Protobuf.
    #[default]
    Append,
    /// A list that the patch has takes the place of the other.
    Replace,
}

/// Merges two encoded messages of this full name, as Istio merges patches: like Go's `proto.Merge`, except
/// that a duration is replaced as a whole (`10s` and then `0.5s` are `0.5s`, not `10.5s`), and lists as
/// `lists` says.
///
/// # Errors
///
/// When the name is of no message, the bytes are not such messages, or messages are nested more than 100
/// deep.
pub fn merge_typed(type_name: &str, base: &[u8], patch: &[u8], lists: Lists) -> Result<Vec<u8>, JsonError> {
    let mut out = Vec::with_capacity(base.len() + patch.len());
    merge(named(type_name)?, base, patch, lists, 0, &mut out)?;
    Ok(out)
}

/// A field of one of the messages.
#[derive(Clone, Copy)]
struct Part<'a> {
    number: u32,
    value: Wire<'a>,
    meets: Meets,
}

/// What becomes of a field where both messages have it.
#[derive(Clone, Copy, PartialEq)]
enum Meets {
    /// Both are written; readers add up lists, and take the last of anything else.
    Both,
    /// Only the patch's is written.
    Patch,
    /// They are merged.
    Merged(&'static Message),
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

fn merge(
    message: &'static Message,
    base: &[u8],
    patch: &[u8],
    lists: Lists,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<(), JsonError> {
    if depth > MAX_DEPTH {
        return Err(JsonErrorKind::TooDeep.into());
    }
    let base = parts(message, base, lists)?;
    let patch = parts(message, patch, lists)?;
    for part in &base {
        let met = patch.iter().any(|other| other.number == part.number);
        if !met || part.meets == Meets::Both {
            put(out, part);
        }
    }
    for (i, part) in patch.iter().enumerate() {
        match part.meets {
            Meets::Merged(inner) => {
                let again = patch.iter().take(i).any(|earlier| earlier.number == part.number);
                if !again {
                    let (base, patch) = (content(&base, part.number), content(&patch, part.number));
                    let mut merged = Vec::with_capacity(base.len() + patch.len());
                    merge(inner, &base, &patch, lists, depth + 1, &mut merged)?;
                    put_bytes(out, part.number, &merged);
                }
            }
            Meets::Both | Meets::Patch => put(out, part),
        }
    }
    Ok(())
}

fn parts<'a>(message: &Message, bytes: &'a [u8], lists: Lists) -> Result<Vec<Part<'a>>, JsonError> {
    let mut reader = Reader::new(bytes);
    let mut parts = Vec::new();
    while !reader.is_empty() {
        let (number, value) = reader.field()?;
        parts.push(Part { number, value, meets: meets(message, number, value, lists) });
    }
    Ok(parts)
}

fn meets(message: &Message, number: u32, value: Wire<'_>, lists: Lists) -> Meets {
    let Some((_, field)) = message.by_number(number, 0) else { return Meets::Both };
    match (field.presence, field.kind.message(), value) {
        (Presence::Repeated, ..) if lists == Lists::Replace => Meets::Patch,
        (Presence::Repeated | Presence::Map, ..) => Meets::Both,
        (_, Some(inner), _) if inner.shape == Shape::Duration => Meets::Patch,
        (_, Some(inner), Wire::Bytes(_)) => Meets::Merged(inner),
        _ => Meets::Patch,
    }
}

/// A message that was written in several parts is all of them.
fn content(parts: &[Part<'_>], number: u32) -> Vec<u8> {
    let mut content = Vec::new();
    for part in parts.iter().filter(|part| part.number == number) {
        if let Wire::Bytes(bytes) = part.value {
            content.extend_from_slice(bytes);
        }
    }
    content
}

fn put(out: &mut Vec<u8>, part: &Part<'_>) {
    match part.value {
        Wire::Varint(value) => {
            put_tag(out, part.number, 0);
            put_varint(out, value);
        }
        Wire::Fixed64(value) => {
            put_tag(out, part.number, 1);
            out.extend_from_slice(&value.to_le_bytes());
        }
        Wire::Bytes(bytes) => put_bytes(out, part.number, bytes),
        Wire::Fixed32(value) => {
            put_tag(out, part.number, 5);
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const CLUSTER: &str = "envoy.config.cluster.v3.Cluster";

    fn merged(base: &Value, patch: &Value, lists: Lists) -> Value {
        let [base, patch] = [base, patch].map(|value| crate::from_json(CLUSTER, value).unwrap());
        let merged = merge_typed(CLUSTER, &base, &patch, lists).unwrap();
        serde_json::from_str(&crate::encode(CLUSTER, &merged).unwrap()).unwrap()
    }

    #[test]
    fn durations_are_replaced_at_any_depth() {
        let base = json!({"connectTimeout": "10s", "upstreamConnectionOptions": {"tcpKeepalive": {"keepaliveTime": 5}},
            "outlierDetection": {"interval": "10s", "baseEjectionTime": "3s"}});
        let patch = json!({"connectTimeout": "0.500s", "outlierDetection": {"interval": "0s"}});
        let expected = json!({"connectTimeout": "0.500s",
            "upstreamConnectionOptions": {"tcpKeepalive": {"keepaliveTime": 5}},
            "outlierDetection": {"interval": "0s", "baseEjectionTime": "3s"}});
        assert_eq!(merged(&base, &patch, Lists::Append), expected);
    }

    #[test]
    fn lists_are_appended_or_replaced() {
        let base = json!({"filters": [{"name": "one"}], "loadAssignment": {"clusterName": "c", "endpoints": [{"priority": 1}]}});
        let patch = json!({"filters": [{"name": "two"}], "loadAssignment": {"endpoints": [{"priority": 2}]}});
        let appended = json!({"filters": [{"name": "one"}, {"name": "two"}],
            "loadAssignment": {"clusterName": "c", "endpoints": [{"priority": 1}, {"priority": 2}]}});
        let replaced = json!({"filters": [{"name": "two"}], "loadAssignment": {"clusterName": "c", "endpoints": [{"priority": 2}]}});
        assert_eq!(merged(&base, &patch, Lists::Append), appended);
        assert_eq!(merged(&base, &patch, Lists::Replace), replaced);
    }

    #[test]
    fn members_of_a_oneof_replace_each_other() {
        let base = json!({"ringHashLbConfig": {"minimumRingSize": "5"}, "type": "EDS"});
        let patch = json!({"maglevLbConfig": {}, "type": "STATIC"});
        let expected = json!({"maglevLbConfig": {}, "type": "STATIC"});
        assert_eq!(merged(&base, &patch, Lists::Append), expected);
    }

    #[test]
    fn entries_of_maps_are_replaced() {
        let base = json!({"metadata": {"filterMetadata": {"istio": {"a": 1}, "other": {}}}});
        let patch = json!({"metadata": {"filterMetadata": {"istio": {"b": 2}}}});
        let expected = json!({"metadata": {"filterMetadata": {"istio": {"b": 2}, "other": {}}}});
        assert_eq!(merged(&base, &patch, Lists::Append), expected);
    }

    #[test]
    fn refuses_what_is_no_message() {
        assert!(merge_typed("no.such.Message", b"", b"", Lists::Append).is_err());
        assert!(merge_typed(CLUSTER, &[0xff], b"", Lists::Append).is_err());
    }
}
