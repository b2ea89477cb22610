//! Changes of one field, as changes of the text: everything else stays as it is written, comments and quotes
//! too.
//!
//! A change is given only where it is certain. There is none in a document with aliases, where one text means
//! several fields, none of a key that stands twice, of block scalars, or next to tags, anchors and comments
//! that it would tear apart.

mod add;
mod gap;
mod remove;
mod site;
#[cfg(test)]
mod tests;
mod write;

use serde_json::Value;

use super::node::{Node, NodeKind};
use super::scalar::{Scalar, resolve};
use super::source::Span;
use super::tape::Shape;
use gap::Source;
use site::{Site, is_elaborate, last_of};
use write::Quotes;

/// What comes instead of a stretch of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// The stretch; it is empty where text is only added.
    pub span: Span,
    /// What comes there.
    pub text: String,
}

impl TextEdit {
    fn new(start: u32, end: u32, text: impl Into<String>) -> Self {
        Self { span: Span { start, end }, text: text.into() }
    }
}

/// Gives the field at a path below an object this value, a string; or a number or boolean where it has one
/// and the value reads as one. A field that is not there is added to the mapping that it is in, and mappings
/// on the way to it.
pub fn set(object: Node<'_>, path: &str, value: &str) -> Option<TextEdit> {
    at(object, path, &value.into(), |site| replace(site, value))
}

/// Gives the field at a path below an object this value, whatever it has been: a string as [`set`] does, all
/// else on one line. A field that is not there is added.
pub fn write(object: Node<'_>, path: &str, value: &Value) -> Option<TextEdit> {
    at(object, path, value, |site| match value {
        Value::String(text) => replace(site, text).or_else(|| rewrite(site, value)),
        _ => rewrite(site, value),
    })
}

fn at(
    object: Node<'_>,
    path: &str,
    value: &Value,
    change: impl FnOnce(&Site<'_>) -> Option<TextEdit>,
) -> Option<TextEdit> {
    let steps = site::steps(path)?;
    let (site, missing) = site::nearest(object, &steps)?;
    match (site, missing) {
        (Some(site), []) => change(&site),
        (site, keys) => add::entry(object, site.as_ref(), &site::keys(keys)?, value),
    }
}

/// Writes a value where another one stands, of whatever kind; comments in that one go with it.
fn rewrite(site: &Site<'_>, value: &Value) -> Option<TextEdit> {
    let (key, colon) = (site.key?.span(), site.colon()?);
    // A list without brackets starts with its first item, behind the dash.
    let gap = Source::of(site.value).text(colon + 1, site.value.span().start);
    if is_elaborate(last_of(site.value)) || !gap.chars().all(|c| c.is_whitespace() || c == '-') {
        return None;
    }
    let is_json = site::is_flow(site.parent) && Source::of(site.parent).at(key.start) == Some('"');
    let quotes = if is_json { Quotes::Double } else { Quotes::None };
    Some(TextEdit::new(colon + 1, site.end()?, format!(" {}", write::value(value, quotes))))
}

/// Gives the field at a path below an object another key.
pub fn rename(object: Node<'_>, path: &str, key: &str) -> Option<TextEdit> {
    let site = site::find(object, path)?;
    let (old, mapping) = (site.key?, site.parent);
    if mapping.get(key).is_some() || !site.starts_plainly() {
        return None;
    }
    let Span { start, end } = old.span();
    let quotes = Quotes::of(Source::of(old).text(start, end));
    Some(TextEdit::new(start, end, write::string(key, quotes)))
}

/// Takes the field, or the item of a list, at a path below an object away.
pub fn remove(object: Node<'_>, path: &str) -> Option<TextEdit> {
    remove::entry(&site::find(object, path)?)
}

/// Writes another scalar where one stands.
fn replace(site: &Site<'_>, value: &str) -> Option<TextEdit> {
    let Span { start, end } = site.value.span();
    let is_collection = matches!(site.value.shape(), Shape::Sequence | Shape::Mapping);
    if is_collection || is_elaborate(site.value) || !site.value_stands_alone() {
        return None;
    }
    if start == end {
        let colon = site.colon()?;
        let rest = Source::of(site.value).rest_of_line(colon + 1).trim_start();
        let is_alone = rest.is_empty() || rest.starts_with(['#', ',', '}']);
        return is_alone.then(|| {
            TextEdit::new(colon + 1, colon + 1, format!(" {}", write::string(value, Quotes::None)))
        });
    }
    let quotes = Quotes::of(Source::of(site.value).text(start, end));
    let same_kind = match resolve(value) {
        Scalar::Bool(_) => site.value.kind() == NodeKind::Bool,
        Scalar::Int(_) | Scalar::UInt(_) | Scalar::Float(_) => site.value.kind() == NodeKind::Number,
        Scalar::Null | Scalar::Str(_) => false,
    };
    let text = if same_kind { value.to_owned() } else { write::string(value, site.quotes(quotes)) };
    Some(TextEdit::new(start, end, text))
}
