//! Where objects are found by what they are for.

use std::sync::Arc;

use super::target::Target;
use super::{Attach, Attached, Binding, references, refers_to_nothing};
use crate::Str;
use crate::hash::HashMap;
use crate::snapshot::Labels;

/// The positions of objects, by what they are for. Every list is in the order of the objects.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    namespaces: HashMap<Str, InNamespace>,
    by_target: HashMap<Target, Vec<Attached>>,
}

/// The objects of a namespace.
#[derive(Clone, Debug, Default)]
pub(super) struct InNamespace {
    /// Those that select nothing in particular.
    pub(super) unselective: Vec<usize>,
    /// Of those the ones that refer to nothing either, and so are for all of the namespace.
    pub(super) wide: Vec<usize>,
    /// Those with a selector, by one of its labels: the one that the fewest of them ask for.
    by_label: HashMap<Str, HashMap<Str, Vec<usize>>>,
}

impl Index {
    pub(super) fn new<T: Attach>(objects: &[Arc<T>], root_namespace: &str) -> Self {
        let mut index = Self::default();
        let uses = uses(objects);
        for (position, object) in objects.iter().enumerate() {
            let meta = object.meta();
            let found = index.namespaces.entry(meta.namespace.clone()).or_default();
            let labels = object.selector().into_iter().flatten();
            let rarest = labels.min_by_key(|(key, value)| {
                uses.get(&(&*meta.namespace, key.as_str(), value.as_str())).copied().unwrap_or_default()
            });
            match rarest {
                Some((key, value)) => {
                    let values = found.by_label.entry(key.clone()).or_default();
                    values.entry(value.clone()).or_default().push(position);
                }
                None => {
                    found.unselective.push(position);
                    if refers_to_nothing(&**object) {
                        found.wide.push(position);
                    }
                }
            }
            index.add_references(position, &**object, root_namespace);
        }
        index
    }

    /// Adds what an object refers to; of several references to the same the first counts.
    fn add_references<T: Attach>(&mut self, position: usize, object: &T, root_namespace: &str) {
        for (in_list, reference) in references(object) {
            let Some(target) = Target::of(reference, object.meta(), root_namespace) else { continue };
            let by = Binding::Reference { to: target.kind(), position: in_list };
            let found = self.by_target.entry(target).or_default();
            if found.last().is_none_or(|last| last.position != position) {
                found.push(Attached { position, by });
            }
        }
    }

    pub(super) fn namespace(&self, namespace: &str) -> Option<&InNamespace> {
        self.namespaces.get(namespace)
    }

    /// What refers to something, in the order of the objects.
    pub(super) fn referring(&self, target: &Target) -> &[Attached] {
        self.by_target.get(target).map_or(&[], Vec::as_slice)
    }
}

impl InNamespace {
    /// Those whose selectors share a label with these: each once, in no particular order.
    pub(super) fn sharing(&self, labels: &Labels) -> impl Iterator<Item = usize> {
        let lists = labels.iter().filter_map(|(key, value)| self.by_label.get(key)?.get(value));
        lists.flatten().copied()
    }
}

/// How many selectors ask for each label of a namespace. Those of one label only have no choice.
fn uses<T: Attach>(objects: &[Arc<T>]) -> HashMap<(&str, &str, &str), usize> {
    let mut uses = HashMap::default();
    for object in objects {
        for (key, value) in object.selector().filter(|labels| labels.len() > 1).into_iter().flatten() {
            let label = (object.meta().namespace.as_str(), key.as_str(), value.as_str());
            *uses.entry(label).or_default() += 1;
        }
    }
    uses
}
