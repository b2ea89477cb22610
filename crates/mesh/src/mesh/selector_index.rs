//! Finds the selectors that match an object's labels, without trying them all.

use crate::hash::HashMap;
use crate::snapshot::Labels;

/// Selectors (sets of labels to have) by one of their labels: the one that the fewest of them ask for.
///
/// An object is then compared with those selectors only that share a label with it.
#[derive(Clone, Debug, Default)]
pub struct SelectorIndex<'a, Id> {
    by_label: HashMap<Label<'a>, Vec<Selector<'a, Id>>>,
}

/// The labels to have, and whose selector it is.
type Selector<'a, Id> = (&'a Labels, Id);

/// A label of an object of a namespace.
type Label<'a> = (&'a str, &'a str, &'a str);

impl<'a, Id: Copy + Ord> SelectorIndex<'a, Id> {
    /// Indexes selectors, each with its namespace. Empty ones are left out: they select nothing.
    pub fn new(selectors: &[(&'a str, &'a Labels, Id)]) -> Self {
        let mut uses: HashMap<Label<'a>, usize> = HashMap::default();
        for &(namespace, selector, _) in selectors.iter().filter(|(_, selector, _)| selector.len() > 1) {
            for (key, value) in selector {
                *uses.entry((namespace, key, value)).or_default() += 1;
            }
        }
        let mut by_label: HashMap<_, Vec<Selector<'a, Id>>> = HashMap::default();
        by_label.reserve(selectors.len());
        for &(namespace, selector, id) in selectors {
            let labels = selector.iter().map(|(key, value)| (namespace, key.as_str(), value.as_str()));
            if let Some(rarest) = labels.min_by_key(|label| uses.get(label).copied().unwrap_or_default()) {
                by_label.entry(rarest).or_default().push((selector, id));
            }
        }
        Self { by_label }
    }

    /// The selectors of `namespace` that these labels satisfy, each once, in no particular order.
    pub fn matching<'l>(
        &'l self,
        namespace: &'l str,
        labels: &'l Labels,
    ) -> impl Iterator<Item = Id> + use<'a, 'l, Id> {
        labels
            .iter()
            .filter_map(move |(key, value)| self.by_label.get(&(namespace, key.as_str(), value.as_str())))
            .flatten()
            .filter(|(selector, _)| selector.is_subset(labels))
            .map(|(_, id)| *id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn labels(pairs: &[(&'static str, &'static str)]) -> Labels {
        pairs.iter().copied().collect()
    }

    #[test]
    fn every_label_has_to_match_within_the_namespace() {
        let web = labels(&[("app", "web")]);
        let web_v2 = labels(&[("app", "web"), ("version", "v2")]);
        let nothing = labels(&[]);
        let selectors = [("a", &web_v2, 1), ("a", &web, 0), ("b", &web, 2), ("a", &nothing, 3)];
        let index = SelectorIndex::new(&selectors);
        let matching = |namespace, pod: &Labels| index.matching(namespace, pod).collect::<BTreeSet<_>>();
        let more = labels(&[("app", "web"), ("version", "v2"), ("x", "y")]);
        assert_eq!(matching("a", &more), BTreeSet::from([0, 1]));
        assert_eq!(matching("a", &labels(&[("app", "web"), ("version", "v1")])), BTreeSet::from([0]));
        assert_eq!(matching("b", &web_v2), BTreeSet::from([2]));
        assert_eq!(matching("c", &web), BTreeSet::new());
    }
}
