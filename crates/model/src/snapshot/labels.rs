//! Labels, annotations, and what selects by labels.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};

use crate::Str;
use crate::well_known::NAMESPACE_NAME;

/// Up to how many labels are compared one after the other: for few that is quicker than to search them.
const FEW: usize = 8;

/// Labels or annotations by key, in the order of the keys; or the labels that a selector asks for.
///
/// An object has a handful of them, of which a dozen are asked for: a list is smaller and quicker than a
/// tree. It never changes, so that its clones share it. Most keys that are asked for are not there: the
/// lengths of those that are tell it at once.
///
/// ```
/// # use waypoint_xds_model as waypoint_xds;
/// use waypoint_xds::snapshot::Labels;
///
/// let labels: Labels = [("version", "v1"), ("app", "web")].into_iter().collect();
/// assert_eq!(labels.get("app").map(|value| value.as_str()), Some("web"));
/// assert_eq!(labels.keys().collect::<Vec<_>>(), ["app", "version"]);
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels {
    all: Option<Arc<[(Str, Str)]>>,
    /// A bit for each length that a key has.
    lengths: u64,
}

/// The bit of a key's length. Lengths share a bit that are 64 apart.
const fn bit(key: &str) -> u64 {
    1 << (key.len() % 64)
}

impl Labels {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self { all: None, lengths: 0 }
    }

    /// Those of a Namespace to which nobody gave any: the API server labels each with its name.
    #[doc(hidden)]
    #[must_use]
    pub fn of_namespace(name: &Str) -> Self {
        Self::from([(Str::new_static(NAMESPACE_NAME), name.clone())])
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    /// The value of a key.
    #[must_use]
    #[inline]
    pub fn get(&self, key: &str) -> Option<&Str> {
        if self.lengths & bit(key) == 0 { None } else { self.find(key) }
    }

    fn find(&self, key: &str) -> Option<&Str> {
        let all = self.all();
        let label = if all.len() <= FEW {
            all.iter().find(|(other, _)| other == key)
        } else {
            all.binary_search_by(|(other, _)| other.as_str().cmp(key)).ok().and_then(|at| all.get(at))
        };
        label.map(|(_, value)| value)
    }

    /// Whether there is a value of this key.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Whether every one of them is among `others`. None are among any.
    #[must_use]
    pub fn is_subset(&self, others: &Self) -> bool {
        self.iter().all(|(key, value)| others.get(key) == Some(value))
    }

    /// Keys and values, in the order of the keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Str, &Str)> + Clone {
        self.all().iter().map(|(key, value)| (key, value))
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Str> + Clone {
        self.all().iter().map(|(key, _)| key)
    }

    fn all(&self) -> &[(Str, Str)] {
        self.all.as_deref().unwrap_or_default()
    }
}

/// Of several values of one key the last counts.
impl<K: Into<Str>, V: Into<Str>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(labels: I) -> Self {
        let mut all: Vec<(Str, Str)> =
            labels.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                // `dedup_by` drops its first argument.
                std::mem::swap(later, earlier);
            }
            same
        });
        let lengths = all.iter().fold(0, |lengths, (key, _)| lengths | bit(key));
        Self { all: (!all.is_empty()).then(|| all.into()), lengths }
    }
}

/// Of several values of one key the last counts.
impl<K: Into<Str>, V: Into<Str>> Extend<(K, V)> for Labels {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, labels: I) {
        let more = labels.into_iter().map(|(key, value)| (key.into(), value.into()));
        *self = std::mem::take(self).into_iter().chain(more).collect();
    }
}

impl<const COUNT: usize> From<[(Str, Str); COUNT]> for Labels {
    fn from(labels: [(Str, Str); COUNT]) -> Self {
        labels.into_iter().collect()
    }
}

impl IntoIterator for Labels {
    type Item = (Str, Str);
    type IntoIter = std::vec::IntoIter<(Str, Str)>;

    fn into_iter(self) -> Self::IntoIter {
        self.all().to_vec().into_iter()
    }
}

impl<'a> IntoIterator for &'a Labels {
    type Item = &'a (Str, Str);
    type IntoIter = std::slice::Iter<'a, (Str, Str)>;

    fn into_iter(self) -> Self::IntoIter {
        self.all().iter()
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Labels;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
                let mut labels: Vec<(Str, Str)> = Vec::new();
                while let Some(label) = map.next_entry()? {
                    labels.push(label);
                }
                Ok(labels.into_iter().collect())
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_one_key_counts() {
        let mut labels: Labels = [("b", "1"), ("a", "1"), ("b", "2")].into_iter().collect();
        assert_eq!(labels, Labels::from([("a".into(), "1".into()), ("b".into(), "2".into())]));
        labels.extend([("a", "2")]);
        assert_eq!(format!("{labels:?}"), r#"{"a": "2", "b": "2"}"#);
    }

    #[test]
    fn many_are_found_like_few() {
        for count in [FEW, FEW + 1, 100] {
            let labels: Labels = (0..count).map(|n| (format!("key-{n}"), "v")).collect();
            assert!(labels.keys().all(|key| labels.contains_key(key)), "{count}");
            assert!(!labels.contains_key("key") && !labels.contains_key("key-x"), "{count}");
        }
    }

    #[test]
    fn keys_of_any_length_are_found() {
        let keys = (0..200).map(|length| "k".repeat(length));
        let labels: Labels = keys.clone().step_by(3).map(|key| (key, "v")).collect();
        for key in keys {
            assert_eq!(labels.contains_key(&key), key.len() % 3 == 0, "{}", key.len());
        }
    }

    #[test]
    fn a_subset_has_the_same_values() {
        let labels = |pairs: &[(&'static str, &'static str)]| pairs.iter().copied().collect::<Labels>();
        let pod = labels(&[("app", "web"), ("version", "v1")]);
        assert!(labels(&[]).is_subset(&pod) && labels(&[("app", "web")]).is_subset(&pod));
        assert!(!labels(&[("app", "api")]).is_subset(&pod) && !pod.is_subset(&labels(&[("app", "web")])));
    }
}
