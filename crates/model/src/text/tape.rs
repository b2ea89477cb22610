//! The tape: one document as flat vectors, and the builder that both parsers write to.

use super::key::KeyError;
use super::source::Span;
use crate::limits::{LimitError, Limits};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A scalar whose meaning follows from its text.
    Plain,
    /// A string.
    Text,
    /// A list; its links are its items.
    Sequence,
    /// A mapping; its links are keys and values in turn. Keys are strings and unique.
    Mapping,
}

/// Where a scalar's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// In the file's text.
    Source,
    /// In [`Tape::scratch`], because it differs from what stands in the file: escapes, folded lines.
    Scratch,
}

/// A scalar's text.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextRef {
    pub(super) home: Home,
    pub(super) start: u32,
    pub(super) len: u32,
}

/// One node. `first` and `count` are a range of the text for scalars, of the links for collections.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) shape: Shape,
    pub(super) home: Home,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) first: u32,
    pub(super) count: u32,
    /// The collection in whose text the node stands; the root's is itself.
    pub(super) parent: u32,
}

/// A mapping's key that stands there twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Duplicate {
    pub(super) earlier: u32,
    pub(super) later: u32,
}

/// A document as flat vectors. Aliases and merge keys are links to the nodes that they stand for, so that
/// they cost nothing however often they are used.
#[derive(Clone, Debug, Default)]
pub(super) struct Tape {
    pub(super) entries: Vec<Entry>,
    pub(super) links: Vec<u32>,
    pub(super) scratch: String,
    pub(super) duplicates: Vec<Duplicate>,
    pub(super) root: u32,
    /// Whether something stands for what stands elsewhere: an alias or a merge key.
    pub(super) has_aliases: bool,
}

impl Tape {
    pub(super) fn entry(&self, index: u32) -> Option<&Entry> {
        self.entries.get(index as usize)
    }

    pub(super) fn links_of(&self, entry: &Entry) -> &[u32] {
        match entry.shape {
            Shape::Sequence | Shape::Mapping => {
                let first = entry.first as usize;
                self.links.get(first..first + entry.count as usize).unwrap_or_default()
            }
            Shape::Plain | Shape::Text => &[],
        }
    }

    pub(super) fn text_of<'t>(&'t self, source: &'t str, index: u32) -> &'t str {
        let Some(entry) = self.entry(index) else { return "" };
        if matches!(entry.shape, Shape::Sequence | Shape::Mapping) {
            return "";
        }
        let first = entry.first as usize;
        let range = first..first + entry.count as usize;
        match entry.home {
            Home::Source => source.get(range).unwrap_or_default(),
            Home::Scratch => self.scratch.get(range).unwrap_or_default(),
        }
    }
}

/// Why a document could not be built although its syntax is right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BuildError {
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error("{0}")]
    Key(#[from] KeyError),
    #[error("the merge key `<<` takes a mapping or a list of mappings")]
    Merge,
    #[error("the alias refers to an anchor that is not defined before it")]
    UnknownAnchor,
    #[error("the alias refers to a value that contains it")]
    RecursiveAlias,
    #[error("`{text}` cannot be read as `{tag}`")]
    Tag { tag: String, text: String },
}

/// A build error and where it happened.
pub(super) type Failure = (BuildError, Span);

/// What is known of a finished node, for aliases and limits.
#[derive(Clone, Copy, Debug)]
struct Measure {
    node: u32,
    /// Values in it, itself included, aliases expanded.
    size: usize,
    /// Levels of collections in it.
    depth: usize,
}

#[derive(Clone, Copy, Debug)]
enum Anchor {
    /// Its collection is still open.
    Open,
    Done(Measure),
}

#[derive(Debug)]
struct Frame {
    node: u32,
    first_child: usize,
    anchor: usize,
    size: usize,
    depth: usize,
}

/// Builds a tape from a parser's events. An anchor of 0 is none.
pub(super) struct Builder<'s> {
    pub(super) tape: Tape,
    pub(super) source: &'s str,
    limits: &'s Limits,
    stack: Vec<Frame>,
    children: Vec<u32>,
    anchors: Vec<Option<Anchor>>,
    /// Values that come of aliases and merge keys so far.
    aliased: usize,
}

/// Documents with fewer values may have as many aliases as one with so many.
const FEW: usize = 1000;

impl<'s> Builder<'s> {
    pub(super) fn new(source: &'s str, limits: &'s Limits) -> Self {
        Self {
            tape: Tape::default(),
            source,
            limits,
            stack: Vec::new(),
            children: Vec::new(),
            anchors: Vec::new(),
            aliased: 0,
        }
    }

    /// Whether all collections are closed.
    pub(super) fn is_complete(&self) -> bool {
        self.stack.is_empty()
    }

    /// Adds a text to the scratch space.
    pub(super) fn keep(&mut self, text: &str) -> TextRef {
        let start = to_u32(self.tape.scratch.len());
        self.tape.scratch.push_str(text);
        TextRef { home: Home::Scratch, start, len: to_u32(text.len()) }
    }

    pub(super) fn scalar(
        &mut self,
        shape: Shape,
        text: TextRef,
        span: Span,
        anchor: usize,
    ) -> Result<(), Failure> {
        let node = self.push(Entry {
            shape,
            home: text.home,
            start: span.start,
            end: span.end,
            first: text.start,
            count: text.len,
            parent: self.parent(),
        });
        self.finish(Measure { node, size: 1, depth: 0 }, anchor, span)
    }

    pub(super) fn open(&mut self, shape: Shape, span: Span, anchor: usize) -> Result<(), Failure> {
        if self.stack.len() >= self.limits.depth {
            return Err((LimitError::TooDeep { limit: self.limits.depth }.into(), span));
        }
        let node = self.push(Entry {
            shape,
            home: Home::Source,
            start: span.start,
            end: span.end,
            first: 0,
            count: 0,
            parent: self.parent(),
        });
        self.set_anchor(anchor, Anchor::Open);
        self.stack.push(Frame { node, first_child: self.children.len(), anchor, size: 1, depth: 1 });
        Ok(())
    }

    /// Closes the innermost collection; `end` is behind its last byte.
    pub(super) fn close(&mut self, end: u32) -> Result<(), Failure> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let shape = self.tape.entry(frame.node).map_or(Shape::Sequence, |entry| entry.shape);
        let first = self.tape.links.len();
        if shape == Shape::Mapping {
            self.link_mapping(frame.node, frame.first_child)?;
        } else {
            self.tape.links.extend(self.children.iter().skip(frame.first_child));
        }
        self.children.truncate(frame.first_child);
        let count = to_u32(self.tape.links.len() - first);
        let mut span = Span::default();
        if let Some(entry) = self.tape.entries.get_mut(frame.node as usize) {
            entry.end = entry.end.max(end);
            (entry.first, entry.count) = (to_u32(first), count);
            span = Span { start: entry.start, end: entry.end };
        }
        self.finish(Measure { node: frame.node, size: frame.size, depth: frame.depth }, frame.anchor, span)
    }

    pub(super) fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Failure> {
        self.tape.has_aliases = true;
        match self.anchors.get(anchor).copied().flatten() {
            None => Err((BuildError::UnknownAnchor, span)),
            Some(Anchor::Open) => Err((BuildError::RecursiveAlias, span)),
            Some(Anchor::Done(measure)) => {
                self.add_aliased(measure.size, span)?;
                self.finish(measure, 0, span)
            }
        }
    }

    /// Counts values that stand elsewhere, so that what a document stands for grows with its text only.
    fn add_aliased(&mut self, values: usize, span: Span) -> Result<(), Failure> {
        self.aliased = self.aliased.saturating_add(values);
        let written = self.tape.entries.len();
        let limit = self.limits.aliases.saturating_mul(written.max(FEW));
        if self.aliased > limit {
            return Err((LimitError::TooManyAliases { limit, written }.into(), span));
        }
        Ok(())
    }

    /// Copies a mapping's children to its links: keys become strings, merge keys are expanded, of two equal
    /// keys the later one stays.
    fn link_mapping(&mut self, mapping: u32, first_child: usize) -> Result<(), Failure> {
        let children = self.children.get(first_child..).unwrap_or_default().to_vec();
        let mut has_merge = false;
        let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(children.len() / 2);
        for pair in children.chunks_exact(2) {
            let &[key, value] = pair else { continue };
            if self.is_merge_key(key) {
                has_merge = true;
                self.merge(value, &mut pairs)?;
            } else {
                pairs.push((self.key_node(key, mapping)?, value));
            }
        }
        let kept = self.without_duplicates(mapping, pairs, has_merge);
        self.tape.links.extend(kept.into_iter().flat_map(|(key, value)| [key, value]));
        Ok(())
    }

    fn is_merge_key(&self, key: u32) -> bool {
        self.tape.entry(key).is_some_and(|entry| entry.shape == Shape::Plain)
            && self.tape.text_of(self.source, key) == "<<"
    }

    /// Adds the pairs of a merged mapping, or of a list of them, of which the earlier ones win.
    fn merge(&mut self, value: u32, pairs: &mut Vec<(u32, u32)>) -> Result<(), Failure> {
        self.tape.has_aliases = true;
        let failure = |span| (BuildError::Merge, span);
        let Some(entry) = self.tape.entry(value).copied() else { return Ok(()) };
        let span = Span { start: entry.start, end: entry.end };
        let mappings: Vec<u32> = match entry.shape {
            Shape::Mapping => vec![value],
            Shape::Sequence => self.tape.links_of(&entry).iter().rev().copied().collect(),
            Shape::Plain | Shape::Text => return Err(failure(span)),
        };
        for mapping in mappings {
            let Some(entry) = self.tape.entry(mapping).filter(|entry| entry.shape == Shape::Mapping) else {
                return Err(failure(span));
            };
            let entry = *entry;
            self.add_aliased(entry.count as usize, span)?;
            let links = self.tape.links_of(&entry).chunks_exact(2);
            pairs.extend(links.filter_map(|pair| Some((*pair.first()?, *pair.last()?))));
        }
        Ok(())
    }

    /// Keeps the last of pairs with equal keys. A key that replaces a merged one is no mistake; two keys that
    /// both stand in the mapping itself are.
    fn without_duplicates(
        &mut self,
        mapping: u32,
        pairs: Vec<(u32, u32)>,
        has_merge: bool,
    ) -> Vec<(u32, u32)> {
        let replaced = replaced_pairs(&self.tape, self.source, &pairs);
        if replaced.is_empty() {
            return pairs;
        }
        for &(earlier, later) in &replaced {
            let keys = [earlier, later].map(|at| pairs.get(at).map_or(0, |pair| pair.0));
            let own = |key: u32| self.tape.entry(key).is_some_and(|entry| entry.parent == mapping);
            let [earlier, later] = keys;
            if (!has_merge || (own(earlier) && own(later)))
                && self.tape.duplicates.len() < self.limits.problems
            {
                self.tape.duplicates.push(Duplicate { earlier, later });
            }
        }
        let mut dropped = replaced.iter().map(|&(earlier, _)| earlier).peekable();
        let keep = |&(at, _): &(usize, (u32, u32))| dropped.next_if_eq(&at).is_none();
        pairs.into_iter().enumerate().filter(keep).map(|(_, pair)| pair).collect()
    }

    fn push(&mut self, entry: Entry) -> u32 {
        let index = to_u32(self.tape.entries.len());
        self.tape.entries.push(entry);
        index
    }

    /// Adds a node that stands in no collection's children: a key in its string form.
    pub(super) fn push_key(&mut self, original: Entry, text: TextRef, mapping: u32) -> u32 {
        self.push(Entry {
            shape: Shape::Text,
            home: text.home,
            first: text.start,
            count: text.len,
            parent: mapping,
            ..original
        })
    }

    fn parent(&self) -> u32 {
        self.stack.last().map_or(0, |frame| frame.node)
    }

    fn set_anchor(&mut self, anchor: usize, state: Anchor) {
        if anchor == 0 {
            return;
        }
        if self.anchors.len() <= anchor {
            self.anchors.resize(anchor + 1, None);
        }
        if let Some(slot) = self.anchors.get_mut(anchor) {
            *slot = Some(state);
        }
    }

    fn finish(&mut self, measure: Measure, anchor: usize, span: Span) -> Result<(), Failure> {
        self.set_anchor(anchor, Anchor::Done(measure));
        if self.stack.len() + measure.depth > self.limits.depth {
            return Err((LimitError::TooDeep { limit: self.limits.depth }.into(), span));
        }
        let Some(frame) = self.stack.last_mut() else {
            self.tape.root = measure.node;
            return Ok(());
        };
        frame.size = frame.size.saturating_add(measure.size);
        frame.depth = frame.depth.max(measure.depth + 1);
        if frame.size > self.limits.values {
            return Err((LimitError::TooManyNodes { limit: self.limits.values }.into(), span));
        }
        self.children.push(measure.node);
        Ok(())
    }
}

/// Mappings up to this size are searched for equal keys pair by pair, larger ones by sorting.
const SMALL: usize = 12;

/// Positions of pairs whose key comes again later, with the position of the next one, in order.
fn replaced_pairs(tape: &Tape, source: &str, pairs: &[(u32, u32)]) -> Vec<(usize, usize)> {
    let text = |at: usize| pairs.get(at).map_or("", |pair| tape.text_of(source, pair.0));
    let mut replaced = Vec::new();
    if pairs.len() <= SMALL {
        for earlier in 0..pairs.len() {
            let key = text(earlier);
            if let Some(later) = (earlier + 1..pairs.len()).find(|&later| text(later) == key) {
                replaced.push((earlier, later));
            }
        }
        return replaced;
    }
    let mut order: Vec<usize> = (0..pairs.len()).collect();
    order.sort_by_key(|&at| text(at));
    for two in order.windows(2) {
        if let &[earlier, later] = two
            && text(earlier) == text(later)
        {
            replaced.push((earlier, later));
        }
    }
    replaced.sort_unstable();
    replaced
}

/// Offsets and counts fit in 32 bits because files are limited to 4 GiB.
pub(super) fn to_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
