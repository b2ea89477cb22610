//! Where a field stands: the collection that it is in, its key, its value.

use super::gap::{Source, is_blank};
use super::write::Quotes;
use crate::text::node::Node;
use crate::text::path::{self, Step};
use crate::text::tape::Shape;

/// A value, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Site<'t> {
    /// The mapping or list that it is in.
    pub(super) parent: Node<'t>,
    /// Its key; none in a list.
    pub(super) key: Option<Node<'t>>,
    pub(super) value: Node<'t>,
    /// Its position in the mapping or list.
    pub(super) at: usize,
}

/// The steps of a path; none where it is not one.
pub(super) fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut rest = path;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, behind) = path::next_step(rest)?;
        steps.push(step);
        rest = behind;
    }
    (!steps.is_empty()).then_some(steps)
}

/// The keys of steps; none where one is an item of a list.
pub(super) fn keys<'p>(steps: &[Step<'p>]) -> Option<Vec<&'p str>> {
    let key = |step: &Step<'p>| match *step {
        Step::Key(key) => Some(key),
        Step::Quoted(quoted) => {
            let key = quoted.strip_prefix('"')?.strip_suffix('"')?;
            (!key.contains('\\')).then_some(key)
        }
        Step::Index(_) => None,
    };
    steps.iter().map(key).collect()
}

/// The site at a path below an object, where its text means nothing else.
pub(super) fn find<'t>(object: Node<'t>, path: &str) -> Option<Site<'t>> {
    let steps = steps(path)?;
    match nearest(object, &steps)? {
        (Some(site), []) => Some(site),
        _ => None,
    }
}

/// The site that steps below an object lead to, or the last one on the way, with the steps that are left.
/// None where a text on the way means several fields.
pub(super) fn nearest<'t, 's, 'p>(
    object: Node<'t>,
    steps: &'s [Step<'p>],
) -> Option<(Option<Site<'t>>, &'s [Step<'p>])> {
    if object.document.tape.has_aliases {
        return None;
    }
    let mut last: Option<Site<'t>> = None;
    let mut rest = steps;
    let mut in_flow = is_within_flow(object);
    while let [step, behind @ ..] = rest {
        let parent = last.map_or(object, |site| site.value);
        // A pair in brackets without braces: `[key: value]`.
        if in_flow && matches!(parent.shape(), Shape::Mapping | Shape::Sequence) && !is_flow(parent) {
            return None;
        }
        in_flow |= is_flow(parent);
        let Some(site) = child(parent, step) else { break };
        if site.stands_twice() {
            return None;
        }
        (last, rest) = (Some(site), behind);
    }
    Some((last, rest))
}

fn child<'t>(parent: Node<'t>, step: &Step<'_>) -> Option<Site<'t>> {
    let entry = |is_wanted: &dyn Fn(&str) -> bool| {
        let mut entries = parent.key_nodes().enumerate();
        let (at, (key, value)) = entries.find(|(_, (key, _))| is_wanted(key.text()))?;
        Some(Site { parent, key: Some(key), value, at })
    };
    match *step {
        Step::Key(wanted) => entry(&|key| key == wanted),
        Step::Quoted(quoted) => entry(&|key| format!("{key:?}") == quoted),
        Step::Index(at) => parent.items().nth(at).map(|value| Site { parent, key: None, value, at }),
    }
}

/// Whether a collection is written in brackets.
pub(super) fn is_flow(node: Node<'_>) -> bool {
    matches!(node.shape(), Shape::Mapping | Shape::Sequence)
        && matches!(Source::of(node).at(node.span().start), Some('{' | '['))
}

/// Whether a scalar is more than its text or quotes: a block scalar behind `|` or `>`, or one with a tag or
/// an anchor.
pub(super) fn is_elaborate(node: Node<'_>) -> bool {
    let span = node.span();
    match Source::of(node).at(span.start) {
        _ if span.start == span.end => false,
        Some('"' | '\'') => false,
        Some('!' | '&') => true,
        _ => node.shape() == Shape::Text,
    }
}

/// Whether a node stands in brackets.
fn is_within_flow(node: Node<'_>) -> bool {
    std::iter::successors(node.parent(), |above| above.parent()).any(is_flow)
}

impl<'t> Site<'t> {
    /// Whether the value's key stands in the mapping twice.
    fn stands_twice(&self) -> bool {
        let Some(key) = self.key else { return false };
        let document = self.parent.document;
        document.tape.duplicates.iter().any(|twice| {
            let later = Node::new(document, twice.later);
            later.entry().is_some_and(|entry| entry.parent == self.parent.index) && later.text() == key.text()
        })
    }

    /// Where the text of the entry or item starts.
    pub(super) fn start(&self) -> u32 {
        self.key.unwrap_or(self.value).span().start
    }

    /// Where its text ends: behind the colon, where there is no value.
    pub(super) fn end(&self) -> Option<u32> {
        let span = self.value.span();
        let last = last_of(self.value);
        if last.span().start < last.span().end {
            return Some(Source::of(self.value).trim(span.start, span.end));
        }
        // A null of which nothing stands there is nobody's end but its own key's.
        if last.is(self.value) { Some(self.colon()? + 1) } else { None }
    }

    /// Where the colon behind the key stands.
    pub(super) fn colon(&self) -> Option<u32> {
        let key = self.key?.span();
        let source = Source::of(self.value);
        let rest = source.rest_of_line(key.end);
        let colon = key.end + u32::try_from(rest.len() - rest.trim_start_matches(' ').len()).ok()?;
        (source.at(colon) == Some(':')).then_some(colon)
    }

    /// Whether nothing but blanks is between the key, or what stands before the item, and the value: no tag,
    /// anchor or comment.
    pub(super) fn value_stands_alone(&self) -> bool {
        let start = self.value.span().start;
        let source = Source::of(self.value);
        if self.key.is_some() {
            return self.colon().is_some_and(|colon| is_blank(source.text(colon + 1, start)));
        }
        if is_flow(self.parent) { self.follows_a_delimiter() } else { self.dash().is_some() }
    }

    /// Whether the entry starts with its key: no `?`, tag or anchor before it.
    pub(super) fn starts_plainly(&self) -> bool {
        if is_flow(self.parent) {
            return self.follows_a_delimiter();
        }
        let before = Source::of(self.parent).line_before(self.start());
        before.bytes().all(|byte| matches!(byte, b' ' | b'-')) && self.colon().is_some()
    }

    /// Whether the entry of a collection in brackets follows a bracket or comma directly.
    pub(super) fn follows_a_delimiter(&self) -> bool {
        let before = Source::of(self.parent).text(self.parent.span().start, self.start());
        let before = before.trim_end();
        match self.at {
            0 => before.len() == 1,
            _ => before.ends_with(','),
        }
    }

    /// Where the dash before an item stands, where it is on the same line.
    pub(super) fn dash(&self) -> Option<u32> {
        let source = Source::of(self.parent);
        let line = source.line_start(self.start());
        let before = source.text(line, self.start());
        let up_to_dash = before.trim_end_matches(' ').strip_suffix('-')?;
        let is_dash = up_to_dash.is_empty() || up_to_dash.ends_with(' ');
        is_dash.then(|| line + u32::try_from(up_to_dash.len()).unwrap_or_default())
    }

    /// The quotes that a string has to have here, where another has these: double ones in JSON, where a
    /// number may have stood.
    pub(super) fn quotes(&self, now: Quotes) -> Quotes {
        let key = self.key.map(Node::span);
        let is_json = key.is_some_and(|key| Source::of(self.parent).at(key.start) == Some('"'));
        if now == Quotes::None && is_json && is_flow(self.parent) { Quotes::Double } else { now }
    }
}

/// What a node ends with: a scalar, or a collection in brackets.
pub(super) fn last_of(node: Node<'_>) -> Node<'_> {
    let mut last = node;
    while !is_flow(last)
        && let Some(inner) = last.key_nodes().last().map(|(_, value)| value).or_else(|| last.items().last())
    {
        last = inner;
    }
    last
}
