//! Conversions of the well-known types from what Rust has for them.

use std::borrow::Cow;

use crate::google::protobuf::{
    BoolValue, BytesValue, DoubleValue, Duration, FloatValue, Int32Value, Int64Value, ListValue, NullValue,
    StringValue, Struct, UInt32Value, UInt64Value, Value, value::Kind,
};

macro_rules! wrapper {
    ($($wrapper:ident($value:ty)),+ $(,)?) => {$(
        impl From<$value> for $wrapper {
            fn from(value: $value) -> Self {
                Self { value }
            }
        }
    )+};
}

wrapper!(
    BoolValue(bool),
    BytesValue(bytes::Bytes),
    DoubleValue(f64),
    FloatValue(f32),
    Int32Value(i32),
    Int64Value(i64),
    StringValue(String),
    UInt32Value(u32),
    UInt64Value(u64),
);

impl From<&str> for StringValue {
    fn from(value: &str) -> Self {
        Self { value: value.to_owned() }
    }
}

impl From<std::time::Duration> for Duration {
    /// Saturates at the longest duration there is.
    fn from(duration: std::time::Duration) -> Self {
        Self {
            seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(duration.subsec_nanos()).unwrap_or(0),
        }
    }
}

impl From<Kind> for Value {
    fn from(kind: Kind) -> Self {
        Self { kind: Some(kind) }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Kind::BoolValue(value).into()
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Kind::NumberValue(value).into()
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Kind::StringValue(value.to_owned()).into()
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Kind::StringValue(value).into()
    }
}

impl From<Struct> for Value {
    fn from(value: Struct) -> Self {
        Kind::StructValue(value).into()
    }
}

impl From<Vec<Value>> for Value {
    fn from(values: Vec<Value>) -> Self {
        Kind::ListValue(ListValue { values }).into()
    }
}

impl From<&serde_json::Value> for Value {
    /// Numbers become doubles: JSON's only number in protobuf.
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Kind::NullValue(NullValue::NullValue.into()).into(),
            serde_json::Value::Bool(value) => (*value).into(),
            serde_json::Value::Number(value) => value.as_f64().unwrap_or_default().into(),
            serde_json::Value::String(value) => value.as_str().into(),
            serde_json::Value::Array(values) => values.iter().map(Self::from).collect::<Vec<_>>().into(),
            serde_json::Value::Object(fields) => Struct::from(fields).into(),
        }
    }
}

impl From<&serde_json::Map<String, serde_json::Value>> for Struct {
    fn from(fields: &serde_json::Map<String, serde_json::Value>) -> Self {
        fields.iter().map(|(name, value)| (name.clone(), Value::from(value))).collect()
    }
}

impl<K: Into<Cow<'static, str>>, V: Into<Value>> FromIterator<(K, V)> for Struct {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(fields: I) -> Self {
        Self { fields: fields.into_iter().map(|(name, value)| (name, value.into())).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_json_to_a_struct() {
        let json = serde_json::json!({"b": [1, null], "a": {"c": true}});
        let made: Struct = json.as_object().unwrap().into();
        let inner: Struct = [("c", true)].into_iter().collect();
        let list = vec![Value::from(1.0), Kind::NullValue(0).into()];
        let expected: Struct = [("a", Value::from(inner)), ("b", list.into())].into_iter().collect();
        assert_eq!(made, expected);
    }

    #[test]
    fn converts_durations() {
        let duration = Duration::from(std::time::Duration::from_millis(1_500));
        assert_eq!((duration.seconds, duration.nanos), (1, 500_000_000));
    }
}
