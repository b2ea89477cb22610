//! Field paths: `spec.http[0].match[1].uri`, keys with other characters as `metadata.labels["app.kubernetes.io/name"]`.

use std::fmt::Write as _;

use super::node::Node;
use super::tape::Shape;

/// The path from `root` to a node in whose text it stands. Empty for the root itself.
pub(super) fn between(root: Node<'_>, node: Node<'_>) -> String {
    let mut steps = Vec::new();
    let mut at = node;
    while at.index != root.index
        && let Some(parent) = at.entry().map(|entry| Node::new(at.document, entry.parent))
        && parent.index != at.index
    {
        steps.push((parent, at));
        at = parent;
    }
    let mut path = String::new();
    for (parent, child) in steps.into_iter().rev() {
        match parent.shape() {
            Shape::Sequence => {
                let index = parent.items().position(|item| item.index == child.index).unwrap_or(0);
                // Writing to a string does not fail.
                let _ = write!(path, "[{index}]");
            }
            _ => push_key(&mut path, key_of(parent, child)),
        }
    }
    path
}

/// The key whose value (or which itself) is `child`.
fn key_of<'t>(mapping: Node<'t>, child: Node<'t>) -> &'t str {
    let found =
        mapping.key_nodes().find(|(key, value)| value.index == child.index || key.index == child.index);
    found.map_or_else(|| child.text(), |(key, _)| key.text())
}

/// Adds a key to a path.
pub(super) fn push_key(path: &mut String, key: &str) {
    let simple = !key.is_empty()
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'$' | b'@'));
    if !simple {
        let _ = write!(path, "[{key:?}]");
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

/// The node at a path below `node`.
pub(super) fn find<'t>(node: Node<'t>, path: &str) -> Option<Node<'t>> {
    match walk(node, path) {
        (found, "") => Some(found),
        _ => None,
    }
}

/// The node at a path below `node`, or the last one on the way that there is.
pub(super) fn nearest<'t>(node: Node<'t>, path: &str) -> Node<'t> {
    walk(node, path).0
}

/// Follows a path as far as it leads; the rest of the path comes with the node.
fn walk<'t, 'p>(node: Node<'t>, path: &'p str) -> (Node<'t>, &'p str) {
    let mut at = node;
    let mut rest = path;
    while let Some((step, behind)) = next_step(rest) {
        let next = match step {
            Step::Key(key) => at.get(key),
            Step::Quoted(quoted) => {
                at.entries().find(|(key, _)| format!("{key:?}") == quoted).map(|(_, value)| value)
            }
            Step::Index(index) => at.items().nth(index),
        };
        let Some(next) = next else { break };
        (at, rest) = (next, behind);
    }
    (at, rest)
}

/// One step of a path.
#[derive(Clone, Copy)]
pub(super) enum Step<'p> {
    Key(&'p str),
    /// With its quotes and escapes.
    Quoted(&'p str),
    Index(usize),
}

/// The first step of a path, and the rest of it.
pub(super) fn next_step(path: &str) -> Option<(Step<'_>, &str)> {
    let path = path.strip_prefix('.').unwrap_or(path);
    if let Some(bracket) = path.strip_prefix("[\"") {
        let close = closing_quote(bracket)?;
        let quoted = path.get(1..close + 3)?;
        return Some((Step::Quoted(quoted), path.get(close + 4..)?));
    }
    if let Some(bracket) = path.strip_prefix('[') {
        let (index, rest) = bracket.split_once(']')?;
        return Some((Step::Index(index.parse().ok()?), rest));
    }
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (key, rest) = path.split_at_checked(end)?;
    (!key.is_empty()).then_some((Step::Key(key), rest))
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}
