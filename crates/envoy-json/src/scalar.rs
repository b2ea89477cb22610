//! Values that are not messages.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde_json::Value;

use super::JsonRules;
use super::error::{JsonError, JsonErrorKind};
use super::float::{write_double, write_float};
use super::schema::{Enum, Kind};
use super::wire::{Reader, Wire, put_bytes, put_tag, put_varint};

/// Writes a string with its quotes and, as `protojson` does, no more escapes than JSON needs.
pub(super) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    // What needs an escape is ASCII, so its bytes are whole characters.
    while let Some((plain, tail)) = rest
        .bytes()
        .position(|byte| byte < b' ' || byte == b'"' || byte == b'\\')
        .and_then(|at| rest.split_at_checked(at))
    {
        out.push_str(plain);
        let mut tail = tail.chars();
        if let Some(letter) = tail.next() {
            write_escape(letter, out);
        }
        rest = tail.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn write_escape(letter: char, out: &mut String) {
    let short = match letter {
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '"' | '\\' => letter,
        _ => {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{:04x}", u32::from(letter));
            return;
        }
    };
    out.push('\\');
    out.push(short);
}

/// Writes bytes as base64.
pub(super) fn write_bytes(bytes: &[u8], out: &mut String) {
    out.push('"');
    STANDARD.encode_string(bytes, out);
    out.push('"');
}

/// Reads base64 of either alphabet, padded or not. As Go does it: line breaks do not count, nor bits of the
/// last letter that are too many; but they are not left out of the length, which decides about padding.
pub(super) fn read_bytes(text: &str) -> Option<Vec<u8>> {
    const ANY_BITS: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let alphabet = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let padded = text.len().is_multiple_of(4);
    let mode = if padded { DecodePaddingMode::RequireCanonical } else { DecodePaddingMode::RequireNone };
    let engine = GeneralPurpose::new(alphabet, ANY_BITS.with_decode_padding_mode(mode));
    engine.decode(text.replace(['\r', '\n'], "")).ok()
}

/// Reads base64 as Go's `encoding/json` does: padded, and of one alphabet.
fn read_padded_bytes(text: &str) -> Option<Vec<u8>> {
    let text = text.replace(['\r', '\n'], "");
    (text.len().is_multiple_of(4) && !text.contains(['-', '_'])).then(|| read_bytes(&text)).flatten()
}

/// Whether a value is its type's default, which a field without presence does not say.
pub(super) fn is_default(kind: Kind, value: Wire<'_>) -> bool {
    match value {
        // The upper half does not count for types of 32 bits.
        Wire::Varint(value) => match kind {
            Kind::Int32 | Kind::Uint32 | Kind::Enum(_) => value & u64::from(u32::MAX) == 0,
            _ => value == 0,
        },
        Wire::Fixed64(value) => value == 0,
        Wire::Fixed32(value) => value == 0,
        Wire::Bytes(bytes) => bytes.is_empty(),
    }
}

/// The default, as if it had been on the wire.
pub(super) fn default(kind: Kind) -> Wire<'static> {
    match kind {
        Kind::Bytes | Kind::String | Kind::Message(_) => Wire::Bytes(&[]),
        Kind::Double => Wire::Fixed64(0),
        Kind::Float => Wire::Fixed32(0),
        _ => Wire::Varint(0),
    }
}

/// Writes a value.
pub(super) fn write(kind: Kind, value: Wire<'_>, out: &mut String) -> Result<(), JsonError> {
    match (kind, value) {
        (Kind::Bool, Wire::Varint(value)) => out.push_str(if value == 0 { "false" } else { "true" }),
        (Kind::Bytes, Wire::Bytes(bytes)) => write_bytes(bytes, out),
        (Kind::String, Wire::Bytes(bytes)) => write_string(utf8(bytes)?, out),
        (Kind::Double, Wire::Fixed64(bits)) => write_double(f64::from_bits(bits), out),
        (Kind::Float, Wire::Fixed32(bits)) => write_float(f32::from_bits(bits), out),
        // Writing to a String cannot fail.
        (Kind::Int32, Wire::Varint(value)) => drop(write!(out, "{}", value as i32)),
        (Kind::Uint32, Wire::Varint(value)) => drop(write!(out, "{}", value as u32)),
        (Kind::Int64, Wire::Varint(value)) => drop(write!(out, "\"{}\"", value as i64)),
        (Kind::Uint64, Wire::Varint(value)) => drop(write!(out, "\"{value}\"")),
        (Kind::Enum(_), Wire::Varint(value)) => write_enum(kind.enumeration(), value as i32, out),
        _ => return Err(JsonError::malformed("the wire type is not the field's")),
    }
    Ok(())
}

fn write_enum(item: Option<&Enum>, number: i32, out: &mut String) {
    match item {
        Some(item) if item.is_null() => out.push_str("null"),
        item => match item.and_then(|item| item.name(number)) {
            Some(name) => write_string(name, out),
            None => drop(write!(out, "{number}")),
        },
    }
}

pub(super) fn utf8(bytes: &[u8]) -> Result<&str, JsonError> {
    std::str::from_utf8(bytes).map_err(|_| JsonError::malformed("invalid UTF-8"))
}

/// The next value of a packed field.
pub(super) fn unpack<'a>(kind: Kind, reader: &mut Reader<'a>) -> Result<Wire<'a>, JsonError> {
    Ok(match kind {
        Kind::Double => Wire::Fixed64(reader.fixed64()?),
        Kind::Float => Wire::Fixed32(reader.fixed32()?),
        _ => Wire::Varint(reader.varint()?),
    })
}

/// A value read from JSON.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(Cow<'a, [u8]>),
}

impl<'a> From<Wire<'a>> for Scalar<'a> {
    fn from(value: Wire<'a>) -> Self {
        match value {
            Wire::Varint(value) => Self::Varint(value),
            Wire::Fixed64(value) => Self::Fixed64(value),
            Wire::Fixed32(value) => Self::Fixed32(value),
            Wire::Bytes(bytes) => Self::Bytes(bytes.into()),
        }
    }
}

impl Scalar<'_> {
    pub(super) fn as_wire(&self) -> Wire<'_> {
        match self {
            Self::Varint(value) => Wire::Varint(*value),
            Self::Fixed64(value) => Wire::Fixed64(*value),
            Self::Fixed32(value) => Wire::Fixed32(*value),
            Self::Bytes(bytes) => Wire::Bytes(bytes),
        }
    }

    /// Writes it as a field.
    pub(super) fn put(&self, number: u32, out: &mut Vec<u8>) {
        match self {
            Self::Bytes(bytes) => put_bytes(out, number, bytes),
            Self::Varint(_) => put_tag(out, number, 0),
            Self::Fixed64(_) => put_tag(out, number, 1),
            Self::Fixed32(_) => put_tag(out, number, 5),
        }
        self.put_packed(out);
    }

    /// Writes it as an item of a packed field. Bytes are never packed.
    pub(super) fn put_packed(&self, out: &mut Vec<u8>) {
        match self {
            Self::Varint(value) => put_varint(out, *value),
            Self::Fixed64(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::Fixed32(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::Bytes(_) => {}
        }
    }
}

/// Reads a value; none for an unknown name of an enum, when those are ignored.
pub(super) fn read(kind: Kind, json: &Value, rules: JsonRules) -> Result<Option<Scalar<'_>>, JsonError> {
    if rules == JsonRules::Jsonpb && json.is_null() {
        // Of a field, `null` is nothing; this is an item of a list, or a value of a map.
        return Ok(Some(default(kind).into()));
    }
    let scalar = match kind {
        Kind::Bool => {
            Scalar::Varint(json.as_bool().ok_or_else(|| JsonError::expected("a boolean", json))?.into())
        }
        Kind::String => Scalar::Bytes(string(json)?.as_bytes().into()),
        Kind::Bytes => {
            let text = string(json)?;
            let bytes = if rules == JsonRules::Jsonpb { read_padded_bytes(text) } else { read_bytes(text) };
            Scalar::Bytes(bytes.ok_or_else(|| JsonError::invalid("base64", text))?.into())
        }
        Kind::Double => Scalar::Fixed64(read_float(json, rules)?.to_bits()),
        Kind::Float => {
            let value = read_float(json, rules)?;
            let narrow = value as f32;
            if value.is_finite() && narrow.is_infinite() {
                return Err(JsonError::invalid("a number that fits a float", value));
            }
            Scalar::Fixed32(narrow.to_bits())
        }
        // Negative numbers are extended to 64 bits, those of 32 bits too.
        Kind::Int32 => Scalar::Varint(i64::from(integer::<i32>(json, "a 32 bit integer", rules)?) as u64),
        Kind::Int64 => Scalar::Varint(integer::<i64>(json, "a 64 bit integer", rules)? as u64),
        Kind::Uint32 => Scalar::Varint(integer::<u32>(json, "an unsigned 32 bit integer", rules)?.into()),
        Kind::Uint64 => Scalar::Varint(integer(json, "an unsigned 64 bit integer", rules)?),
        Kind::Enum(_) => match read_enum(kind.enumeration(), json, rules) {
            Err(JsonError { kind: JsonErrorKind::UnknownEnumValue(_), .. })
                if rules == JsonRules::Lenient =>
            {
                return Ok(None);
            }
            number => Scalar::Varint(i64::from(number?) as u64),
        },
        Kind::Message(_) => return Err(JsonError::expected("a value", json)),
    };
    Ok(Some(scalar))
}

pub(super) fn string(json: &Value) -> Result<&str, JsonError> {
    json.as_str().ok_or_else(|| JsonError::expected("a string", json))
}

fn read_enum(item: Option<&Enum>, json: &Value, rules: JsonRules) -> Result<i32, JsonError> {
    match json {
        Value::String(name) => item
            .and_then(|item| item.number(name))
            .ok_or_else(|| JsonErrorKind::UnknownEnumValue(name.clone()).into()),
        Value::Null if item.is_some_and(Enum::is_null) => Ok(0),
        Value::Number(_) => integer(json, "an enum's number", rules),
        _ => Err(JsonError::expected("the name of an enum's value", json)),
    }
}

/// A number, or a string that says one.
fn number(json: &Value, rules: JsonRules) -> Result<serde_json::Number, JsonError> {
    match json {
        Value::Number(number) => Ok(number.clone()),
        Value::String(text) => match serde_json::from_str(text) {
            // serde_json forgives blanks around it, as jsonpb does.
            Ok(number) if rules == JsonRules::Jsonpb || text.trim().len() == text.len() => Ok(number),
            _ => Err(JsonError::invalid("a number", text)),
        },
        _ => Err(JsonError::expected("a number", json)),
    }
}

/// An integer; `1e3` and `2.0` are some, too. A patch's numbers are doubles, as it is a Struct, and texts
/// have to be digits.
fn integer<T: TryFrom<i128>>(json: &Value, expected: &'static str, rules: JsonRules) -> Result<T, JsonError> {
    let number = number(json, rules)?;
    let of_double = || {
        // Nothing above 2^64 fits any type.
        let is_integer = |value: &f64| value.fract() == 0.0 && value.abs() <= 2_f64.powi(64);
        number.as_f64().filter(is_integer).map(|value| value as i128)
    };
    let exact = match rules {
        JsonRules::Jsonpb if json.is_string() => number.as_i128(),
        JsonRules::Jsonpb => of_double(),
        JsonRules::Strict | JsonRules::Lenient => number.as_i128().or_else(of_double),
    };
    exact.and_then(|value| T::try_from(value).ok()).ok_or_else(|| JsonError::invalid(expected, number))
}

fn read_float(json: &Value, rules: JsonRules) -> Result<f64, JsonError> {
    match json.as_str() {
        Some("NaN") => Ok(f64::NAN),
        Some("Infinity") => Ok(f64::INFINITY),
        Some("-Infinity") => Ok(f64::NEG_INFINITY),
        _ => {
            let number = number(json, rules)?;
            number.as_f64().ok_or_else(|| JsonError::invalid("a number", number))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_have_no_more_escapes_than_needed() {
        let mut out = String::new();
        write_string("a\"\\/<\u{1}\n\u{7f}\u{2028}é", &mut out);
        assert_eq!(out, "\"a\\\"\\\\/<\\u0001\\n\u{7f}\u{2028}é\"");
    }

    #[test]
    fn reads_every_base64() {
        for text in ["+/8=", "-_8=", "+/8", "-_8"] {
            assert_eq!(read_bytes(text), Some(vec![0xfb, 0xff]), "{text}");
        }
        assert_eq!(read_bytes(""), Some(Vec::new()));
        for text in ["+", "+/8==", "*", "====", "+_8="] {
            assert_eq!(read_bytes(text), None, "{text}");
        }
    }

    #[test]
    fn integers_are_exact_or_refused() {
        let int = |json: serde_json::Value| integer::<i64>(&json, "an integer", JsonRules::Strict).ok();
        assert_eq!(int(serde_json::json!("-9223372036854775808")), Some(i64::MIN));
        assert_eq!(int(serde_json::json!(1e3)), Some(1000));
        assert_eq!(int(serde_json::json!("2.0")), Some(2));
        for json in [
            serde_json::json!(1.5),
            serde_json::json!(" 1"),
            serde_json::json!("+1"),
            serde_json::json!(u64::MAX),
            serde_json::json!(true),
        ] {
            assert_eq!(int(json), None);
        }
    }
}
