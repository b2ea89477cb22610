//! Handles to the nodes of a document.

use super::document::Document;
use super::error::describe;
use super::path;
use super::scalar::{Scalar, resolve};
use super::source::Span;
use super::tape::{Entry, Shape};
use super::unread::Unread;

/// What a node is, in JSON's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// `null`, or nothing.
    Null,
    /// A boolean.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// A list.
    List,
    /// A mapping.
    Mapping,
}

/// A handle to a node of a document: two words, copied freely.
#[derive(Clone, Copy, Debug)]
pub struct Node<'t> {
    pub(super) document: &'t Document,
    pub(super) index: u32,
}

impl<'t> Node<'t> {
    pub(super) fn new(document: &'t Document, index: u32) -> Self {
        Self { document, index }
    }

    pub(super) fn entry(self) -> Option<&'t Entry> {
        self.document.tape.entry(self.index)
    }

    pub(super) fn shape(self) -> Shape {
        self.entry().map_or(Shape::Plain, |entry| entry.shape)
    }

    /// A scalar's text as it is written, escapes resolved; empty for lists and mappings.
    #[must_use]
    pub fn text(self) -> &'t str {
        self.document.tape.text_of(self.document.file.text(), self.index)
    }

    /// The value of a scalar; nothing for lists and mappings.
    #[must_use]
    pub fn scalar(self) -> Option<Scalar<'t>> {
        match self.shape() {
            Shape::Plain => Some(resolve(self.text())),
            Shape::Text => Some(Scalar::Str(self.text())),
            Shape::Sequence | Shape::Mapping => None,
        }
    }

    /// What the node is.
    #[must_use]
    pub fn kind(self) -> NodeKind {
        match (self.shape(), self.scalar()) {
            (Shape::Sequence, _) => NodeKind::List,
            (Shape::Mapping, _) => NodeKind::Mapping,
            (_, None | Some(Scalar::Null)) => NodeKind::Null,
            (_, Some(Scalar::Bool(_))) => NodeKind::Bool,
            (_, Some(Scalar::Int(_) | Scalar::UInt(_) | Scalar::Float(_))) => NodeKind::Number,
            (_, Some(Scalar::Str(_))) => NodeKind::String,
        }
    }

    /// The string, when the node is one; numbers and booleans are none.
    #[must_use]
    pub fn as_str(self) -> Option<&'t str> {
        match self.scalar() {
            Some(Scalar::Str(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether the node is null, which Kubernetes treats as absent.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == NodeKind::Null
    }

    /// Whether the node is a mapping.
    #[must_use]
    pub fn is_mapping(self) -> bool {
        self.shape() == Shape::Mapping
    }

    pub(super) fn links(self) -> &'t [u32] {
        self.entry().map(|entry| self.document.tape.links_of(entry)).unwrap_or_default()
    }

    /// A list's items; none for other nodes.
    #[must_use]
    pub fn items(self) -> impl ExactSizeIterator<Item = Node<'t>> {
        let links = if self.shape() == Shape::Sequence { self.links() } else { &[] };
        links.iter().map(move |&index| Node::new(self.document, index))
    }

    /// The item of a list at a position.
    pub(super) fn item(self, at: usize) -> Option<Node<'t>> {
        let link = self.links().get(at).filter(|_| self.shape() == Shape::Sequence);
        link.map(|&index| Node::new(self.document, index))
    }

    /// A mapping's keys and values, in the order in which they stand; none for other nodes.
    pub fn entries(self) -> impl Iterator<Item = (&'t str, Node<'t>)> {
        self.key_nodes().map(|(key, value)| (key.text(), value))
    }

    pub(crate) fn key_nodes(self) -> impl Iterator<Item = (Node<'t>, Node<'t>)> {
        let links = if self.shape() == Shape::Mapping { self.links() } else { &[] };
        links.chunks_exact(2).filter_map(move |pair| match *pair {
            [key, value] => Some((Node::new(self.document, key), Node::new(self.document, value))),
            _ => None,
        })
    }

    /// The value of a mapping's key, spelled exactly so.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Node<'t>> {
        self.entries().find(|&(found, _)| found == key).map(|(_, value)| value)
    }

    /// Where the key of this mapping that has the value stands.
    pub(crate) fn span_of_key(self, value: Node<'_>) -> Option<Span> {
        path::pair_of(self, value.index).map(|(key, _)| key.span())
    }

    /// Where a mapping's key stands, the key itself.
    #[must_use]
    pub fn key_span(self, key: &str) -> Option<Span> {
        self.key_nodes().find(|(found, _)| found.text() == key).map(|(found, _)| found.span())
    }

    /// Where the node stands in the file. A node that an alias refers to stands where it is defined.
    #[must_use]
    pub fn span(self) -> Span {
        self.entry().map(|entry| Span { start: entry.start, end: entry.end }).unwrap_or_default()
    }

    /// The document that the node belongs to.
    #[must_use]
    pub fn document(self) -> &'t Document {
        self.document
    }

    /// The list or mapping that the node stands in, where it is defined.
    pub(crate) fn parent(self) -> Option<Node<'t>> {
        let parent = self.entry()?.parent;
        (parent != self.index).then(|| Node::new(self.document, parent))
    }

    /// Whether both are the same node of one document.
    pub(crate) fn is(self, other: Node<'_>) -> bool {
        self.index == other.index && std::ptr::eq(self.document, other.document)
    }

    /// The key of this mapping that has the value.
    pub(crate) fn key_of(self, value: Node<'_>) -> Option<&'t str> {
        path::pair_of(self, value.index).map(|(key, _)| key.text())
    }

    /// The node's path from another that it stands in.
    pub(crate) fn path_from(self, root: Node<'t>) -> String {
        path::between(root, self)
    }

    /// The node's path from the document's root: `spec.http[0].match[1].uri`.
    #[must_use]
    pub fn path(self) -> String {
        path::between(self.document.root(), self)
    }

    /// Finds the node at a path below this one.
    #[must_use]
    pub fn find(self, path: &str) -> Option<Node<'t>> {
        path::find(self, path)
    }

    /// Where the value at a path below this node stands.
    #[must_use]
    pub fn locate(self, path: &str) -> Option<Span> {
        path::find(self, path).map(Node::span)
    }

    /// Where the value at a path below this node stands, or as much of the path as there is.
    #[must_use]
    pub fn locate_nearest(self, path: &str) -> Span {
        path::nearest(self, path).span()
    }

    /// The node as a message names it: "the number `80`".
    #[must_use]
    pub fn describe(self) -> String {
        describe(self)
    }

    /// Counts the fields that are neither the metadata of an object nor among `read`.
    pub(crate) fn count_other_fields(self, read: &[&str], unread: &Unread) {
        for (key, value) in self.key_nodes() {
            if !read.contains(&key.text()) && !value.is_null() {
                unread.count(value);
            }
        }
    }
}
