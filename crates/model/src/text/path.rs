//! Field paths: `spec.http[0].match[1].uri`, keys with other characters as
//! `metadata.labels["app.kubernetes.io/name"]`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::document::Document;
use super::node::Node;
use super::source::Span;
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
                let index = position_of(parent, child.index).unwrap_or(0);
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
    pair_of(mapping, child.index).map_or_else(|| child.text(), |(key, _)| key.text())
}

/// The key and the value of a mapping of which one is `child`: a wide mapping is not searched from its start
/// for each of them.
pub(super) fn pair_of<'t>(mapping: Node<'t>, child: u32) -> Option<(Node<'t>, Node<'t>)> {
    if !mapping.is_mapping() {
        return None;
    }
    let (pairs, _) = mapping.links().as_chunks::<2>();
    // Keys grow as the text does, mostly, and a value that stands there comes right behind its key.
    let with_key = |key: u32| {
        let at = pairs.partition_point(|&[other, _]| other < key);
        pairs.get(at).filter(|&&[other, value]| other == key && (key == child || value == child))
    };
    let before = child.checked_sub(1).and_then(with_key);
    let anywhere = || pairs.iter().find(|pair| pair.contains(&child));
    let &[key, value] = before.or_else(|| with_key(child)).or_else(anywhere)?;
    Some((Node::new(mapping.document, key), Node::new(mapping.document, value)))
}

/// Where in a list a node is.
fn position_of(list: Node<'_>, child: u32) -> Option<usize> {
    let links = list.links();
    // Without aliases they grow as the text does.
    let sorted = !list.document.tape.has_aliases;
    let found = sorted.then(|| links.partition_point(|&other| other < child));
    let is = |at: &usize| links.get(*at) == Some(&child);
    found.filter(is).or_else(|| links.iter().position(|&other| other == child))
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
    match walk(node, path, &mut |mapping, step| value_of(mapping, step)) {
        (found, "") => Some(found),
        _ => None,
    }
}

/// The node at a path below `node`, or the last one on the way that there is.
pub(super) fn nearest<'t>(node: Node<'t>, path: &str) -> Node<'t> {
    walk(node, path, &mut |mapping, step| value_of(mapping, step)).0
}

/// Mappings with more keys are indexed when many paths are followed.
const WIDE: usize = 32;

/// Finds the nodes of many paths.
#[derive(Debug, Default)]
pub(crate) struct Finder<'t> {
    /// The values of wide mappings, by their keys as paths have them: a mapping is its document and its node.
    wide: BTreeMap<(*const Document, u32), BTreeMap<String, Node<'t>>>,
}

impl<'t> Finder<'t> {
    /// Where the value at a path below a node stands, or as much of the path as there is.
    pub(crate) fn locate_nearest(&mut self, node: Node<'t>, path: &str) -> Span {
        walk(node, path, &mut |mapping, step| self.value_of(mapping, step)).0.span()
    }

    fn value_of(&mut self, mapping: Node<'t>, step: Step<'_>) -> Option<Node<'t>> {
        if mapping.links().len() <= 2 * WIDE {
            return value_of(mapping, step);
        }
        let step = match step {
            Step::Key(key) => format!("{key:?}"),
            Step::Quoted(quoted) => quoted.to_owned(),
            Step::Index(_) => return None,
        };
        let values = || mapping.entries().map(|(key, value)| (format!("{key:?}"), value)).collect();
        let id = (std::ptr::from_ref(mapping.document), mapping.index);
        self.wide.entry(id).or_insert_with(values).get(&step).copied()
    }
}

/// The value of a mapping's key.
fn value_of<'t>(mapping: Node<'t>, step: Step<'_>) -> Option<Node<'t>> {
    match step {
        Step::Key(key) => mapping.get(key),
        Step::Quoted(quoted) => {
            mapping.entries().find(|(key, _)| format!("{key:?}") == quoted).map(|(_, value)| value)
        }
        Step::Index(_) => None,
    }
}

/// Follows a path as far as it leads; the rest of the path comes with the node.
fn walk<'t, 'p>(
    node: Node<'t>,
    path: &'p str,
    value_of: &mut dyn FnMut(Node<'t>, Step<'p>) -> Option<Node<'t>>,
) -> (Node<'t>, &'p str) {
    let mut at = node;
    let mut rest = path;
    while let Some((step, behind)) = next_step(rest) {
        let next = match step {
            Step::Index(index) => at.item(index),
            key => value_of(at, key),
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
