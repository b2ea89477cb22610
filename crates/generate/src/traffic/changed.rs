//! A mesh after a change: a pull request.

use serde_json::Value;

use super::dice::Dice;
use super::snapshot;

/// A mesh with some of its routes and policies taken out, and others put in their places.
#[must_use]
pub fn changed(objects: &[Value], seed: u64, release: &str) -> Vec<Value> {
    let mut dice = Dice::new(seed);
    let others = snapshot(seed, release);
    let other = |object: &Value| others.iter().find(|other| name(other) == name(object));
    let kept = objects.iter().filter_map(|object| match other(object).filter(|_| is_drawn(object)) {
        Some(other) if dice.percent(40) => Some(other.clone()),
        _ if is_drawn(object) && dice.percent(20) => None,
        _ => Some(object.clone()),
    });
    let mut after: Vec<Value> = kept.collect();
    // What the other mesh has and this one has not: sometimes that is new.
    for object in others.iter().filter(|object| is_drawn(object)) {
        if !objects.iter().any(|known| name(known) == name(object)) && dice.percent(25) {
            after.push(object.clone());
        }
    }
    after
}

/// The kind and the name of an object.
fn name(object: &Value) -> (&str, &str) {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    (text("/kind"), text("/metadata/name"))
}

/// Whether an object is a route or a policy, and none of those that there always are.
fn is_drawn(object: &Value) -> bool {
    !matches!(name(object).0, "Namespace" | "Pod" | "Service" | "Gateway")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_changes_change_something_and_keep_the_rest() {
        let mut differ = 0;
        for seed in 0..40 {
            let before = snapshot(seed, "1.31");
            let after = changed(&before, seed + 1000, "1.31");
            differ += usize::from(before != after);
            let around = before.iter().filter(|object| !is_drawn(object));
            assert!(around.into_iter().all(|object| after.contains(object)));
        }
        assert!(differ > 25, "{differ}");
    }
}
