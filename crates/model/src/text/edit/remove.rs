//! A field, or an item of a list, that goes.

use super::TextEdit;
use super::gap::{Source, is_blank, is_comma};
use super::site::{Site, is_flow};
use crate::text::node::Node;
use crate::text::tape::Shape;

/// Takes an entry or item away. The last one of its collection leaves an empty one.
pub(super) fn entry(site: &Site<'_>) -> Option<TextEdit> {
    if is_flow(site.parent) {
        return in_flow(site);
    }
    let starts_plainly = if site.key.is_some() { site.starts_plainly() } else { site.dash().is_some() };
    if !starts_plainly {
        return None;
    }
    if is_only(site.parent) { only_of_block(site) } else { in_block(site) }
}

fn is_only(parent: Node<'_>) -> bool {
    parent.items().len() == 1 || parent.key_nodes().count() == 1
}

/// The only entry of a collection in block style: it becomes `{}` or `[]`.
fn only_of_block(site: &Site<'_>) -> Option<TextEdit> {
    let source = Source::of(site.parent);
    let (start, end) = (site.parent.span().start, site.end()?);
    let empty = if site.parent.shape() == Shape::Mapping { "{}" } else { "[]" };
    let above = site.parent.parent()?;
    if let Some((key, value)) = above.key_nodes().find(|(_, value)| value.is(site.parent)) {
        let outer = Site { parent: above, key: Some(key), value, at: 0 };
        let colon = outer.colon()?;
        let from = site.dash().unwrap_or(start);
        return is_blank(source.text(colon + 1, from))
            .then(|| TextEdit::new(colon + 1, end, format!(" {empty}")));
    }
    // The item of a list: `- key: value` becomes `- {}`.
    let outer = Site { parent: above, key: None, value: site.parent, at: 0 };
    (site.key.is_some() && outer.dash().is_some()).then(|| TextEdit::new(start, end, empty))
}

/// An entry or item of several: its lines go.
fn in_block(site: &Site<'_>) -> Option<TextEdit> {
    let source = Source::of(site.parent);
    let end = site.end()?;
    let start = if site.key.is_some() { site.start() } else { site.dash()? };
    let line = source.line_start(start);
    if is_blank(source.text(line, start)) {
        let rest = source.rest_of_line(end).trim_start();
        return (rest.is_empty() || rest.starts_with('#'))
            .then(|| TextEdit::new(line, source.next_line(end), ""));
    }
    // The first entry of an item: the next one comes behind the dash.
    let (next, _) = site.parent.key_nodes().nth(site.at + 1)?;
    let next = next.span().start;
    (is_blank(source.text(end, next)) && is_blank(source.line_before(next)))
        .then(|| TextEdit::new(start, next, ""))
}

/// An entry or item in brackets, and a comma.
fn in_flow(site: &Site<'_>) -> Option<TextEdit> {
    let source = Source::of(site.parent);
    if !site.follows_a_delimiter() || site.value.span().start == site.value.span().end {
        return None;
    }
    let (start, end) = (site.start(), site.end()?);
    let bounds = bounds(site.parent);
    if let Some(&(next, _)) = bounds.get(site.at + 1) {
        return is_comma(source.text(end, next)).then(|| TextEdit::new(start, next, ""));
    }
    let whole = site.parent.span();
    let behind = source.text(end, whole.end - 1);
    if !(is_blank(behind) || is_comma(behind)) {
        return None;
    }
    match site.at.checked_sub(1).and_then(|before| bounds.get(before)) {
        Some(&(_, before)) => is_comma(source.text(before, start)).then(|| TextEdit::new(before, end, "")),
        None => Some(TextEdit::new(whole.start + 1, whole.end - 1, "")),
    }
}

/// Where each entry or item of a collection starts and ends.
fn bounds(parent: Node<'_>) -> Vec<(u32, u32)> {
    let entries = parent.key_nodes().map(|(key, value)| (key.span().start, value.span().end));
    let items = parent.items().map(|item| (item.span().start, item.span().end));
    entries.chain(items).collect()
}
