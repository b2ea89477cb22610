//! Why something is as it is: the object that says so, and the field in it.

use std::fmt;

use crate::names::ObjectRef;

/// How many list positions a [`FieldPath`] may have.
const POSITIONS: usize = 3;

/// The path of a field, from the object down: `spec.http[1].match[0]`. Nothing is allocated for it: it is a
/// pattern with `[]` for every list, and the positions in these lists.
///
/// ```
/// # use waypoint_xds_model as waypoint_xds;
/// use waypoint_xds::snapshot::FieldPath;
///
/// let rule = FieldPath::at("spec.http[]", [1]);
/// assert_eq!(rule.to_string(), "spec.http[1]");
/// assert_eq!(FieldPath::at("spec.http[].match[]", [1, 0]).to_string(), "spec.http[1].match[0]");
/// assert_eq!(FieldPath::field(r#"metadata.labels["istio.io/use-waypoint"]"#).position(), None);
/// assert!(FieldPath::default().is_root());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath {
    pattern: &'static str,
    positions: [u32; POSITIONS],
}

impl FieldPath {
    /// A field that is in no list.
    #[must_use]
    pub const fn field(path: &'static str) -> Self {
        Self { pattern: path, positions: [0; POSITIONS] }
    }

    /// A field in lists: each `[]` of the pattern is filled with the next position.
    #[must_use]
    pub fn at<const N: usize>(pattern: &'static str, positions: [usize; N]) -> Self {
        let mut all = [0; POSITIONS];
        for (to, from) in all.iter_mut().zip(positions) {
            *to = u32::try_from(from).unwrap_or(u32::MAX);
        }
        Self { pattern, positions: all }
    }

    /// Whether it is the whole object.
    #[must_use]
    pub const fn is_root(self) -> bool {
        self.pattern.is_empty()
    }

    /// Whether it is of this pattern.
    #[must_use]
    pub fn is_like(self, pattern: &str) -> bool {
        self.pattern == pattern
    }

    /// The position in the first list, if the path goes through one.
    #[must_use]
    pub fn position(self) -> Option<usize> {
        let [first, ..] = self.positions;
        self.pattern.contains("[]").then_some(first as usize)
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = self.pattern.split("[]");
        f.write_str(parts.next().unwrap_or_default())?;
        for (part, position) in parts.zip(self.positions) {
            write!(f, "[{position}]{part}")?;
        }
        Ok(())
    }
}

/// An object that made something, or had a say in it, and the field that did.
///
/// The field is data: where it stands is looked up when somebody asks
/// ([`Files::place`](super::files::Files::place)).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cause {
    /// The object.
    pub object: ObjectRef,
    /// The field; the root where it is the object as a whole.
    pub field: FieldPath,
}

impl Cause {
    /// A field of an object.
    #[must_use]
    pub fn new(object: ObjectRef, field: FieldPath) -> Self {
        Self { object, field }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object, field } = self;
        if field.is_root() { write!(f, "{object}") } else { write!(f, "{object} {field}") }
    }
}

/// An object as a whole.
impl From<ObjectRef> for Cause {
    fn from(object: ObjectRef) -> Self {
        Self { object, field: FieldPath::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_fill_the_lists_in_order() {
        let path = FieldPath::at("spec.rules[].from[].source", [2, 1]);
        assert_eq!((path.to_string().as_str(), path.position()), ("spec.rules[2].from[1].source", Some(2)));
        assert_eq!(FieldPath::field("spec.trafficPolicy").to_string(), "spec.trafficPolicy");
        assert_eq!(FieldPath::default().to_string(), "");
    }
}
