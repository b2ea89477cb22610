//! Fields that nobody reads, counted while an object is deserialized.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::node::Node;
use super::path::push_key;
use super::tape::Shape;

/// Different fields that are told apart; those beyond are only counted.
const MOST: usize = 512;

/// The fields that typed structs had no use for, by path without list indices (`spec.containers[].image`).
#[derive(Debug, Default)]
pub struct Unread {
    inner: RefCell<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    root: u32,
    total: u64,
    paths: BTreeMap<String, u64>,
    scratch: String,
    steps: Vec<u32>,
}

impl Unread {
    /// An empty count.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Paths start at this node from now on.
    pub fn start_at(&self, root: Node<'_>) {
        if let Ok(mut inner) = self.inner.try_borrow_mut() {
            inner.root = root.index;
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
        self.total += 1;
        self.write_path(field);
        if let Some(count) = self.paths.get_mut(&self.scratch) {
            *count += 1;
        } else if self.paths.len() < MOST {
            self.paths.insert(self.scratch.clone(), 1);
        }
    }

    /// What every object has is read elsewhere.
    fn is_identity(&self, field: Node<'_>) -> bool {
        let Some(parent) = field.entry().map(|entry| entry.parent).filter(|&parent| parent == self.root)
        else {
            return false;
        };
        let key = Node::new(field.document, parent).key_nodes().find(|(_, value)| value.index == field.index);
        key.is_some_and(|(key, _)| matches!(key.text(), "apiVersion" | "kind" | "metadata"))
    }

    fn write_path(&mut self, key: Node<'_>) {
        self.scratch.clear();
        self.steps.clear();
        let mut at = key;
        while at.index != self.root
            && let Some(parent) = at.entry().map(|entry| Node::new(at.document, entry.parent))
            && parent.index != at.index
        {
            self.steps.push(at.index);
            at = parent;
        }
        for &step in self.steps.iter().rev() {
            let node = Node::new(key.document, step);
            let Some(parent) = node.entry().map(|entry| Node::new(node.document, entry.parent)) else {
                continue;
            };
            match parent.shape() {
                Shape::Sequence => self.scratch.push_str("[]"),
                _ => {
                    let found =
                        parent.key_nodes().find(|(name, value)| value.index == step || name.index == step);
                    push_key(&mut self.scratch, found.map_or("", |(name, _)| name.text()));
                }
            }
        }
    }
}
