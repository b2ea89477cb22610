//! Snapshots that bytes stand for, choice by choice, so that a fuzzer that changes a byte changes one thing:
//! which kinds there are, which of their fields, how many items, and each value.

use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use schemas::{Around, Fact, Field, Kind, Type, What};
use serde_json::{Map, Value};

use crate::{extracts, universe, value};

/// How many objects there are besides the mesh that always works, at most.
const OBJECTS: usize = 8;
/// How many of the fields that may be absent an object has, at most; how many items a list.
const FIELDS: usize = 6;
const ITEMS: usize = 2;

/// The kinds of a release, of which bytes choose. As large as the schemas: made once.
#[derive(Debug)]
pub struct Dice {
    kinds: Vec<(Kind, usize)>,
}

impl Dice {
    /// The kinds of a release.
    #[must_use]
    pub fn new(release: &str) -> Self {
        let mut kinds = Vec::new();
        for extract in extracts() {
            let Some(column) = extract.releases.iter().position(|name| name == release) else { continue };
            let known = extract.kinds.into_iter().filter(|kind| crate::is_drawn(kind, column));
            kinds.extend(known.map(|kind| (kind, column)));
        }
        Self { kinds }
    }

    /// The snapshot that bytes stand for: the mesh that always works, and an object for as long as there are
    /// bytes. Where they end, the first of all choices is taken.
    #[must_use]
    pub fn throw(&self, bytes: &[u8]) -> Vec<Value> {
        let mut choices = Choices { rest: bytes };
        let mut objects = universe::objects();
        for _ in 0..OBJECTS {
            let Some((kind, release)) = self.kinds.get(choices.below(self.kinds.len())) else { break };
            if choices.rest.is_empty() {
                break;
            }
            objects.push(object(kind, *release, &mut choices));
        }
        objects
    }
}

/// Bytes, each of which is a choice.
#[derive(Debug)]
struct Choices<'b> {
    rest: &'b [u8],
}

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    /// One of so many.
    fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count.max(1)
    }

    /// A value of a strategy: a byte chooses which.
    fn value<S: Strategy>(&mut self, strategy: &S) -> Option<S::Value> {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[self.byte(); 32]);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        strategy.new_tree(&mut runner).ok().map(|tree| tree.current())
    }
}

fn object(kind: &Kind, release: usize, choices: &mut Choices<'_>) -> Value {
    let versions = crate::object::versions(kind, release);
    let version = versions.get(choices.below(versions.len())).cloned().unwrap_or_default();
    let mut metadata = Map::new();
    metadata.insert("name".into(), choices.value(&universe::name(&kind.name)).into());
    metadata.insert("labels".into(), choices.value(&universe::labels()).unwrap_or_default());
    if !universe::is_of_cluster(&kind.name) {
        metadata.insert("namespace".into(), choices.value(&universe::namespace()).into());
    }
    let mut whole = Map::new();
    whole.insert("apiVersion".into(), version.into());
    whole.insert("kind".into(), kind.name.clone().into());
    whole.insert("metadata".into(), metadata.into());
    whole.extend(fields(&kind.fields, &[], (release, &kind.name), choices));
    Value::Object(whole)
}

/// Some of the fields; of those that exclude each other the first that is chosen.
fn fields(
    fields: &[Field],
    facts: &[Fact],
    (release, path): (usize, &str),
    choices: &mut Choices<'_>,
) -> Map<String, Value> {
    let here: Vec<&Field> = fields.iter().filter(|field| field.releases.contains(release)).collect();
    let is_needed =
        |field: &&&Field| field.name == "spec" || field.fact(What::Required, 0, release).is_some();
    let mut chosen: Vec<&Field> = here.iter().filter(is_needed).copied().collect();
    for _ in 0..choices.below(FIELDS + 1) {
        let Some(field) = here.get(choices.below(here.len())) else { break };
        let is_there = chosen.iter().any(|other| other.name == field.name);
        let is_excluded = facts
            .iter()
            .filter(|fact| fact.what == What::OneOf && fact.releases.contains(release))
            .map(|fact| fact.value.split(',').collect::<Vec<_>>())
            .filter(|group| group.contains(&field.name.as_str()))
            .any(|group| chosen.iter().any(|other| group.contains(&other.name.as_str())));
        if !is_there && !is_excluded {
            chosen.push(field);
        }
    }
    let mut map = Map::new();
    for field in chosen {
        let path = format!("{path}.{}", field.name);
        if let Some(value) = inside(field, 0, (release, &path), choices) {
            map.insert(field.name.clone(), value);
        }
    }
    map
}

/// What is in so many of a field's lists and maps.
fn inside(
    field: &Field,
    depth: usize,
    (release, path): (usize, &str),
    choices: &mut Choices<'_>,
) -> Option<Value> {
    let limit = |what| field.fact(what, depth, release).and_then(|limit| limit.parse::<usize>().ok());
    match field.shape.around.get(depth) {
        Some(Around::List) => {
            let least = limit(What::MinItems).unwrap_or(0).min(ITEMS);
            let most = limit(What::MaxItems).unwrap_or(ITEMS).clamp(least, ITEMS);
            let count = least + choices.below(most - least + 1);
            (0..count).map(|_| inside(field, depth + 1, (release, path), choices)).collect()
        }
        Some(Around::Map) => {
            let mut map = Map::new();
            for _ in 0..choices.below(ITEMS + 1) {
                let key = choices.value(&value::key(path))?;
                map.insert(key, inside(field, depth + 1, (release, path), choices)?);
            }
            Some(Value::Object(map))
        }
        None if field.shape.of == Type::Object || !field.fields.is_empty() => {
            let facts: Vec<Fact> = field.facts.iter().filter(|fact| fact.depth == depth).cloned().collect();
            Some(Value::Object(fields(&field.fields, &facts, (release, path), choices)))
        }
        None => choices.value(&value::scalar(field, depth, release, path)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Bytes of a generator of numbers that is good enough for that.
    fn bytes(seed: u32) -> Vec<u8> {
        let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        std::iter::successors(Some(seed), next).skip(1).take(160).map(|state| (state >> 24) as u8).collect()
    }

    #[test]
    fn bytes_choose_everything() {
        let dice = Dice::new("1.31");
        assert_eq!(dice.throw(&[]), universe::objects());
        let drawn: Vec<Vec<Value>> = (0..200).map(|seed| dice.throw(&bytes(seed))).collect();
        let own = universe::objects().len();
        let kinds: BTreeSet<String> =
            drawn.iter().flatten().map(|object| object["kind"].to_string()).collect();
        assert!(kinds.len() > 25, "{kinds:?}");
        assert!(drawn.iter().filter(|objects| objects.len() > own + 1).count() > 150);
        let texts: BTreeSet<String> = drawn.iter().map(|objects| crate::text(objects)).collect();
        assert!(texts.len() > 190, "{}", texts.len());
    }

    #[test]
    fn a_byte_at_the_end_changes_nothing_before_it() {
        let dice = Dice::new("1.31");
        let mut kept = 0;
        for seed in 0..50 {
            let long = bytes(seed);
            let (before, after) = (dice.throw(&long[..80]), dice.throw(&long));
            // All but the object in which the shorter bytes end.
            let same = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
            assert!(same + 1 >= before.len(), "{seed}");
            kept += same;
        }
        assert!(kept > 50 * universe::objects().len());
    }
}
