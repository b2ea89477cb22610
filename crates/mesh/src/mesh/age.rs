//! The order in which Istio takes objects of one kind: the oldest first.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::Str;
use crate::rules::{AgeTie, Rules};
use crate::snapshot::{Meta, Object};

/// Sorts by creation time; those of one second, of which there are few in a cluster, by a key that costs more
/// to make.
pub(crate) fn sort<T, K: Ord>(items: &mut [T], created: impl Fn(&T) -> i64, tie: impl Fn(&T) -> K) {
    items.sort_by_cached_key(&created);
    for tied in items.chunk_by_mut(|a, b| created(a) == created(b)).filter(|tied| tied.len() > 1) {
        tied.sort_by_cached_key(&tie);
    }
}

/// Sorts objects by creation time, and those of one second as the release does.
pub fn oldest_first<T>(objects: &mut [Arc<Object<T>>], rules: &Rules) {
    oldest_first_by(objects, |object| &object.meta, rules);
}

/// Sorts things that stand for objects, by the metadata of those.
pub(crate) fn oldest_first_by<T>(items: &mut [T], meta: impl Fn(&T) -> &Meta, rules: &Rules) {
    sort(items, |item| age(meta(item), rules).created, |item| age(meta(item), rules).tie(rules));
}

/// Which of two objects Istio takes first.
pub fn compare(a: &Meta, b: &Meta, rules: &Rules) -> Ordering {
    age(a, rules).compare(age(b, rules), rules)
}

/// Which of two EnvoyFilters Istio takes first: every release compares the names of those of one second as
/// texts.
pub(crate) fn compare_as_texts(a: &Meta, b: &Meta, rules: &Rules) -> Ordering {
    let (a, b) = (age(a, rules), age(b, rules));
    a.created.cmp(&b.created).then_with(|| a.dotted().cmp(b.dotted()))
}

/// When an object was made, in seconds since the epoch.
#[doc(hidden)]
#[must_use]
pub fn created(meta: &Meta, rules: &Rules) -> i64 {
    age(meta, rules).created
}

/// What decides the order of two objects, or of things that stand for objects.
#[derive(Clone, Copy)]
pub(crate) struct Age<'a> {
    /// Creation time in seconds since the epoch.
    pub(crate) created: i64,
    /// The name.
    pub(crate) name: &'a str,
    /// The namespace.
    pub(crate) namespace: &'a str,
}

impl Age<'_> {
    /// Which of two comes first.
    pub(crate) fn compare(self, other: Age<'_>, rules: &Rules) -> Ordering {
        self.created.cmp(&other.created).then_with(|| match rules.mesh.age_tie {
            AgeTie::NameThenNamespace => (self.name, self.namespace).cmp(&(other.name, other.namespace)),
            AgeTie::NameDotNamespace => self.dotted().cmp(other.dotted()),
        })
    }

    /// What decides between things of one second, as a key to sort by.
    pub(crate) fn tie(self, rules: &Rules) -> (Str, Str) {
        match rules.mesh.age_tie {
            AgeTie::NameThenNamespace => (self.name.into(), self.namespace.into()),
            AgeTie::NameDotNamespace => ([self.name, ".", self.namespace].concat().into(), Str::default()),
        }
    }

    /// The bytes of `name.namespace`.
    fn dotted(&self) -> impl Iterator<Item = u8> {
        self.name.bytes().chain(std::iter::once(b'.')).chain(self.namespace.bytes())
    }
}

fn age<'a>(meta: &'a Meta, rules: &Rules) -> Age<'a> {
    let created = meta.creation_timestamp.map_or(rules.mesh.assumed_creation, |time| time.0);
    Age { created, name: &meta.name, namespace: &meta.namespace }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;
    use crate::snapshot::Timestamp;

    fn meta(name: &str, seconds: Option<i64>) -> Meta {
        Meta { name: name.into(), creation_timestamp: seconds.map(Timestamp), ..Meta::default() }
    }

    #[test]
    fn age_decides_before_names() {
        let rules = Rules::of(Release::V1_31);
        assert_eq!(compare(&meta("b", Some(1)), &meta("a", Some(2)), rules), Ordering::Less);
        assert_eq!(compare(&meta("a", None), &meta("b", Some(1)), rules), Ordering::Greater);
    }

    #[test]
    fn a_dash_sorts_before_the_dot_behind_a_shorter_name() {
        let (short, long) = (meta("a", None), meta("a-b", None));
        assert_eq!(compare(&short, &long, Rules::of(Release::V1_31)), Ordering::Less);
        assert_eq!(compare(&short, &long, Rules::of(Release::V1_18)), Ordering::Greater);
    }
}
