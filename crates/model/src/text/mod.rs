//! Text to documents: YAML and JSON, read as Kubernetes reads them.
//!
//! A [`SourceFile`] has any number of documents. Each becomes a [`Document`]: a flat tape of nodes whose
//! scalars are borrowed from the text. Typed structs are deserialized from a [`Node`] directly, without a
//! tree of values between.
//!
//! What the text means is what `kubectl apply` would make of it, that is sigs.k8s.io/yaml: YAML 1.1 scalars
//! (`0777` is 511, `on` is true, timestamps stay strings), keys that are turned into strings, then JSON's
//! rules for types.

mod advice;
mod chunk;
mod decode;
mod document;
pub mod edit;
mod error;
mod faults;
mod json;
mod key;
mod node;
mod path;
mod repair;
mod scalar;
mod source;
mod tape;
mod unread;
mod yaml;

#[cfg(test)]
mod tests;

pub use document::{Document, Documents, documents};
pub use error::{DecodeError, Reason};
pub(crate) use faults::every_fault;
pub use node::{Node, NodeKind};
pub(crate) use path::Finder;
pub use scalar::Scalar;
pub use source::{Position, SourceFile, Span, cluster_and_name};
pub use unread::Unread;
