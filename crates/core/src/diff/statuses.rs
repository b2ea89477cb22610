//! The conditions that Istio would write, on both sides.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Presence;
use crate::Str;
use crate::names::ObjectRef;
use crate::status::{Condition, ConditionStatus, Status};
use crate::trace::DecidedBy;

/// An object whose status differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StatusDiff {
    /// The object.
    #[serde(flatten)]
    pub object: ObjectRef,
    /// Whether Istio writes a status for it on both sides.
    pub presence: Presence,
    /// The conditions that differ.
    pub conditions: Vec<ConditionDiff>,
}

/// A condition that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConditionDiff {
    /// `Accepted`, `istio.io/WaypointBound`, …
    #[serde(rename = "type")]
    pub condition_type: Str,
    /// The listener or parent that it is of; nothing for one of the object itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// What it said.
    pub old: Option<ConditionValue>,
    /// What it says.
    pub new: Option<ConditionValue>,
}

/// What a condition says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConditionValue {
    /// Whether it is so.
    pub status: ConditionStatus,
    /// Why, in one word.
    pub reason: Str,
    /// Why, in Istio's words.
    pub message: String,
    /// What decided it.
    pub because: Option<DecidedBy>,
}

impl ConditionValue {
    fn of(condition: &Condition) -> Self {
        Self {
            status: condition.status,
            reason: condition.reason.clone(),
            message: condition.message.clone(),
            because: condition.causes.first().cloned().map(DecidedBy),
        }
    }

    /// Whether Istio would write the same.
    fn says_the_same(&self, other: &Self) -> bool {
        (self.status, &self.reason, &self.message) == (other.status, &other.reason, &other.message)
    }
}

/// Where a condition stands in a status: of what, and its type.
type Key = (Option<String>, Str);

pub(super) fn compare(old: &[Status], new: &[Status]) -> Vec<StatusDiff> {
    let mut sides: BTreeMap<&ObjectRef, (Option<&Status>, Option<&Status>)> = BTreeMap::new();
    for status in old {
        sides.entry(&status.object).or_default().0 = Some(status);
    }
    for status in new {
        sides.entry(&status.object).or_default().1 = Some(status);
    }
    sides.into_iter().filter_map(|(object, (old, new))| one(object, old, new)).collect()
}

fn one(object: &ObjectRef, old: Option<&Status>, new: Option<&Status>) -> Option<StatusDiff> {
    let presence = match (old, new) {
        (Some(_), Some(_)) => Presence::Both,
        (None, _) => Presence::Added,
        (_, None) => Presence::Removed,
    };
    let (mut old, new) = (conditions(old), conditions(new));
    let mut differ: BTreeMap<Key, (Option<ConditionValue>, Option<ConditionValue>)> = BTreeMap::new();
    for (key, new) in new {
        let old = old.remove(&key);
        if old.as_ref().is_none_or(|old| !old.says_the_same(&new)) {
            differ.insert(key, (old, Some(new)));
        }
    }
    differ.extend(old.into_iter().map(|(key, old)| (key, (Some(old), None))));
    let conditions: Vec<ConditionDiff> = differ
        .into_iter()
        .map(|((of, condition_type), (old, new))| ConditionDiff { condition_type, of, old, new })
        .collect();
    (!conditions.is_empty()).then(|| StatusDiff { object: object.clone(), presence, conditions })
}

/// All conditions of a status.
fn conditions(status: Option<&Status>) -> BTreeMap<Key, ConditionValue> {
    let Some(status) = status else { return BTreeMap::new() };
    let own = status.conditions.iter().map(|condition| (None, condition));
    let of_listeners = status.listeners.iter().flat_map(|listener| {
        listener.conditions.iter().map(|condition| (Some(format!("listener {}", listener.name)), condition))
    });
    let of_parents = status.parents.iter().flat_map(|parent| {
        parent.conditions.iter().map(|condition| (Some(parent.name(&status.object)), condition))
    });
    let all = own.chain(of_listeners).chain(of_parents);
    all.map(|(of, condition)| ((of, condition.condition_type.clone()), ConditionValue::of(condition)))
        .collect()
}
