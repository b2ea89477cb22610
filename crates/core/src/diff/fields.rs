//! Two JSON values, field by field.

use crate::json::pointer_key;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use similar::DiffOp;
use similar::algorithms::{Capture, Compact, Replace, myers};

/// A field that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Field {
    /// Where it is, as a JSON pointer (RFC 6901) into the new side; into the old one for what is gone.
    pub pointer: String,
    /// How it differs.
    #[serde(flatten)]
    pub way: Difference,
}

/// How a field differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Difference {
    /// It is new.
    Added {
        /// What it is.
        new: Value,
    },
    /// It is gone.
    Removed {
        /// What it was.
        old: Value,
    },
    /// It has another value.
    Changed {
        /// What it was.
        old: Value,
        /// What it is.
        new: Value,
    },
    /// The entries of a list stand in another order.
    Moved {
        /// The names of those that are on both sides, as they were.
        old: Vec<String>,
        /// As they are.
        new: Vec<String>,
    },
}

/// The fields that differ, in the order of the new side; what is gone stands where it was.
///
/// Entries of lists are the same when their `name` is, where all have one; otherwise the longest common
/// sequence stays.
pub(super) fn compare(old: &Value, new: &Value) -> Vec<Field> {
    let mut fields = Vec::new();
    values(old, new, &mut String::new(), &mut fields);
    fields
}

fn values(old: &Value, new: &Value, pointer: &mut String, fields: &mut Vec<Field>) {
    match (old, new) {
        _ if old == new => {}
        (Value::Object(old), Value::Object(new)) => objects(old, new, pointer, fields),
        (Value::Array(old), Value::Array(new)) => lists(old, new, pointer, fields),
        _ => add(pointer, fields, Difference::Changed { old: old.clone(), new: new.clone() }),
    }
}

fn add(pointer: &str, fields: &mut Vec<Field>, way: Difference) {
    fields.push(Field { pointer: pointer.to_owned(), way });
}

/// Does something with the pointer to an entry.
fn below(pointer: &mut String, key: &str, then: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&pointer_key(key));
    then(pointer);
    pointer.truncate(length);
}

fn objects(
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    pointer: &mut String,
    fields: &mut Vec<Field>,
) {
    for (key, old) in old {
        below(pointer, key, |pointer| match new.get(key) {
            Some(new) => values(old, new, pointer, fields),
            None => add(pointer, fields, Difference::Removed { old: old.clone() }),
        });
    }
    for (key, new) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
        below(pointer, key, |pointer| add(pointer, fields, Difference::Added { new: new.clone() }));
    }
}

fn lists(old: &[Value], new: &[Value], pointer: &mut String, fields: &mut Vec<Field>) {
    match (by_name(old), by_name(new)) {
        (Some(old), Some(new)) => named(&old, &new, pointer, fields),
        _ => in_order(old, new, pointer, fields),
    }
}

/// The entries of a list with their positions, by their names; none unless all have one of their own.
fn by_name(list: &[Value]) -> Option<BTreeMap<&str, (usize, &Value)>> {
    let mut names = BTreeMap::new();
    for (index, entry) in list.iter().enumerate() {
        let name = entry.get("name")?.as_str()?;
        if names.insert(name, (index, entry)).is_some() {
            return None;
        }
    }
    Some(names)
}

type Named<'v> = BTreeMap<&'v str, (usize, &'v Value)>;

fn named(old: &Named<'_>, new: &Named<'_>, pointer: &mut String, fields: &mut Vec<Field>) {
    let common = |of: &Named<'_>, other: &Named<'_>| {
        let mut common: Vec<(usize, String)> = of
            .iter()
            .filter(|(name, _)| other.contains_key(*name))
            .map(|(name, (at, _))| (*at, (*name).to_owned()))
            .collect();
        common.sort();
        common.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    let (before, after) = (common(old, new), common(new, old));
    if before != after {
        add(pointer, fields, Difference::Moved { old: before, new: after });
    }
    let gone = old.iter().filter(|(name, _)| !new.contains_key(*name)).map(|(_, entry)| *entry);
    for (index, entry) in sorted(gone) {
        below(pointer, &index.to_string(), |pointer| {
            add(pointer, fields, Difference::Removed { old: entry.clone() })
        });
    }
    let mut there: Vec<(usize, &str, &Value)> =
        new.iter().map(|(name, (at, entry))| (*at, *name, *entry)).collect();
    there.sort_by_key(|(at, ..)| *at);
    for (index, name, entry) in there {
        below(pointer, &index.to_string(), |pointer| match old.get(name) {
            Some((_, old)) => values(old, entry, pointer, fields),
            None => add(pointer, fields, Difference::Added { new: entry.clone() }),
        });
    }
}

fn sorted<'v>(entries: impl Iterator<Item = (usize, &'v Value)>) -> Vec<(usize, &'v Value)> {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(|(at, _)| *at);
    entries
}

fn in_order(old: &[Value], new: &[Value], pointer: &mut String, fields: &mut Vec<Field>) {
    let text = |list: &[Value]| list.iter().map(Value::to_string).collect::<Vec<_>>();
    let (old_texts, new_texts) = (text(old), text(new));
    for op in edits(&old_texts, &new_texts) {
        let (old_range, new_range) = (op.old_range(), op.new_range());
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        // What stands in place of something else is compared with it.
        let gone = old.get(old_range.clone()).unwrap_or_default();
        let come = new.get(new_range.clone()).unwrap_or_default();
        let both = gone.len().min(come.len());
        for (index, (old, new)) in new_range.clone().zip(gone.iter().zip(come)) {
            below(pointer, &index.to_string(), |pointer| values(old, new, pointer, fields));
        }
        for (index, old) in old_range.zip(gone).skip(both) {
            below(pointer, &index.to_string(), |pointer| {
                add(pointer, fields, Difference::Removed { old: old.clone() })
            });
        }
        for (index, new) in new_range.zip(come).skip(both) {
            below(pointer, &index.to_string(), |pointer| {
                add(pointer, fields, Difference::Added { new: new.clone() })
            });
        }
    }
}

/// What makes the new list of the old one. By its own name: by choosing the algorithm while it runs every one
/// of them would become part of the program.
fn edits(old: &[String], new: &[String]) -> Vec<DiffOp> {
    let mut edits = Compact::new(Replace::new(Capture::new()), old, new);
    let Ok(()) = myers::diff(&mut edits, old, 0..old.len(), new, 0..new.len());
    edits.into_inner().into_inner().into_ops()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pointers(old: &Value, new: &Value) -> Vec<String> {
        compare(old, new).into_iter().map(|field| field.pointer).collect()
    }

    #[test]
    fn only_what_differs_is_told() {
        let old = json!({"a": 1, "b": {"x": [1, 2, 3], "y": true}, "gone": null});
        let new = json!({"a": 1, "b": {"x": [1, 4, 3], "y": false}, "c/d": "new"});
        assert_eq!(pointers(&old, &new), ["/b/x/1", "/b/y", "/gone", "/c~1d"]);
        assert_eq!(compare(&old, &old), []);
    }

    #[test]
    fn entries_with_names_are_found_wherever_they_stand() {
        let old = json!([{"name": "a", "v": 1}, {"name": "b", "v": 2}, {"name": "c"}]);
        let new = json!([{"name": "b", "v": 3}, {"name": "a", "v": 1}, {"name": "d"}]);
        let fields = compare(&old, &new);
        let names = |names: [&str; 2]| names.map(str::to_owned).to_vec();
        assert_eq!(fields[0].way, Difference::Moved { old: names(["a", "b"]), new: names(["b", "a"]) });
        assert_eq!(fields[1].way, Difference::Removed { old: json!({"name": "c"}) });
        assert_eq!(
            fields[2],
            Field { pointer: "/0/v".into(), way: Difference::Changed { old: 2.into(), new: 3.into() } }
        );
        assert_eq!(fields[3].way, Difference::Added { new: json!({"name": "d"}) });
        assert_eq!(fields.len(), 4);
    }

    #[test]
    fn what_is_put_in_between_moves_nothing() {
        let (old, new) = (json!([1, 2, 3]), json!([1, 9, 2, 3]));
        assert_eq!(
            compare(&old, &new),
            [Field { pointer: "/1".into(), way: Difference::Added { new: 9.into() } }]
        );
        assert_eq!(
            compare(&new, &old),
            [Field { pointer: "/1".into(), way: Difference::Removed { old: 9.into() } }]
        );
    }
}
