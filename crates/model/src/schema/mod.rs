//! The schemas of the kinds that are read: which fields there are, in which releases, and what limits them.
//!
//! The table is made by `cargo xtask schemas` from the extracts in `schemas/`, and those from the custom
//! resource definitions of each release. It is looked up when a field is met that no type here has; limits
//! are looked up when this crate is compiled, so that they cost nothing.

mod place;
mod table;

pub(crate) use place::{Place, Step};

use std::fmt;

use crate::kind::Kind;
use crate::release::Release;

/// A field: where its name is and how long, its type, the releases that have it among those that have what it
/// is in, and where the fields below it are.
type Row = (u16, u8, u8, u8, u16, u8);

/// How many releases the table speaks of.
const RELEASES: usize = table::RELEASES.len();
/// A limit that there is not.
const NO_LIMIT: i64 = i64::MIN;

/// A set of releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Releases(u8);

impl Releases {
    /// All.
    pub(crate) const ALL: Self = Self(u8::MAX >> (8 - RELEASES));
    /// None.
    pub(crate) const NONE: Self = Self(0);

    /// Whether there is none in it.
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in both.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// The releases that there are, as words: `1.29 and later`, `1.18`.
impl fmt::Display for Releases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.0.trailing_zeros();
        let and_later = self.0 == Self::ALL.0 & (u8::MAX.checked_shl(first).unwrap_or_default());
        let names = (0_u8..).zip(table::RELEASES).filter(|(column, _)| self.contain(Column(*column)));
        let names: Vec<&str> = names.map(|(_, name)| name).collect();
        match names.as_slice() {
            [first, _, ..] if and_later => write!(f, "{first} and later"),
            names => f.write_str(&names.join(", ")),
        }
    }
}

/// A release's place in the table. One that the table does not know is taken for the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column(u8);

impl Column {
    /// The place of a release.
    pub const fn of(release: Release) -> Self {
        match find_release(release.as_str().as_bytes()) {
            Some(column) => Self(column),
            None => Self(RELEASES as u8 - 1),
        }
    }
}

impl Releases {
    /// Reads a set as the extracts write it, `1.29+`, when this crate is compiled.
    pub const fn parse(text: &str) -> Self {
        let (name, and_later) = match text.as_bytes() {
            [name @ .., b'+'] => (name, true),
            name => (name, false),
        };
        match (find_release(name), and_later) {
            (Some(column), true) => Self(Self::ALL.0 & (u8::MAX << column)),
            (Some(column), false) => Self(1 << column),
            (None, _) => not_there("no release of the table is called so"),
        }
    }

    /// Whether a release is in it.
    pub const fn contain(self, column: Column) -> bool {
        self.0 & (1 << column.0) != 0
    }
}

const fn find_release(name: &[u8]) -> Option<u8> {
    let mut column = 0;
    while let Some(known) = nth(&table::RELEASES, column) {
        if same(known.as_bytes(), name) {
            return Some(column as u8);
        }
        column += 1;
    }
    None
}

/// What a schema limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "the table has all limits, and admission looks some up")]
pub enum What {
    /// The smallest number.
    Min,
    /// The largest number.
    Max,
    /// The shortest text, in characters.
    MinLength,
    /// The longest text, in characters.
    MaxLength,
    /// The shortest list.
    MinItems,
    /// The longest list.
    MaxItems,
    /// The fewest entries of a map.
    MinEntries,
    /// The most entries of a map.
    MaxEntries,
}

/// How far a value may go, in each release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit([i64; RELEASES]);

impl Limit {
    /// The limit of a field of a kind, which is named by its path: `spec.rules.matches`. Behind `[]` it is
    /// that of what is in the list or map. A path that leads nowhere, or to where nothing is limited, is an
    /// error when this crate is compiled.
    pub const fn of(kind: Kind, path: &str, what: What) -> Self {
        let (path, depth) = match path.as_bytes() {
            [path @ .., b'[', b']'] => (path, 1),
            path => (path, 0),
        };
        let field = find(kind, path);
        let mut at = 0;
        while let Some((of, around, limited, limits)) = nth(&table::LIMITS, at) {
            if of == field && around == depth && limited as u8 == what as u8 {
                return Self(limits);
            }
            at += 1;
        }
        not_there("the schema says nothing of the kind")
    }

    /// The limit in a release, if there is one.
    pub fn in_release(self, column: Column) -> Option<i64> {
        self.0.get(usize::from(column.0)).copied().filter(|limit| *limit != NO_LIMIT)
    }

    /// The limit of a length in a release, if there is one.
    pub fn length(self, column: Column) -> Option<usize> {
        self.in_release(column).and_then(|limit| usize::try_from(limit).ok())
    }
}

/// The releases whose schema knows a value of a field.
pub const fn knows_value(kind: Kind, path: &str, value: &str) -> Releases {
    let field = find(kind, path.as_bytes());
    let mut at = 0;
    while let Some((of, values)) = nth(&table::VALUES, at) {
        at += 1;
        if of != field {
            continue;
        }
        let mut at = 0;
        while let Some((known, releases)) = nth(values, at) {
            if same(known.as_bytes(), value.as_bytes()) {
                return Releases(releases);
            }
            at += 1;
        }
    }
    not_there("no schema knows the value")
}

/// Where a field is in the table.
const fn find(kind: Kind, path: &[u8]) -> u16 {
    let (mut first, mut count) = root(kind);
    let mut rest = path;
    loop {
        let (name, behind) = step(rest);
        let Some((at, row)) = child(first, count, name) else {
            return not_there("the kind has no such field");
        };
        match behind {
            None => return at,
            Some(behind) => rest = behind,
        }
        (first, count) = (row.4, row.5);
    }
}

/// Where a kind's fields are.
const fn root(kind: Kind) -> (u16, u8) {
    fields_of(kind.group(), kind.name())
}

const fn fields_of(group: &str, name: &str) -> (u16, u8) {
    let mut at = 0;
    while let Some((of, known, _, first, count)) = nth(&table::KINDS, at) {
        if same(known.as_bytes(), name.as_bytes()) && same(of.as_bytes(), group.as_bytes()) {
            return (first, count);
        }
        at += 1;
    }
    // A kind that is not read.
    (0, 0)
}

/// The field of a list of fields that is called so.
const fn child(first: u16, count: u8, name: &[u8]) -> Option<(u16, Row)> {
    let mut at = first;
    while at < first + count as u16 {
        let Some(row) = nth(&table::FIELDS, at as usize) else { return None };
        if same(name_of(row), name) {
            return Some((at, row));
        }
        at += 1;
    }
    None
}

const fn name_of(row: Row) -> &'static [u8] {
    let names = table::NAMES.as_bytes();
    let Some((_, behind)) = names.split_at_checked(row.0 as usize) else { return &[] };
    match behind.split_at_checked(row.1 as usize) {
        Some((name, _)) => name,
        None => &[],
    }
}

/// The first name of a path, and the rest of it.
const fn step(path: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut at = 0;
    while let Some((name, behind)) = path.split_at_checked(at) {
        match behind {
            [b'.', behind @ ..] => return (name, Some(behind)),
            [] => return (name, None),
            _ => at += 1,
        }
    }
    (path, None)
}

// What follows does, when this crate is compiled, what iterators and comparisons cannot do then.

const fn nth<T: Copy>(list: &[T], at: usize) -> Option<T> {
    match list.split_at_checked(at) {
        Some((_, [found, ..])) => Some(*found),
        _ => None,
    }
}

const fn same(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([a, one_rest @ ..], [b, other_rest @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (one_rest, other_rest);
    }
    one.is_empty() && other.is_empty()
}

#[expect(clippy::panic, reason = "called when this crate is compiled, and never else")]
const fn not_there<T>(why: &'static str) -> T {
    panic!("{}", why)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MATCHES: Limit = Limit::of(Kind::HttpRoute, "spec.rules.matches", What::MaxItems);
    const HOST: Limit = Limit::of(Kind::HttpRoute, "spec.hostnames[]", What::MaxLength);
    const SEE_OTHER: Releases =
        knows_value(Kind::HttpRoute, "spec.rules.filters.requestRedirect.statusCode", "303");

    #[test]
    fn limits_are_those_of_the_release() {
        let (old, new) = (Column::of(Release::V1_18), Column::of(Release::V1_31));
        assert_eq!((MATCHES.length(old), MATCHES.length(new)), (Some(8), Some(64)));
        assert_eq!(HOST.length(new), Some(253));
        assert!(!SEE_OTHER.contain(old) && SEE_OTHER.contain(new));
        assert_eq!(Releases::parse("1.31+"), Releases(0b1000));
    }

    #[test]
    fn releases_are_told_by_the_first() {
        let told = |text| Releases::parse(text).to_string();
        assert_eq!(told("1.29+"), "1.29 and later");
        assert_eq!(told("1.31+"), "1.31");
        assert_eq!(told("1.18"), "1.18");
        assert_eq!(Releases(0b0011).to_string(), "1.18, 1.29");
        assert_eq!(Releases::NONE.to_string(), "");
    }

    #[test]
    fn every_kind_that_is_kept_has_a_schema() {
        for &kind in Kind::ALL.iter().filter(|kind| crate::snapshot::Snapshot::keeps(**kind)) {
            assert!(root(kind).1 > 0, "{kind}");
        }
    }
}
