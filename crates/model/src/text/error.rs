//! Why a document cannot be read into a type.

use std::fmt;

use serde::de;

use super::node::{Node, NodeKind};
use super::path;
use super::scalar::Scalar;
use super::source::Span;
use crate::nearest::{did_you_mean, nearest};
use crate::problem::Code;

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The value has another type.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What was expected, with its article.
        expected: String,
        /// What was found.
        found: String,
    },
    /// The value is of the right type but is not accepted.
    #[error("{0}")]
    InvalidValue(String),
    /// A required field is missing.
    #[error("the field `{0}` is missing")]
    MissingField(String),
    /// There is no such field.
    #[error("there is no field `{field}` here: {}", instead(field, known))]
    UnknownField {
        /// The field.
        field: String,
        /// Those that there are.
        known: &'static [&'static str],
    },
}

/// What may have been meant, or could be.
fn instead(field: &str, known: &[&str]) -> String {
    match nearest(field, known.iter().copied()) {
        Some(near) => did_you_mean([near]),
        None => format!(
            "expected one of {}",
            known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// A field whose value the API server would refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.with_path())]
pub struct DecodeError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    reason: Reason,
    /// The node in question, once it is known.
    node: Option<u32>,
    path: String,
    span: Span,
}

impl DecodeError {
    fn new(reason: Reason) -> Self {
        Self(Box::new(Inner { reason, node: None, path: String::new(), span: Span::default() }))
    }

    /// A value of the wrong type.
    #[must_use]
    pub fn wrong_type(node: Node<'_>, expected: impl Into<String>) -> Self {
        Self::new(Reason::WrongType { expected: expected.into(), found: describe(node) }).at(node)
    }

    /// A value that is not accepted, for the reason given.
    #[must_use]
    pub fn invalid(node: Node<'_>, message: impl Into<String>) -> Self {
        Self::new(Reason::InvalidValue(message.into())).at(node)
    }

    /// A required field that `node` does not have.
    #[must_use]
    pub fn missing(node: Node<'_>, field: impl Into<String>) -> Self {
        Self::new(Reason::MissingField(field.into())).at(node)
    }

    /// Remembers the node, unless one is known already: the innermost counts.
    #[cold]
    #[inline(never)]
    pub(super) fn at(mut self, node: Node<'_>) -> Self {
        self.0.node.get_or_insert(node.index);
        self.0.span = Node::new(node.document, self.0.node.unwrap_or(node.index)).span();
        self
    }

    /// Makes the path relative to `root`.
    pub(crate) fn below(mut self, root: Node<'_>) -> Self {
        if let Some(index) = self.0.node {
            self.0.path = path::between(root, Node::new(root.document, index));
        }
        self
    }

    /// The node in question.
    pub(super) fn node(&self) -> Option<u32> {
        self.0.node
    }

    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.0.reason
    }

    /// The path of the field, from the object that was decoded.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Where the value stands in the file.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// The code of the problem that this makes.
    #[must_use]
    pub fn code(&self) -> Code {
        match self.0.reason {
            Reason::WrongType { .. } => Code::WrongType,
            Reason::InvalidValue(_) => Code::InvalidValue,
            Reason::MissingField(_) => Code::MissingField,
            Reason::UnknownField { .. } => Code::UnknownField,
        }
    }

    fn with_path(&self) -> String {
        if self.0.path.is_empty() {
            self.0.reason.to_string()
        } else {
            format!("{}: {}", self.0.path, self.0.reason)
        }
    }
}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Reason::InvalidValue(message.to_string()))
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(Reason::WrongType { expected: expected.to_string(), found: found_text(found) })
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(Reason::InvalidValue(format!("expected {expected}, found {}", found_text(found))))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let supported: Vec<String> = expected.iter().map(|value| format!("`{value}`")).collect();
        Self::new(Reason::InvalidValue(format!(
            "`{variant}` is not supported, only {}",
            supported.join(", ")
        )))
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::new(Reason::UnknownField { field: field.to_owned(), known })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Reason::MissingField(field.to_owned()))
    }
}

/// As [`describe`], for what serde says was found.
fn found_text(found: de::Unexpected<'_>) -> String {
    match found {
        de::Unexpected::Bool(value) => format!("the boolean `{value}`"),
        de::Unexpected::Unsigned(value) => format!("the number `{value}`"),
        de::Unexpected::Signed(value) => format!("the number `{value}`"),
        de::Unexpected::Float(value) => format!("the number `{value}`"),
        de::Unexpected::Str(value) => format!("the string `{value}`"),
        de::Unexpected::Unit => "null".to_owned(),
        de::Unexpected::Seq => "a list".to_owned(),
        de::Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}

/// A value as a message names it: "the number `80`".
pub(super) fn describe(node: Node<'_>) -> String {
    let name = match node.kind() {
        NodeKind::Null => return "null".into(),
        NodeKind::List => return "a list".into(),
        NodeKind::Mapping => return "a mapping".into(),
        NodeKind::Bool => "boolean",
        NodeKind::Number => "number",
        NodeKind::String => "string",
    };
    let text: String = node.text().chars().take(60).collect();
    let cut = if text.len() < node.text().len() { "…" } else { "" };
    let meaning = match node.scalar() {
        Some(Scalar::Bool(value)) if text != value.to_string() => format!(" (which YAML reads as {value})"),
        _ => String::new(),
    };
    format!("the {name} `{text}{cut}`{meaning}")
}
