//! Snapshots drawn from the schemas: any field of any kind, with values at the edges of what it may have, and
//! with names of what is there.
//!
//! [`snapshot`] is a small mesh that always works ([`universe`]) and some objects besides, of any kind, that
//! name what is in it. A field is drawn by its type, its limits and its name: `host` is a Service's more
//! often than not. What is drawn is often refused, as the schemas' rules that are no limits are not known
//! here; most is admitted. Everything shrinks: fields and objects go, numbers and lists get small.
//!
//! ```
//! use proptest::strategy::{Strategy as _, ValueTree as _};
//! use proptest::test_runner::TestRunner;
//!
//! let drawn = generate::snapshot("1.31").new_tree(&mut TestRunner::deterministic()).unwrap().current();
//! assert!(generate::text(&drawn).starts_with("{\"apiVersion\":\"v1\""));
//! ```
#![forbid(unsafe_code)]

mod bytes;
mod object;
mod value;

pub mod settings;
pub mod traffic;

pub mod universe;

use proptest::prelude::*;
use schemas::Extract;
use serde_json::Value;

pub use bytes::Dice;
pub use object::object;

/// The extracts of all schemas, as the core is compiled with them.
const EXTRACTS: [&str; 4] = [
    include_str!("../../model/schemas/istio.txt"),
    include_str!("../../model/schemas/gateway-api.txt"),
    include_str!("../../model/schemas/inference.txt"),
    include_str!("../../model/schemas/kubernetes.txt"),
];

/// What every object has: drawn otherwise.
const METADATA: &str = "ObjectMeta";

/// Kinds that are only looked at: nothing depends on what is in them. Of groups without a kind here it is
/// all.
const PASSED_OVER: [(&str, &str); 6] = [
    ("apps", ""),
    ("argoproj.io", ""),
    ("batch", ""),
    ("networking.istio.io", "Gateway"),
    ("networking.istio.io", "Sidecar"),
    ("networking.istio.io", "WorkloadGroup"),
];

/// The schemas of all kinds that a snapshot keeps.
#[must_use]
pub fn extracts() -> Vec<Extract> {
    // The extracts are read when they are made, and when the core's table is.
    let mut extracts: Vec<_> = EXTRACTS.iter().filter_map(|text| Extract::read(text).ok()).collect();
    let is_kept = |kind: &schemas::Kind| {
        !PASSED_OVER
            .iter()
            .any(|(group, name)| kind.group == *group && (name.is_empty() || kind.name == *name))
    };
    extracts.iter_mut().for_each(|extract| extract.kinds.retain(is_kept));
    extracts
}

/// A mesh and objects of any kind that a release has.
pub fn snapshot(release: &str) -> impl Strategy<Value = Vec<Value>> + use<> {
    let mut kinds = Vec::new();
    for extract in extracts() {
        let Some(column) = extract.releases.iter().position(|name| name == release) else { continue };
        let known = extract.kinds.into_iter().filter(|kind| is_drawn(kind, column));
        // Kinds with much in them are drawn more often: there is more to try.
        kinds.extend(known.map(|kind| (weight(&kind), object(&kind, column).boxed())));
    }
    let drawn = proptest::collection::vec(proptest::strategy::Union::new_weighted(kinds), 1..8);
    drawn.prop_map(|drawn| universe::objects().into_iter().chain(drawn).collect())
}

/// Whether objects of a kind are drawn in a release.
fn is_drawn(kind: &schemas::Kind, release: usize) -> bool {
    kind.releases.contains(release) && kind.name != METADATA
}

fn weight(kind: &schemas::Kind) -> u32 {
    // Kubernetes' own kinds are in the universe already.
    if kind.group.contains('.') && kind.group != "discovery.k8s.io" { 4 } else { 1 }
}

/// Objects as one text: a document a line.
#[must_use]
pub fn text(objects: &[Value]) -> String {
    let documents: Vec<String> = objects.iter().map(Value::to_string).collect();
    documents.join("\n---\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    use super::*;

    /// The paths of all fields of an object.
    fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let path = format!("{path}.{name}");
                    paths(value, &path, found);
                    found.insert(path);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| paths(item, path, found)),
            _ => {}
        }
    }

    fn all(fields: &[schemas::Field], path: &str, column: usize, found: &mut BTreeSet<String>) {
        for field in fields.iter().filter(|field| field.releases.contains(column)) {
            let path = format!("{path}.{}", field.name);
            // The keys of a map are not its fields' names.
            if !field.shape.around.contains(&schemas::Around::Map) {
                all(&field.fields, &path, column, found);
            }
            found.insert(path);
        }
    }

    #[test]
    fn every_field_is_reached() {
        let extracts = extracts();
        assert_eq!(extracts.len(), EXTRACTS.len());
        let mut runner = TestRunner::deterministic();
        for kind in
            extracts.iter().flat_map(|extract| &extract.kinds).filter(|kind| kind.group.contains("istio"))
        {
            let column = 3;
            let mut wanted = BTreeSet::new();
            all(&kind.fields, "", column, &mut wanted);
            let strategy = object(kind, column);
            let mut found = BTreeSet::new();
            for _ in 0..6000 {
                paths(&strategy.new_tree(&mut runner).unwrap().current(), "", &mut found);
                if wanted.is_subset(&found) {
                    break;
                }
            }
            let missed: Vec<_> = wanted.difference(&found).collect();
            assert!(missed.is_empty(), "{}: {missed:?}", kind.name);
        }
    }
}
