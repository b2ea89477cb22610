//! Objects as `serde_yaml` has read them.

use serde::ser::Error as _;
use serde_json::{Map, Number, Value};
use serde_yaml::Value as Yaml;

use super::objects::{NotAnObject, Objects};

impl Objects {
    /// Adds an object that `serde_yaml` has read. Unlike [`Objects::add`] it takes keys that are no strings,
    /// as Kubernetes takes them (`80: http`), and passes over tags.
    ///
    /// What a scalar means was decided when the text was read: `serde_yaml` reads YAML 1.2, in which `on` and
    /// `yes` are strings. A text that is at hand is better read by [`Snapshot::read`](super::Snapshot::read),
    /// as Kubernetes would.
    ///
    /// # Errors
    ///
    /// [`NotAnObject`] if a key is a list or a mapping, or a number is infinite or none.
    pub fn add_yaml(&mut self, object: &Yaml) -> Result<(), NotAnObject> {
        let index = self.len();
        let value = json(object).map_err(|source| NotAnObject { index, source })?;
        self.add(&value)
    }
}

fn json(value: &Yaml) -> Result<Value, serde_json::Error> {
    Ok(match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(*value),
        Yaml::String(text) => Value::String(text.clone()),
        Yaml::Number(number) => Value::Number(self::number(number)?),
        Yaml::Sequence(items) => Value::Array(items.iter().map(json).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let entries = entries.iter().map(|(name, value)| Ok((key(name)?, json(value)?)));
            Value::Object(entries.collect::<Result<Map<_, _>, serde_json::Error>>()?)
        }
        Yaml::Tagged(tagged) => json(&tagged.value)?,
    })
}

fn number(number: &serde_yaml::Number) -> Result<Number, serde_json::Error> {
    let whole = number.as_i64().map(Number::from).or_else(|| number.as_u64().map(Number::from));
    let found = whole.or_else(|| number.as_f64().and_then(Number::from_f64));
    found.ok_or_else(|| serde_json::Error::custom(format!("there is no number `{number}` in JSON")))
}

fn key(key: &Yaml) -> Result<String, serde_json::Error> {
    match json(key)? {
        Value::String(text) => Ok(text),
        Value::Array(_) | Value::Object(_) => Err(serde_json::Error::custom("a key is a list or a mapping")),
        scalar => Ok(scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn added(yaml: &str) -> Result<Objects, NotAnObject> {
        let mut objects = Objects::new();
        objects.add_yaml(&serde_yaml::from_str(yaml).unwrap())?;
        Ok(objects)
    }

    #[test]
    fn values_are_objects() {
        let yaml =
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {80: x, true: y, b: !tag z}}";
        let reading = added(yaml).unwrap().read(&Limits::DEFAULT);
        let data: Vec<&str> =
            reading.snapshot.config_maps[0].spec.data.keys().map(|key| key.as_str()).collect();
        assert_eq!(data, ["80", "b", "true"]);
    }

    #[test]
    fn what_json_does_not_have_is_refused() {
        for (yaml, reason) in [("{[a]: b}", "a key is a list"), ("a: .nan", "no number `.nan`")] {
            let error = added(yaml).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
