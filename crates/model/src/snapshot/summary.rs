//! What was read, what was ignored, and why.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::kind::Kind;

/// Why objects were ignored that are no mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ignored {
    /// No resource of a waypoint depends on objects of this kind.
    UnknownKind,
    /// The kind is known, but waypoints do not use it.
    NotForWaypoints,
    /// They are in another cluster than the control plane's, from which it reads no objects of the kind.
    OfAnotherCluster,
}

/// A count of what was in the input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Files read.
    pub files: usize,
    /// Documents read; empty ones do not count.
    pub documents: usize,
    /// Documents that could not be read.
    pub unreadable_documents: usize,
    /// Objects kept, by kind.
    pub read: BTreeMap<Kind, usize>,
    /// Objects left out because something is wrong with them, by kind; the problems say what.
    pub left_out: BTreeMap<Kind, usize>,
    /// Objects left out that do not say what they are.
    pub unidentified: usize,
    /// Objects replaced by a later one of the same kind, namespace and name.
    pub replaced: usize,
    /// Objects ignored, by `apiVersion`, `kind` and why.
    #[serde(serialize_with = "ignored")]
    pub ignored: BTreeMap<(String, String, Ignored), usize>,
    /// Fields that nothing depends on, by kind and path without list indices (`spec.containers[].image`).
    #[serde(serialize_with = "unread_fields")]
    pub unread_fields: BTreeMap<(Kind, String), u64>,
    /// All fields that nothing depends on.
    pub unread_total: u64,
    /// Problems beyond [`Limits::problems`](crate::limits::Limits::problems), which are not kept.
    pub problems_not_kept: usize,
}

impl Summary {
    /// Objects kept.
    #[must_use]
    pub fn objects_read(&self) -> usize {
        self.read.values().sum()
    }

    /// Objects ignored.
    #[must_use]
    pub fn objects_ignored(&self) -> usize {
        self.ignored.values().sum()
    }

    /// Objects left out because something is wrong with them.
    #[must_use]
    pub fn objects_left_out(&self) -> usize {
        self.left_out.values().sum::<usize>() + self.unidentified
    }
}

/// A list of objects, since JSON's keys are strings.
fn ignored<S: Serializer>(
    counts: &BTreeMap<(String, String, Ignored), usize>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Entry<'s> {
        api_version: &'s str,
        kind: &'s str,
        why: Ignored,
        count: usize,
    }
    serializer.collect_seq(counts.iter().map(|((api_version, kind, why), &count)| Entry {
        api_version,
        kind,
        why: *why,
        count,
    }))
}

/// As [`ignored`].
fn unread_fields<S: Serializer>(
    counts: &BTreeMap<(Kind, String), u64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Entry<'s> {
        kind: Kind,
        field: &'s str,
        count: u64,
    }
    serializer.collect_seq(counts.iter().map(|((kind, field), &count)| Entry { kind: *kind, field, count }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_a_json() {
        let mut summary = Summary { files: 1, ..Summary::default() };
        summary.read.insert(Kind::Service, 2);
        summary.ignored.insert(("v1".into(), "Event".into(), Ignored::UnknownKind), 3);
        summary.unread_fields.insert((Kind::Pod, "spec.hostname".into()), 4);
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["read"]["Service"], 2);
        assert_eq!(
            json["ignored"].to_string(),
            r#"[{"apiVersion":"v1","kind":"Event","why":"unknown-kind","count":3}]"#
        );
        assert_eq!(json["unreadFields"][0]["field"], "spec.hostname");
    }
}
