//! A field that is not there yet.

use serde_json::Value;

use super::TextEdit;
use super::gap::{Source, is_blank, is_comma};
use super::site::{Site, is_elaborate, is_flow, last_of};
use super::write::{self, Quotes};
use crate::text::node::Node;
use crate::text::tape::Shape;

/// Adds a field to a mapping: an object, or the value at a site of it. Of several keys each one but the last
/// gets a mapping.
pub(super) fn entry(
    object: Node<'_>,
    site: Option<&Site<'_>>,
    keys: &[&str],
    value: &Value,
) -> Option<TextEdit> {
    let mapping = site.map_or(object, |site| site.value);
    if mapping.shape() != Shape::Mapping {
        return None;
    }
    if is_flow(mapping) { in_flow(mapping, site, keys, value) } else { in_block(mapping, keys, value) }
}

/// `{a: 1}` → `{a: 1, key: value}`.
fn in_flow(mapping: Node<'_>, site: Option<&Site<'_>>, keys: &[&str], value: &Value) -> Option<TextEdit> {
    let source = Source::of(mapping);
    let span = mapping.span();
    let Some((first, _)) = mapping.key_nodes().next() else {
        let key = site.and_then(|site| site.key).map(Node::span);
        let is_json = key.is_some_and(|key| source.at(key.start) == Some('"'));
        let is_empty = is_blank(source.text(span.start + 1, span.end - 1));
        return is_empty.then(|| {
            TextEdit::new(span.start, span.end, format!("{{{}}}", flow_entry(keys, value, is_json)))
        });
    };
    let is_json = source.at(first.span().start) == Some('"');
    let (key, last) = mapping.key_nodes().last()?;
    let end = last.span().end;
    let behind = source.text(end, span.end - 1);
    if last.span().start == end || !(is_blank(behind) || is_comma(behind)) {
        return None;
    }
    // An entry a line, as JSON is often written.
    let before = source.line_before(key.span().start);
    let gap = if is_blank(before) { format!("{}{before}", source.newline()) } else { " ".to_owned() };
    Some(TextEdit::new(end, end, format!(",{gap}{}", flow_entry(keys, value, is_json))))
}

/// `key: value`, or `key: {key: value}`.
fn flow_entry(keys: &[&str], value: &Value, is_json: bool) -> String {
    let quotes = if is_json { Quotes::Double } else { Quotes::None };
    let Some((last, outer)) = keys.split_last() else { return String::new() };
    let innermost = format!("{}: {}", write::string(last, quotes), write::value(value, quotes));
    outer.iter().rev().fold(innermost, |inner, key| format!("{}: {{{inner}}}", write::string(key, quotes)))
}

/// A line, or several, behind the last entry; before the first one where a block scalar would take them for
/// its own, or where nothing shows the end.
fn in_block(mapping: Node<'_>, keys: &[&str], value: &Value) -> Option<TextEdit> {
    let source = Source::of(mapping);
    let site = |at: usize, (key, value)| Site { parent: mapping, key: Some(key), value, at };
    let first = site(0, mapping.key_nodes().next()?);
    let last = site(1, mapping.key_nodes().last()?);
    if !first.starts_plainly() {
        return None;
    }
    let indent = " ".repeat(source.line_before(first.start()).len());
    let newline = source.newline();
    let lines = block_lines(keys, value, &indent, newline);
    let Some(end) = last.end().filter(|_| !is_elaborate(last_of(last.value))) else {
        return Some(TextEdit::new(first.start(), first.start(), format!("{lines}{newline}{indent}")));
    };
    let next = source.next_line(end);
    let rest = source.rest_of_line(end).trim_start();
    if !(rest.is_empty() || rest.starts_with('#')) {
        return None;
    }
    Some(if source.ends_line(next) {
        TextEdit::new(next, next, format!("{indent}{lines}{newline}"))
    } else {
        TextEdit::new(next, next, format!("{newline}{indent}{lines}"))
    })
}

/// The lines of an entry, without the indentation of the first.
fn block_lines(keys: &[&str], value: &Value, indent: &str, newline: &str) -> String {
    let mut lines = String::new();
    for (depth, key) in keys.iter().enumerate() {
        if depth > 0 {
            lines += &format!("{newline}{indent}{}", "  ".repeat(depth));
        }
        lines += &format!("{}:", write::string(key, Quotes::None));
    }
    lines + " " + &write::value(value, Quotes::None)
}
