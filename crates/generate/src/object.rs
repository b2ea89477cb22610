//! Objects and their fields.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use schemas::{Around, Fact, Field, Kind, Type, What};
use serde_json::{Map, Value, json};

use crate::universe;
use crate::value;

/// How many of the fields that may be absent are drawn, on average.
const FIELDS: f64 = 3.0;
/// How long lists are: as long as it takes for what is in them to meet.
const ITEMS: usize = 2;

/// An object of a kind, in a release.
pub fn object(kind: &Kind, release: usize) -> impl Strategy<Value = Value> + use<> {
    let versions = versions(kind, release);
    let name = kind.name.clone();
    let body = fields(&kind.fields, &[], release, &kind.name);
    let head = (select(versions), universe::name(&kind.name), universe::namespace(), universe::labels());
    (head, body).prop_map(move |((version, object, namespace, labels), body)| {
        let mut metadata = Map::new();
        metadata.insert("name".into(), object.into());
        metadata.insert("labels".into(), labels);
        if !universe::is_of_cluster(&name) {
            metadata.insert("namespace".into(), namespace.into());
        }
        let mut whole = json!({"apiVersion": version, "kind": name, "metadata": metadata});
        if let (Some(whole), Value::Object(body)) = (whole.as_object_mut(), body) {
            whole.extend(body);
        }
        whole
    })
}

/// The API versions of a kind in a release.
pub(crate) fn versions(kind: &Kind, release: usize) -> Vec<String> {
    let prefix = if kind.group.is_empty() { String::new() } else { format!("{}/", kind.group) };
    let served = kind.versions.iter().filter(|(_, releases)| releases.contains(release));
    let mut versions: Vec<String> = served.map(|(version, _)| format!("{prefix}{version}")).collect();
    if versions.is_empty() {
        versions.push(format!("{prefix}v1"));
    }
    versions
}

/// A mapping with some of the fields; of those that exclude each other, at most one.
fn fields(fields: &[Field], facts: &[Fact], release: usize, path: &str) -> BoxedStrategy<Value> {
    let here: Vec<&Field> = fields.iter().filter(|field| field.releases.contains(release)).collect();
    let groups: Vec<Vec<String>> = facts
        .iter()
        .filter(|fact| fact.what == What::OneOf && fact.releases.contains(release))
        .map(|fact| fact.value.split(',').map(str::to_owned).collect())
        .collect();
    let chance = (FIELDS / here.len().max(1) as f64).clamp(0.02, 0.8);
    let each: Vec<BoxedStrategy<Option<(String, Value)>>> = here
        .into_iter()
        .map(|field| {
            let name = field.name.clone();
            let drawn = self::field(field, release, path).prop_map(move |value| (name.clone(), value));
            let required = field.fact(What::Required, 0, release).is_some();
            // `spec` is asked for by few schemas, and nothing without it.
            let chance = if required || field.name == "spec" { 0.97 } else { chance };
            option::weighted(chance, drawn).boxed()
        })
        .collect();
    (each, any::<prop::sample::Index>())
        .prop_map(move |(drawn, which)| {
            let mut map: Map<String, Value> = drawn.into_iter().flatten().collect();
            for group in &groups {
                let set: Vec<&String> = group.iter().filter(|name| map.contains_key(*name)).collect();
                if set.len() > 1 {
                    let kept = which.index(set.len());
                    let others: Vec<String> = set
                        .iter()
                        .enumerate()
                        .filter(|(at, _)| *at != kept)
                        .map(|(_, name)| (*name).clone())
                        .collect();
                    others.iter().for_each(|name| {
                        map.remove(name);
                    });
                }
            }
            Value::Object(map)
        })
        .boxed()
}

/// A field's value.
fn field(field: &Field, release: usize, path: &str) -> BoxedStrategy<Value> {
    let path = format!("{path}.{}", field.name);
    inside(field, 0, release, &path)
}

/// What is in so many of a field's lists and maps.
fn inside(field: &Field, depth: usize, release: usize, path: &str) -> BoxedStrategy<Value> {
    match field.shape.around.get(depth) {
        Some(Around::List) => {
            let least = limit(field, What::MinItems, depth, release).unwrap_or(0);
            let most = limit(field, What::MaxItems, depth, release).unwrap_or(usize::MAX);
            let items = inside(field, depth + 1, release, path);
            let length = least.min(ITEMS)..=most.min(ITEMS.max(least));
            prop::collection::vec(items, length).prop_map(Value::Array).boxed()
        }
        Some(Around::Map) => {
            let values = inside(field, depth + 1, release, path);
            let entry = (value::key(path), values);
            prop::collection::vec(entry, 0..=ITEMS)
                .prop_map(|entries| Value::Object(entries.into_iter().collect()))
                .boxed()
        }
        None if field.shape.of == Type::Object || !field.fields.is_empty() => {
            let facts: Vec<Fact> = field.facts.iter().filter(|fact| fact.depth == depth).cloned().collect();
            fields(&field.fields, &facts, release, path)
        }
        None => value::scalar(field, depth, release, path),
    }
}

fn limit(field: &Field, what: What, depth: usize, release: usize) -> Option<usize> {
    field.fact(what, depth, release).and_then(|limit| limit.parse().ok())
}
