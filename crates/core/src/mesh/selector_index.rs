//! Finds the selectors that match an object's labels, without trying them all.

use std::collections::{BTreeMap, HashMap};

use crate::Str;

/// Selectors (sets of labels to have) by one of their labels: the one that the fewest of them ask for.
///
/// An object is then compared with those selectors only that share a label with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SelectorIndex<'a, Id> {
    by_label: HashMap<Label<'a>, Vec<Selector<'a, Id>>>,
}

/// The labels to have, and whose selector it is.
type Selector<'a, Id> = (&'a BTreeMap<Str, Str>, Id);

/// A label of an object of a namespace.
type Label<'a> = (&'a str, &'a str, &'a str);

impl<'a, Id: Copy + Ord> SelectorIndex<'a, Id> {
    /// Indexes selectors, each with its namespace. Empty ones are left out: they select nothing.
    pub(crate) fn new(selectors: &[(&'a str, &'a BTreeMap<Str, Str>, Id)]) -> Self {
        let mut uses: HashMap<Label<'a>, usize> = HashMap::new();
        for (namespace, selector, _) in selectors {
            for (key, value) in *selector {
                *uses.entry((namespace, key, value)).or_default() += 1;
            }
        }
        let mut by_label: HashMap<_, Vec<Selector<'a, Id>>> = HashMap::new();
        for &(namespace, selector, id) in selectors {
            let labels = selector.iter().map(|(key, value)| (namespace, key.as_str(), value.as_str()));
            if let Some(rarest) = labels.min_by_key(|label| uses.get(label).copied().unwrap_or_default()) {
                by_label.entry(rarest).or_default().push((selector, id));
            }
        }
        Self { by_label }
    }

    /// The selectors of `namespace` that these labels satisfy, in the order of their ids.
    pub(crate) fn matching(&self, namespace: &str, labels: &BTreeMap<Str, Str>) -> Vec<Id> {
        let mut found: Vec<Id> = labels
            .iter()
            .filter_map(|(key, value)| self.by_label.get(&(namespace, key.as_str(), value.as_str())))
            .flatten()
            .filter(|(selector, _)| is_subset(selector, labels))
            .map(|(_, id)| *id)
            .collect();
        found.sort_unstable();
        found
    }
}

/// Whether `labels` has every label of `selector`. An empty selector is a subset of anything.
pub(crate) fn is_subset(selector: &BTreeMap<Str, Str>, labels: &BTreeMap<Str, Str>) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<Str, Str> {
        pairs.iter().map(|(k, v)| (Str::new(k), Str::new(v))).collect()
    }

    #[test]
    fn every_label_has_to_match_within_the_namespace() {
        let web = labels(&[("app", "web")]);
        let web_v2 = labels(&[("app", "web"), ("version", "v2")]);
        let nothing = labels(&[]);
        let selectors = [("a", &web_v2, 1), ("a", &web, 0), ("b", &web, 2), ("a", &nothing, 3)];
        let index = SelectorIndex::new(&selectors);
        assert_eq!(index.matching("a", &labels(&[("app", "web"), ("version", "v2"), ("x", "y")])), [0, 1]);
        assert_eq!(index.matching("a", &labels(&[("app", "web"), ("version", "v1")])), [0]);
        assert_eq!(index.matching("b", &web_v2), [2]);
        assert!(index.matching("c", &web).is_empty());
    }
}
