//! What can be wrong with a message or its JSON, and where.

use std::fmt;

use thiserror::Error;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{path}{}{kind}", if path.is_empty() { "" } else { ": " })]
pub struct JsonError {
    /// Where, by the names of JSON.
    pub path: JsonPath,
    /// What.
    pub kind: JsonErrorKind,
}

/// What is wrong with a message or its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// No such message is among the tables.
    #[error("unknown message type {0:?}")]
    UnknownType(String),
    /// The message has no field of this name.
    #[error("{message} has no field {field:?}")]
    UnknownField {
        /// The full name of the message.
        message: &'static str,
        /// The name in the JSON.
        field: String,
    },
    /// The field is there twice, under its two names.
    #[error("the field is there twice")]
    Duplicate,
    /// Another member of the same oneof is there.
    #[error("another member of its oneof is there too")]
    OneofTwice,
    /// The JSON is of another kind.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A text or number that is not a value of the type.
    #[error("{value:?} is not {expected}")]
    Invalid {
        /// What it should be.
        expected: &'static str,
        /// What is there.
        value: String,
    },
    /// The enum has no value of this name.
    #[error("unknown enum value {0:?}")]
    UnknownEnumValue(String),
    /// A `google.protobuf.Any` that does not say its type.
    #[error("an Any needs \"@type\"")]
    AnyWithoutType,
    /// A `google.protobuf.Value` of no kind, or a number JSON does not have.
    #[error("a google.protobuf.Value that JSON cannot say")]
    UnsayableValue,
    /// Bytes that are not the encoding of the message.
    #[error("malformed protobuf: {0}")]
    Malformed(&'static str),
    /// More messages inside each other than are followed.
    #[error("nested more than {} deep", super::MAX_DEPTH)]
    TooDeep,
}

/// A place in JSON, such as `filterChains[0].filters[2].typedConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JsonPath {
    /// Innermost first: the path is known from the inside out.
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Name(String),
    Index(usize),
}

/// A step of a [`JsonPath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonStep<'a> {
    /// Into the field of this name, or the entry of this key.
    Name(&'a str),
    /// Into the item of this index.
    Index(usize),
}

/// From the steps, innermost first.
impl FromIterator<Step> for JsonPath {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self { steps: steps.into_iter().collect() }
    }
}

impl JsonPath {
    /// Whether it is the whole message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The steps, from the outside in.
    pub fn steps(&self) -> impl Iterator<Item = JsonStep<'_>> {
        self.steps.iter().rev().map(|step| match step {
            Step::Name(name) => JsonStep::Name(name),
            Step::Index(index) => JsonStep::Index(*index),
        })
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().rev().enumerate() {
            match step {
                Step::Index(index) => write!(out, "[{index}]")?,
                Step::Name(name) if at == 0 => out.write_str(name)?,
                Step::Name(name) => write!(out, ".{name}")?,
            }
        }
        Ok(())
    }
}

impl From<JsonErrorKind> for JsonError {
    fn from(kind: JsonErrorKind) -> Self {
        Self { path: JsonPath::default(), kind }
    }
}

impl JsonError {
    pub(super) fn malformed(what: &'static str) -> Self {
        JsonErrorKind::Malformed(what).into()
    }

    pub(super) fn invalid(expected: &'static str, value: impl fmt::Display) -> Self {
        JsonErrorKind::Invalid { expected, value: value.to_string() }.into()
    }

    pub(super) fn expected(expected: &'static str, found: &serde_json::Value) -> Self {
        let found = match found {
            serde_json::Value::Null => "null",
            serde_json::Value::Bool(_) => "a boolean",
            serde_json::Value::Number(_) => "a number",
            serde_json::Value::String(_) => "a string",
            serde_json::Value::Array(_) => "an array",
            serde_json::Value::Object(_) => "an object",
        };
        JsonErrorKind::Expected { expected, found }.into()
    }

    /// The same, in the field of this name.
    pub(super) fn in_field(mut self, name: &str) -> Self {
        self.path.steps.push(Step::Name(name.to_owned()));
        self
    }

    /// The same, in the item of this index.
    pub(super) fn in_item(mut self, index: usize) -> Self {
        self.path.steps.push(Step::Index(index));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where() {
        let error = JsonError::from(JsonErrorKind::Duplicate)
            .in_field("c")
            .in_item(1)
            .in_item(0)
            .in_field("b")
            .in_field("a");
        assert_eq!(error.to_string(), "a.b[0][1].c: the field is there twice");
        assert_eq!(JsonError::from(JsonErrorKind::Duplicate).to_string(), "the field is there twice");
    }
}
