//! The JSON of messages, and small tools for JSON values that are put together by hand.

use envoy::{Message, Name};
use serde_json::{Map, Value, json};

/// A message as canonical proto JSON.
///
/// What we generate holds no `Any` that is not known, the only thing that has no JSON.
#[must_use]
pub fn message<M: Message + Name>(message: &M) -> String {
    envoy::json::to_json(message).unwrap_or_else(|error| json!({"error": error.to_string()}).to_string())
}

/// A message as a JSON value.
#[must_use]
pub fn value<M: Message + Name>(message: &M) -> Value {
    serde_json::from_str(&self::message(message)).unwrap_or_default()
}

/// A key as a JSON pointer has it.
pub(crate) fn pointer_key(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// An object of the fields that have a value, in this order.
pub(crate) fn object<'k>(fields: impl IntoIterator<Item = (&'k str, Option<Value>)>) -> Value {
    let present = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(present.collect())
}

/// The same value with the keys of its objects spelled as in `.proto` files: `typedConfig` becomes
/// `typed_config`.
pub(crate) fn snake_case(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let renamed: Map<String, Value> =
                fields.into_iter().map(|(key, value)| (snake_case_key(&key), snake_case(value))).collect();
            Value::Object(renamed)
        }
        Value::Array(items) => items.into_iter().map(snake_case).collect(),
        scalar => scalar,
    }
}

/// Keys such as `@type` and names of extensions, which have dots, stay.
pub(crate) fn snake_case_key(key: &str) -> String {
    if key.contains(['@', '.']) {
        return key.to_owned();
    }
    let mut snake = String::with_capacity(key.len() + 4);
    for character in key.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_fields_are_left_out() {
        let made = object([("b", Some(json!(1))), ("x", None), ("a", Some(json!("")))]);
        assert_eq!(made.to_string(), r#"{"b":1,"a":""}"#);
    }

    #[test]
    fn keys_become_snake_case_and_types_stay() {
        let camel = json!({"@type": "a.B", "typedConfig": [{"sdsConfig": {}}], "envoy.X.y": {"aB": "aB"}});
        let snake = json!({"@type": "a.B", "typed_config": [{"sds_config": {}}], "envoy.X.y": {"a_b": "aB"}});
        assert_eq!(snake_case(camel), snake);
    }
}
