//! Makes a snapshot small that shows something.

use serde_json::Value;

/// A step to a part of a document.
#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Index(usize),
}

/// Removes from objects what can be removed while `still` says that they show what they showed: whole objects
/// first, then items of lists and fields. `still` is asked at most so many times.
pub fn smaller(objects: Vec<Value>, most: usize, mut still: impl FnMut(&[Value]) -> bool) -> Vec<Value> {
    let mut left = most;
    let mut whole = Value::Array(objects);
    // What is nearer to the top first: it takes more away.
    let mut depth = 1;
    while depth < 12 && left > 0 {
        let mut places = Vec::new();
        collect(&whole, &mut Vec::new(), depth, &mut places);
        // From the end, so that the places before stay what they are.
        for place in places.into_iter().rev().filter(|place| !is_needed(place)) {
            if left == 0 {
                break;
            }
            let mut tried = whole.clone();
            remove(&mut tried, &place);
            left -= 1;
            if tried.as_array().is_some_and(|objects| still(objects)) {
                whole = tried;
            }
        }
        depth += 1;
    }
    match whole {
        Value::Array(objects) => objects,
        _ => Vec::new(),
    }
}

/// What an object is not one without.
fn is_needed(place: &[Step]) -> bool {
    match place {
        [Step::Index(_), Step::Key(key)] => {
            matches!(key.as_str(), "apiVersion" | "kind" | "metadata" | "spec")
        }
        [Step::Index(_), Step::Key(metadata), Step::Key(key)] if metadata == "metadata" => key != "labels",
        _ => false,
    }
}

fn collect(value: &Value, path: &mut Vec<Step>, depth: usize, places: &mut Vec<Vec<Step>>) {
    if path.len() == depth {
        places.push(path.clone());
        return;
    }
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                path.push(Step::Key(key.clone()));
                collect(field, path, depth, places);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(Step::Index(index));
                collect(item, path, depth, places);
                path.pop();
            }
        }
        _ => {}
    }
}

fn remove(value: &mut Value, place: &[Step]) {
    match (value, place) {
        (Value::Object(fields), [Step::Key(key)]) => {
            fields.shift_remove(key);
        }
        (Value::Array(items), [Step::Index(index)]) if *index < items.len() => {
            items.remove(*index);
        }
        (Value::Object(fields), [Step::Key(key), rest @ ..]) => {
            if let Some(field) = fields.get_mut(key) {
                remove(field, rest);
            }
        }
        (Value::Array(items), [Step::Index(index), rest @ ..]) => {
            if let Some(item) = items.get_mut(*index) {
                remove(item, rest);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_shows_it_is_left() {
        let objects = vec![
            json!({"kind": "A", "spec": {"list": [1, 2, 3], "other": true}}),
            json!({"kind": "B", "spec": {}}),
        ];
        let shows = |objects: &[Value]| {
            objects.iter().any(|object| {
                object
                    .pointer("/spec/list")
                    .and_then(Value::as_array)
                    .is_some_and(|list| list.contains(&json!(2)))
            })
        };
        assert_eq!(smaller(objects, 100, shows), [json!({"kind": "A", "spec": {"list": [2]}})]);
    }
}
