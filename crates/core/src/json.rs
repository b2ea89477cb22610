//! Small tools for JSON values that are put together by hand.

use serde_json::{Map, Value};

/// An object of the fields that have a value, in this order.
pub(crate) fn object<'k>(fields: impl IntoIterator<Item = (&'k str, Option<Value>)>) -> Value {
    let present = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(present.collect())
}

/// The same value with the keys of its objects spelled as in `.proto` files: `typedConfig` becomes `typed_config`.
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
    use serde_json::json;

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
