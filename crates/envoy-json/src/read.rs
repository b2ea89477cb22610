//! From JSON to the wire format.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::{JsonError, JsonErrorKind};
use super::schema::{Enum, Field, Kind, Message, Presence, Shape};
use super::wire::{put_bytes, put_tag, put_varint};
use super::{JsonRules, MAX_DEPTH, scalar, time, type_name};

/// Reads JSON into the bytes that prost would write.
pub(super) struct Reader {
    rules: JsonRules,
    depth: usize,
}

impl Reader {
    pub(super) fn new(rules: JsonRules) -> Self {
        Self { rules, depth: 0 }
    }

    /// Appends a message's fields.
    pub(super) fn message(
        &mut self,
        message: &Message,
        json: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), JsonError> {
        if self.depth == MAX_DEPTH {
            return Err(JsonErrorKind::TooDeep.into());
        }
        self.depth += 1;
        let read = self.shaped(message, json, out);
        self.depth -= 1;
        read
    }

    fn shaped(&mut self, message: &Message, json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
        // Of a field, `null` is nothing; this is an item of a list, or a value of a map.
        if self.rules == JsonRules::Jsonpb && json.is_null() && message.shape != Shape::Value {
            return Ok(());
        }
        match message.shape {
            Shape::Object | Shape::Empty => self.object(message, object(json)?, false, out),
            Shape::FieldMask if self.rules == JsonRules::Jsonpb => {
                self.object(message, object(json)?, false, out)
            }
            Shape::Any => self.any(object(json)?, out),
            Shape::Duration => {
                let text = scalar::string(json)?;
                let parse = if self.rules == JsonRules::Jsonpb {
                    time::parse_go_duration
                } else {
                    time::parse_duration
                };
                put_time(parse(text).ok_or_else(|| JsonError::invalid("a duration", text))?, out);
                Ok(())
            }
            Shape::Timestamp => {
                let text = scalar::string(json)?;
                put_time(
                    time::parse_timestamp(text).ok_or_else(|| JsonError::invalid("a timestamp", text))?,
                    out,
                );
                Ok(())
            }
            Shape::FieldMask => field_mask(scalar::string(json)?, out),
            Shape::Value => self.json_value(message, json, out),
            Shape::ListValue | Shape::Struct | Shape::Wrapper => match message.fields.first() {
                Some(field) => self.field(field, json, out),
                None => Ok(()),
            },
        }
    }

    fn object(
        &mut self,
        message: &Message,
        json: &Map<String, Value>,
        in_any: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), JsonError> {
        let mut found = match self.rules {
            JsonRules::Jsonpb => fields_by_jsonpb(message, json),
            _ => self.fields(message, json, in_any)?,
        };
        found.sort_by_key(|(field, _)| field.rank);
        let mut found = found.into_iter().peekable();
        while let Some((field, value)) = found.next() {
            let before = out.len();
            self.field(field, value, out).map_err(|error| error.in_field(field.json_name))?;
            // Of the members of a oneof, which have one rank, jsonpb keeps the last declared; all have to be
            // valid.
            if found.peek().is_some_and(|(next, _)| next.rank == field.rank) {
                out.truncate(before);
            }
        }
        Ok(())
    }

    /// The fields that are there, once each.
    fn fields<'m, 'j>(
        &self,
        message: &'m Message,
        json: &'j Map<String, Value>,
        in_any: bool,
    ) -> Result<Vec<(&'m Field, &'j Value)>, JsonError> {
        let mut found = Vec::with_capacity(json.len().min(message.fields.len()));
        for (name, value) in json {
            if in_any && name == "@type" {
                continue;
            }
            let Some((_, field)) = message.by_name(name) else {
                if self.rules == JsonRules::Lenient {
                    continue;
                }
                return Err(JsonErrorKind::UnknownField { message: message.name, field: name.clone() }.into());
            };
            if value.is_null() && !is_sayable_by_null(field.kind) {
                continue;
            }
            clash(field, &found).map_or(Ok(()), |kind| Err(JsonError::from(kind).in_field(name)))?;
            found.push((field, value));
        }
        Ok(found)
    }

    fn field(&mut self, field: &Field, json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
        match field.presence {
            Presence::Repeated => self.list(field, json, out),
            Presence::Map => self.map(field, object(json)?, out),
            Presence::Implicit => self.singular(field.number, field.kind, json, false, out),
            Presence::Explicit | Presence::Oneof(_) => {
                self.singular(field.number, field.kind, json, true, out)
            }
        }
    }

    /// Appends one value; the default only if it is `explicit`.
    fn singular(
        &mut self,
        number: u32,
        kind: Kind,
        json: &Value,
        explicit: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), JsonError> {
        if let Some(message) = kind.message() {
            let mut inner = Vec::new();
            self.message(message, json, &mut inner)?;
            if explicit || !inner.is_empty() {
                put_bytes(out, number, &inner);
            }
        } else if let Some(value) = scalar::read(kind, json, self.rules)?
            && (explicit || !scalar::is_default(kind, value.as_wire()))
        {
            value.put(number, out);
        }
        Ok(())
    }

    fn list(&mut self, field: &Field, json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
        let items = json.as_array().ok_or_else(|| JsonError::expected("an array", json))?;
        let mut packed = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let read = if field.kind.is_packable() {
                scalar::read(field.kind, item, self.rules)
                    .map(|value| value.into_iter().for_each(|value| value.put_packed(&mut packed)))
            } else {
                self.singular(field.number, field.kind, item, true, out)
            };
            read.map_err(|error| error.in_item(index))?;
        }
        if !packed.is_empty() {
            put_bytes(out, field.number, &packed);
        }
        Ok(())
    }

    fn map(&mut self, field: &Field, json: &Map<String, Value>, out: &mut Vec<u8>) -> Result<(), JsonError> {
        let Some([key, value]) = field.kind.message().and_then(|entry| entry.fields.get(..2)) else {
            return Err(JsonError::malformed("a map without entries"));
        };
        let mut sorted = BTreeMap::new();
        for (name, item) in json {
            let found = map_key(key.kind, name).map_err(|error| error.in_field(name))?;
            let mut entry = Vec::new();
            // As prost writes it: a default key or value is left out.
            if !scalar::is_default(key.kind, found.0.as_wire()) {
                found.0.put(key.number, &mut entry);
            }
            self.singular(value.number, value.kind, item, false, &mut entry)
                .map_err(|error| error.in_field(name))?;
            sorted.insert(found.1, entry);
        }
        sorted.values().for_each(|entry| put_bytes(out, field.number, entry));
        Ok(())
    }

    fn any(&mut self, json: &Map<String, Value>, out: &mut Vec<u8>) -> Result<(), JsonError> {
        let url = match json.get("@type") {
            None if self.rules == JsonRules::Lenient
                || self.rules == JsonRules::Strict && json.is_empty() =>
            {
                return Ok(());
            }
            None => return Err(JsonErrorKind::AnyWithoutType.into()),
            Some(url) => scalar::string(url).map_err(|error| error.in_field("@type"))?,
        };
        let mut wire = Vec::new();
        match Message::named(type_name(url)) {
            Some(message)
                if message.shape == Shape::Object
                    || self.rules == JsonRules::Jsonpb && message.shape == Shape::FieldMask =>
            {
                // It counts as a message of its own.
                self.depth += 1;
                let read = if self.depth > MAX_DEPTH {
                    Err(JsonErrorKind::TooDeep.into())
                } else {
                    self.object(message, json, true, &mut wire)
                };
                self.depth -= 1;
                read?;
            }
            None if self.rules == JsonRules::Jsonpb => {
                return Err(JsonErrorKind::UnknownType(type_name(url).to_owned()).into());
            }
            known => self.any_value(known, url, json, &mut wire)?,
        }
        put_bytes(out, 1, url.as_bytes());
        if !wire.is_empty() {
            put_bytes(out, 2, &wire);
        }
        Ok(())
    }

    /// What `value` says, of a type with a JSON of its own, or as [`super::encode`] says what is of an
    /// unknown type.
    fn any_value(
        &mut self,
        message: Option<&Message>,
        url: &str,
        json: &Map<String, Value>,
        wire: &mut Vec<u8>,
    ) -> Result<(), JsonError> {
        let unknown_type = || JsonError::from(JsonErrorKind::UnknownType(type_name(url).to_owned()));
        if let Some(name) = json.keys().find(|name| !matches!(name.as_str(), "@type" | "value")) {
            match message {
                Some(_) if self.rules != JsonRules::Strict => {}
                Some(message) => {
                    return Err(
                        JsonErrorKind::UnknownField { message: message.name, field: name.clone() }.into()
                    );
                }
                None => return Err(unknown_type()),
            }
        }
        match (message, json.get("value")) {
            (Some(message), Some(value)) => {
                self.message(message, value, wire).map_err(|error| error.in_field("value"))
            }
            (Some(Message { shape: Shape::Empty, .. }), None) if self.rules != JsonRules::Jsonpb => Ok(()),
            (Some(_), None) => Err(JsonError::expected("\"value\"", &Value::Null)),
            (None, value) => {
                let bytes =
                    value.and_then(Value::as_str).and_then(scalar::read_bytes).ok_or_else(unknown_type)?;
                *wire = bytes;
                Ok(())
            }
        }
    }

    /// The member of the oneof that fits the JSON: they are declared in this order.
    fn json_value(&mut self, message: &Message, json: &Value, out: &mut Vec<u8>) -> Result<(), JsonError> {
        let name = match json {
            Value::Null => "null_value",
            Value::Number(_) => "number_value",
            Value::String(_) => "string_value",
            Value::Bool(_) => "bool_value",
            Value::Object(_) => "struct_value",
            Value::Array(_) => "list_value",
        };
        match message.by_name(name) {
            Some((_, field)) => self.field(field, json, out),
            None => Ok(()),
        }
    }
}

fn object(json: &Value) -> Result<&Map<String, Value>, JsonError> {
    json.as_object().ok_or_else(|| JsonError::expected("an object", json))
}

/// Whether `null` is a value of the type, not the absence of one.
fn is_sayable_by_null(kind: Kind) -> bool {
    kind.message().is_some_and(|message| message.shape == Shape::Value)
        || kind.enumeration().is_some_and(Enum::is_null)
}

/// The fields that are there, in the order of declaration: of a field's two names, that of JSON counts.
fn fields_by_jsonpb<'m, 'j>(
    message: &'m Message,
    json: &'j Map<String, Value>,
) -> Vec<(&'m Field, &'j Value)> {
    let value = |field: &'m Field| {
        let value = field.value_in(json)?;
        (!value.is_null() || is_value(field)).then_some((field, value))
    };
    message.fields.iter().filter_map(value).collect()
}

/// Whether it is one `google.protobuf.Value`, which `null` is, too.
fn is_value(field: &Field) -> bool {
    !matches!(field.presence, Presence::Repeated | Presence::Map)
        && field.kind.message().is_some_and(|message| message.shape == Shape::Value)
}

/// Why a field cannot be there beside those already found.
fn clash(field: &Field, found: &[(&Field, &Value)]) -> Option<JsonErrorKind> {
    if found.iter().any(|(other, _)| other.number == field.number) {
        return Some(JsonErrorKind::Duplicate);
    }
    let in_oneof = matches!(field.presence, Presence::Oneof(_));
    (in_oneof && found.iter().any(|(other, _)| other.presence == field.presence))
        .then_some(JsonErrorKind::OneofTwice)
}

/// A key as it is written and as it is sorted.
fn map_key(kind: Kind, name: &str) -> Result<(scalar::Scalar<'_>, (i128, &str)), JsonError> {
    let invalid = || JsonError::invalid("a key of this map", name);
    let varint = |value: u64, order: i128| Ok((scalar::Scalar::Varint(value), (order, "")));
    match kind {
        Kind::String => Ok((scalar::Scalar::Bytes(name.as_bytes().into()), (0, name))),
        Kind::Bool => {
            let value: bool = name.parse().map_err(|_| invalid())?;
            varint(value.into(), value.into())
        }
        Kind::Int32 => name
            .parse::<i32>()
            .map_err(|_| invalid())
            .and_then(|value| varint(i64::from(value) as u64, value.into())),
        Kind::Int64 => {
            name.parse::<i64>().map_err(|_| invalid()).and_then(|value| varint(value as u64, value.into()))
        }
        Kind::Uint32 => {
            name.parse::<u32>().map_err(|_| invalid()).and_then(|value| varint(value.into(), value.into()))
        }
        Kind::Uint64 => {
            name.parse::<u64>().map_err(|_| invalid()).and_then(|value| varint(value, value.into()))
        }
        _ => Err(invalid()),
    }
}

/// The fields of a `Duration` or a `Timestamp`.
fn put_time((seconds, nanos): (i64, i32), out: &mut Vec<u8>) {
    for (number, value) in [(1, seconds), (2, nanos.into())] {
        if value != 0 {
            put_tag(out, number, 0);
            put_varint(out, value as u64);
        }
    }
}

fn field_mask(text: &str, out: &mut Vec<u8>) -> Result<(), JsonError> {
    for path in text.trim().split(',').filter(|_| !text.trim().is_empty()) {
        let path =
            time::mask_from_json(path).ok_or_else(|| JsonError::invalid("a field mask's path", path))?;
        put_bytes(out, 1, path.as_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{JsonErrorKind, JsonRules, encode, from_json_with};

    const CLUSTER: &str = "envoy.config.cluster.v3.Cluster";

    /// The JSON of what is read.
    fn read(json: &serde_json::Value) -> Result<String, JsonErrorKind> {
        let wire = from_json_with(CLUSTER, json, JsonRules::Jsonpb).map_err(|error| error.kind)?;
        Ok(encode(CLUSTER, &wire).unwrap())
    }

    #[test]
    fn of_what_is_there_twice_one_counts() {
        let cases = [
            (json!({"connect_timeout": "1s", "connectTimeout": "2s"}), r#"{"connectTimeout":"2s"}"#),
            (json!({"connectTimeout": "2s", "connect_timeout": "1s"}), r#"{"connectTimeout":"2s"}"#),
            (json!({"connectTimeout": null, "connect_timeout": "1s"}), "{}"),
            (json!({"maglev_lb_config": {}, "ring_hash_lb_config": {}}), r#"{"maglevLbConfig":{}}"#),
        ];
        for (json, expected) in cases {
            assert_eq!(read(&json).as_deref(), Ok(expected), "{json}");
        }
        assert!(read(&json!({"ring_hash_lb_config": 1, "maglev_lb_config": {}})).is_err());
    }

    #[test]
    fn null_is_nothing_or_an_empty_item() {
        let cases = [
            (json!({"name": null, "health_checks": null}), "{}"),
            (json!({"health_checks": [null]}), r#"{"healthChecks":[{}]}"#),
            (
                json!({"metadata": {"filter_metadata": {"a": null}}}),
                r#"{"metadata":{"filterMetadata":{"a":{}}}}"#,
            ),
        ];
        for (json, expected) in cases {
            assert_eq!(read(&json).as_deref(), Ok(expected), "{json}");
        }
    }

    #[test]
    fn names_have_to_be_known() {
        let typed = |config| json!({"transport_socket": {"name": "x", "typed_config": config}});
        assert_eq!(
            read(&json!({"lb_policy": "LEAST_REQUESTS"})),
            Err(JsonErrorKind::UnknownEnumValue("LEAST_REQUESTS".to_owned()))
        );
        assert_eq!(read(&typed(json!({}))), Err(JsonErrorKind::AnyWithoutType));
        assert_eq!(
            read(&typed(json!({"@type": "type.googleapis.com/no.such.Type", "value": "AAAA"}))),
            Err(JsonErrorKind::UnknownType("no.such.Type".to_owned()))
        );
        assert_eq!(read(&json!({"no_such_field": 1, "lb_policy": 77})).as_deref(), Ok(r#"{"lbPolicy":77}"#));
    }
}
