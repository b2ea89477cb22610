//! Where what makes a difference stands, on both sides.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::diff::{Change, ChangedField, Diff};
use crate::snapshot::Cause;
use crate::trace::DecidedBy;
use crate::trace::classes::Compared;
use crate::view::origins::{Located, Places};

/// The places of all causes.
pub(super) struct Sides<'d> {
    old: Located<'d>,
    new: Located<'d>,
    of_old: BTreeMap<Key, &'d Cause>,
    of_new: BTreeMap<Key, &'d Cause>,
}

impl<'d> Sides<'d> {
    pub(super) fn new(diff: &'d Diff, old: &Places<'_>, new: &Places<'_>) -> Self {
        let (mut of_old, mut of_new): (Vec<&Cause>, Vec<&Cause>) = (Vec::new(), Vec::new());
        for resource in diff.waypoints.iter().flat_map(|waypoint| &waypoint.resources) {
            match &resource.change {
                Change::Added { because } => of_new.extend(because.iter().map(|because| &because.0)),
                Change::Removed { because } => of_old.extend(because.iter().map(|because| &because.0)),
                Change::Changed { fields } => {
                    of_old.extend(fields.iter().filter_map(|field| Some(&field.old_because.as_ref()?.0)));
                    of_new.extend(fields.iter().filter_map(|field| Some(&field.because.as_ref()?.0)));
                }
            }
        }
        for destination in &diff.behaviour {
            let Compared::Differs { classes, .. } = &destination.compared else { continue };
            of_old.extend(classes.iter().filter_map(|class| Some(&class.old.because.as_ref()?.0)));
            of_new.extend(classes.iter().filter_map(|class| Some(&class.new.because.as_ref()?.0)));
        }
        for condition in diff.statuses.iter().flat_map(|status| &status.conditions) {
            of_old.extend(condition.old.iter().filter_map(|told| Some(&told.because.as_ref()?.0)));
            of_new.extend(condition.new.iter().filter_map(|told| Some(&told.because.as_ref()?.0)));
        }
        let (old_keys, new_keys) = (by_key(&of_old), by_key(&of_new));
        Self {
            old: old.locate_causes(of_old),
            new: new.locate_causes(of_new),
            of_old: old_keys,
            of_new: new_keys,
        }
    }

    /// A cause of the new side, with its place.
    pub(super) fn new_one(&self, because: &DecidedBy) -> String {
        named(&because.0, place(&self.new, &because.0))
    }

    /// A cause of the old side, with its place.
    pub(super) fn old_one(&self, because: &DecidedBy) -> String {
        named(&because.0, place(&self.old, &because.0))
    }

    /// What made a field on both sides: once where it is the same.
    pub(super) fn of_field(&self, field: &ChangedField) -> Option<String> {
        match (&field.old_because, &field.because) {
            (None, None) => None,
            (None, Some(new)) => Some(self.new_one(new)),
            (Some(old), None) => Some(self.old_one(old)),
            (Some(old), Some(new)) if old == new => {
                let (before, after) = (place(&self.old, &old.0), place(&self.new, &new.0));
                let places = match (before, after) {
                    (Some(before), Some(after)) if before == after => Some(after),
                    (Some(before), Some(after)) => Some(format!("{before} → {after}")),
                    (before, after) => after.or(before),
                };
                Some(named(&new.0, places))
            }
            (Some(old), Some(new)) => Some(format!("{} → {}", self.old_one(old), self.new_one(new))),
        }
    }

    /// Adds `place` to every cause in a comparison's JSON.
    pub(super) fn add_places(&self, value: &mut Value) {
        add(value, self, Side::New);
    }

    /// The place of a cause that has become JSON.
    fn place_of(&self, side: Side, because: &Value) -> Option<Value> {
        let text = |key: &str| because.get(key).and_then(Value::as_str).unwrap_or_default();
        let key = [text("kind"), text("namespace"), text("name"), text("field")].map(str::to_owned);
        let (causes, located) = match side {
            Side::Old => (&self.of_old, &self.old),
            Side::New => (&self.of_new, &self.new),
        };
        let maker = located.maker(causes.get(&key)?);
        let file = maker.file?;
        Some(json!({"file": file, "line": maker.line, "column": maker.column}))
    }
}

#[derive(Clone, Copy)]
enum Side {
    Old,
    New,
}

/// A cause as its JSON has it.
type Key = [String; 4];

fn by_key<'d>(causes: &[&'d Cause]) -> BTreeMap<Key, &'d Cause> {
    let key = |cause: &Cause| {
        let object = &cause.object;
        [
            object.kind.name().to_owned(),
            object.namespace.to_string(),
            object.name.to_string(),
            cause.field.to_string(),
        ]
    };
    causes.iter().map(|cause| (key(cause), *cause)).collect()
}

fn add(value: &mut Value, sides: &Sides<'_>, side: Side) {
    match value {
        Value::Array(entries) => entries.iter_mut().for_each(|entry| add(entry, sides, side)),
        Value::Object(fields) => {
            let is_gone = fields.get("change").is_some_and(|change| change == "removed");
            let side = if is_gone { Side::Old } else { side };
            for (key, value) in fields {
                let of = match key.as_str() {
                    "oldBecause" | "old" => Side::Old,
                    _ => side,
                };
                if matches!(key.as_str(), "because" | "oldBecause") && value.is_object() {
                    let place = sides.place_of(of, value).unwrap_or_default();
                    if let Value::Object(because) = value {
                        because.insert("place".to_owned(), place);
                    }
                } else {
                    add(value, sides, of);
                }
            }
        }
        _ => {}
    }
}

fn place(located: &Located<'_>, cause: &Cause) -> Option<String> {
    let maker = located.maker(cause);
    Some(format!("{}:{}", maker.file?, maker.line?))
}

/// A cause, with its place where that is known.
pub(in crate::view) fn named(cause: &Cause, place: Option<String>) -> String {
    let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
    format!("{cause}{place}")
}
