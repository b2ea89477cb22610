//! Walking a document beside its kind's schema.

use super::{Releases, Row, child, name_of, nth, root, table};
use crate::kind::Kind;

/// The innermost types of the table that matter here.
const OBJECT: u8 = 5;
const ANY: u8 = 6;
/// What is around them, lowest bits first.
const LIST: u8 = 1;
const MAP: u8 = 2;

/// A place in a kind's schema: what may stand there, and which releases know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Where the fields are.
    fields: (u16, u8),
    /// The type, as the table has it.
    shape: u8,
    /// The releases that know all fields on the way here.
    pub(crate) known: Releases,
}

/// What stands below a place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// A field that some release knows, or an entry of a map.
    Known(Place),
    /// A field that no release knows.
    Unknown,
    /// Whatever somebody writes, or something of another type than the schema says, which is another matter.
    Free,
}

impl Place {
    /// An object of a kind.
    pub(crate) const fn of(kind: Kind) -> Self {
        Self { fields: root(kind), shape: OBJECT, known: Releases::ALL }
    }

    /// An object's `metadata`.
    pub(crate) const fn metadata() -> Self {
        Self { fields: super::fields_of("meta.k8s.io", "ObjectMeta"), shape: OBJECT, known: Releases::ALL }
    }

    /// Whether anything is known of what may stand here.
    pub(crate) fn has_fields(self) -> bool {
        self.fields.1 > 0
    }

    /// An element of the list here.
    pub(crate) fn element(self) -> Step {
        if (self.shape >> 3) & 3 == LIST { Step::Known(self.inside()) } else { Step::Free }
    }

    /// What stands under a key of the mapping here.
    pub(crate) fn key(self, key: &str) -> Step {
        match ((self.shape >> 3) & 3, self.shape & 7) {
            (MAP, _) => Step::Known(self.inside()),
            (0, OBJECT) => match child(self.fields.0, self.fields.1, key.as_bytes()) {
                Some((_, row)) => Step::Known(self.below(row)),
                None => Step::Unknown,
            },
            _ => Step::Free,
        }
    }

    /// Whether nothing below can be unknown.
    pub(crate) fn is_leaf(self) -> bool {
        !(self.shape >> 3 == 0 && self.shape & 7 == OBJECT) && (self.shape & 7 == ANY || self.fields.1 == 0)
    }

    /// The names of the fields here.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        let rows = (self.fields.0..).take(self.fields.1.into());
        rows.filter_map(|at| nth(&table::FIELDS, at.into()))
            .filter_map(|row| str::from_utf8(name_of(row)).ok())
    }

    fn inside(self) -> Self {
        Self { shape: (self.shape & 7) | (self.shape >> 5) << 3, ..self }
    }

    fn below(self, row: Row) -> Self {
        Self { fields: (row.4, row.5), shape: row.2, known: self.known.and(Releases(row.3)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;
    use crate::schema::Column;

    fn walk(kind: Kind, path: &str) -> Step {
        path.split('.').fold(Step::Known(Place::of(kind)), |step, name| match (step, name) {
            (Step::Known(place), "[]") => place.element(),
            (Step::Known(place), name) => place.key(name),
            (step, _) => step,
        })
    }

    #[test]
    fn fields_are_known_unknown_or_free() {
        let known = |kind, path| matches!(walk(kind, path), Step::Known(_));
        assert!(known(Kind::VirtualService, "spec.http.[].match.[].headers.x-any.exact"));
        assert!(matches!(walk(Kind::VirtualService, "spec.http.[].match.[].headers.x.is"), Step::Unknown));
        assert!(matches!(walk(Kind::AuthorizationPolicy, "spec.rules.[].form"), Step::Unknown));
        assert!(matches!(walk(Kind::EnvoyFilter, "spec.configPatches.[].patch.value.x"), Step::Free));
        // Another type than the schema's.
        assert!(matches!(walk(Kind::AuthorizationPolicy, "spec.rules.from"), Step::Free));
    }

    #[test]
    fn a_field_says_which_releases_know_it() {
        let Step::Known(place) = walk(Kind::HttpRoute, "spec.useDefaultGateways") else { panic!() };
        assert!(!place.known.contain(Column::of(Release::V1_18)));
        assert!(place.known.contain(Column::of(Release::V1_31)));
    }
}
