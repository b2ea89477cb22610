//! Fields that nobody reads, counted while an object is deserialized.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use super::node::Node;
use super::path::{pair_of, push_key};
use super::tape::Shape;

/// Different fields that are told apart; those beyond are only counted.
const MAX_PATHS: usize = 512;

/// The fields that typed structs had no use for, by path without list indices (`spec.containers[].image`).
#[derive(Debug, Default)]
pub struct Unread {
    inner: RefCell<Inner>,
    /// Values that are read as if nothing stood there, and whether there are any.
    aside: RefCell<BTreeSet<u32>>,
    leaves_aside: Cell<bool>,
}

#[derive(Debug, Default)]
struct Inner {
    root: u32,
    total: u64,
    paths: BTreeMap<String, u64>,
    /// Fields that are kept until somebody has looked at them, where somebody does.
    kept: Option<Vec<u32>>,
    scratch: String,
    steps: Vec<(u32, u32)>,
    /// The path to the mapping that a field was met in last, and which that was.
    prefix: String,
    prefix_of: Option<u32>,
}

impl Unread {
    /// An empty count.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A count of fields that somebody looks at first: they are kept, see [`take`](Self::take).
    pub(crate) fn keeping() -> Self {
        Self { inner: RefCell::new(Inner { kept: Some(Vec::new()), ..Inner::default() }), ..Self::default() }
    }

    /// The fields that were kept. Those that count are [added](Self::add).
    pub(crate) fn take<'t>(&self, root: Node<'t>) -> impl Iterator<Item = Node<'t>> {
        let kept =
            self.inner.try_borrow_mut().ok().and_then(|mut inner| inner.kept.as_mut().map(std::mem::take));
        kept.unwrap_or_default().into_iter().map(move |index| Node::new(root.document, index))
    }

    /// Reads a value as if nothing stood there from now on, unless that is so already.
    pub(super) fn leave_aside(&self, node: u32) -> bool {
        self.leaves_aside.set(true);
        self.aside.try_borrow_mut().is_ok_and(|mut aside| aside.insert(node))
    }

    /// Whether a value is read as if nothing stood there.
    pub(super) fn is_aside(&self, node: u32) -> bool {
        self.leaves_aside.get() && self.aside.try_borrow().is_ok_and(|aside| aside.contains(&node))
    }

    /// Counts a field that was kept.
    pub(crate) fn add(&self, field: Node<'_>) {
        if let Ok(mut inner) = self.inner.try_borrow_mut() {
            inner.add(field);
        }
    }

    /// Paths start at this node from now on.
    pub fn start_at(&self, root: Node<'_>) {
        if let Ok(mut inner) = self.inner.try_borrow_mut() {
            inner.root = root.index;
            inner.prefix_of = None;
        }
    }

    /// How many fields were not read.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.inner.try_borrow().map_or(0, |inner| inner.total)
    }

    /// The fields and how often each was met, sorted by path.
    #[must_use]
    pub fn into_paths(self) -> BTreeMap<String, u64> {
        self.inner.into_inner().paths
    }

    /// Counts a field.
    pub(super) fn count(&self, key: Node<'_>) {
        if let Ok(mut inner) = self.inner.try_borrow_mut() {
            inner.count(key);
        }
    }
}

impl Inner {
    fn count(&mut self, field: Node<'_>) {
        if self.is_identity(field) {
            return;
        }
        match &mut self.kept {
            Some(kept) => kept.push(field.index),
            None => self.add(field),
        }
    }

    fn add(&mut self, field: Node<'_>) {
        self.total += 1;
        self.write_path(field);
        if let Some(count) = self.paths.get_mut(&self.scratch) {
            *count += 1;
        } else if self.paths.len() < MAX_PATHS {
            self.paths.insert(self.scratch.clone(), 1);
        }
    }

    /// What every object has is read elsewhere.
    fn is_identity(&self, field: Node<'_>) -> bool {
        let Some(parent) = field.entry().map(|entry| entry.parent).filter(|&parent| parent == self.root)
        else {
            return false;
        };
        let key = pair_of(Node::new(field.document, parent), field.index);
        key.is_some_and(|(key, _)| matches!(key.text(), "apiVersion" | "kind" | "metadata"))
    }

    fn write_path(&mut self, field: Node<'_>) {
        let parent = field.parent().filter(|_| field.index != self.root);
        let Some(parent) = parent else { return self.scratch.clear() };
        // The fields of a mapping come one after the other: the path to it is written once.
        if self.prefix_of != Some(parent.index) {
            self.write_prefix(parent);
            self.prefix_of = Some(parent.index);
        }
        self.scratch.clone_from(&self.prefix);
        push_step(&mut self.scratch, parent, field.index);
    }

    fn write_prefix(&mut self, to: Node<'_>) {
        self.prefix.clear();
        self.steps.clear();
        let mut at = to;
        while at.index != self.root
            && let Some(parent) = at.parent()
        {
            self.steps.push((parent.index, at.index));
            at = parent;
        }
        for &(parent, child) in self.steps.iter().rev() {
            push_step(&mut self.prefix, Node::new(to.document, parent), child);
        }
    }
}

/// Adds the step from a node to one in it.
fn push_step(path: &mut String, parent: Node<'_>, child: u32) {
    match parent.shape() {
        Shape::Sequence => path.push_str("[]"),
        _ => {
            push_key(path, pair_of(parent, child).map_or("", |(name, _)| name.text()));
        }
    }
}
