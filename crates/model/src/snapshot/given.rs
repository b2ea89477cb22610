//! Lists and maps that count as set where they are written.

use std::ops::Deref;

use serde::Deserialize;
use serde::de::Deserializer;

/// A list or a map that says whether it stands in the object: for the rules of schemas
/// (`has(self.targetRefs)`) one that is written and empty is set.
///
/// ```
/// use waypoint_xds_model::snapshot::Given;
///
/// #[derive(Default, serde::Deserialize)]
/// #[serde(default)]
/// struct Policy {
///     targets: Given<Vec<u32>>,
/// }
///
/// let policy = |text| serde_json::from_str::<Policy>(text).unwrap();
/// assert!(!policy("{}").targets.is_given());
/// assert!(policy(r#"{"targets": []}"#).targets.is_given());
/// assert_eq!(policy(r#"{"targets": [1]}"#).targets[0], 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given<C> {
    value: C,
    given: bool,
}

impl<C> Given<C> {
    /// Whether the object has it, be it empty.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.given
    }
}

impl<C> From<C> for Given<C> {
    fn from(value: C) -> Self {
        Self { value, given: true }
    }
}

impl<C> Deref for Given<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.value
    }
}

impl<'a, C> IntoIterator for &'a Given<C>
where
    &'a C: IntoIterator,
{
    type Item = <&'a C as IntoIterator>::Item;
    type IntoIter = <&'a C as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.value.into_iter()
    }
}

impl<'de, C: Deserialize<'de>> Deserialize<'de> for Given<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        C::deserialize(deserializer).map(Self::from)
    }
}
