//! How strings are written.

use serde_json::Value;

use crate::text::scalar::{Scalar, resolve};

/// The quotes around a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    None,
    Single,
    Double,
}

impl Quotes {
    /// Those of a scalar's text.
    pub(super) fn of(text: &str) -> Self {
        match text.chars().next() {
            Some('"') => Self::Double,
            Some('\'') => Self::Single,
            _ => Self::None,
        }
    }
}

/// A string with these quotes, or double ones where it would be read as something else.
pub(super) fn string(text: &str, quotes: Quotes) -> String {
    match quotes {
        Quotes::None if is_plain(text) => text.to_owned(),
        Quotes::Single if !text.contains(char::is_control) => format!("'{}'", text.replace('\'', "''")),
        _ => double_quoted(text),
    }
}

/// A value on one line: lists and mappings in brackets. With double quotes it is JSON.
pub(super) fn value(value: &Value, quotes: Quotes) -> String {
    match value {
        Value::String(text) => string(text, quotes),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| self::value(item, quotes)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entry = |(key, item): (&String, &Value)| {
                format!("{}: {}", string(key, quotes), self::value(item, quotes))
            };
            format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// As JSON writes it, which YAML reads too.
fn double_quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whether a text reads as a string without quotes, everywhere: as a key, in brackets, and by YAML 1.1 and
/// 1.2.
fn is_plain(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-');
    let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'/');
    starts && text.bytes().all(is_inner) && resolve(text) == Scalar::Str(text)
}
