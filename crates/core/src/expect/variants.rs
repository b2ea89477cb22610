//! Tables of variants: `for`, and the values that come for `$(…)`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// How many variants a test may have.
const MAX_VARIANTS: usize = 10_000;

/// The values of one variant, by variable.
pub(super) type Row = Vec<(String, Value)>;

/// What is wrong with a table, and where below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) path: String,
    pub(super) message: String,
}

impl Wrong {
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// The variants of a table: every combination of a mapping's lists, or each mapping of a list. A list of
/// texts is one of methods.
pub(super) fn rows(table: &Value) -> Result<Vec<Row>, Wrong> {
    let rows = match table {
        Value::Object(lists) => product(lists)?,
        Value::Array(all) => {
            all.iter().enumerate().map(|(at, value)| row(at, value)).collect::<Result<_, _>>()?
        }
        _ => {
            let message =
                "expected a mapping of variables to lists, or a list of mappings: `{method: [GET, HEAD]}`";
            return Err(Wrong::new("", message));
        }
    };
    if rows.is_empty() { Err(Wrong::new("", "there is no variant in it")) } else { Ok(rows) }
}

fn row(at: usize, value: &Value) -> Result<Row, Wrong> {
    match value {
        Value::Object(row) => Ok(row.iter().map(|(name, value)| (name.clone(), value.clone())).collect()),
        Value::String(_) => Ok(vec![("method".to_owned(), value.clone())]),
        _ => Err(Wrong::new(format!("[{at}]"), "expected a mapping of variables to values, or a method")),
    }
}

fn product(lists: &Map<String, Value>) -> Result<Vec<Row>, Wrong> {
    let mut rows: Vec<Row> = vec![Vec::new()];
    for (name, list) in lists {
        let Value::Array(values) = list else {
            return Err(Wrong::new(name, "expected a list of values"));
        };
        if rows.len().saturating_mul(values.len()) > MAX_VARIANTS {
            return Err(Wrong::new("", format!("more than {MAX_VARIANTS} variants")));
        }
        let with = |row: &Row, value: &Value| {
            let mut row = row.clone();
            row.push((name.clone(), value.clone()));
            row
        };
        rows = rows.iter().flat_map(|row| values.iter().map(move |value| with(row, value))).collect();
    }
    Ok(rows)
}

/// A variable that a variant does not have, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unknown {
    pub(super) name: String,
    pub(super) path: String,
}

impl Unknown {
    /// The same, where it stands in something larger.
    fn below(self, step: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        Self { path: format!("{step}{dot}{}", self.path), ..self }
    }
}

/// Puts the values of a variant for `$(variable)` into all texts, and notes which were used. A text that is
/// nothing else becomes the value itself. `$$(` stands for `$(`.
///
/// # Errors
///
/// The first variable that the variant does not have.
pub(super) fn substitute(value: &Value, row: &Row, used: &mut BTreeSet<String>) -> Result<Value, Unknown> {
    let unknown = |name| Unknown { name, path: String::new() };
    Ok(match value {
        Value::String(text) => of_text(text, row, used).map_err(unknown)?,
        Value::Array(all) => {
            let one =
                |(at, each)| substitute(each, row, used).map_err(|unknown| unknown.below(&format!("[{at}]")));
            Value::Array(all.iter().enumerate().map(one).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => {
            let mut new = Map::new();
            for (key, value) in map {
                let name = text_of(&of_text(key, row, used).map_err(unknown)?);
                new.insert(name, substitute(value, row, used).map_err(|unknown| unknown.below(key))?);
            }
            Value::Object(new)
        }
        other => other.clone(),
    })
}

fn of_text(text: &str, row: &Row, used: &mut BTreeSet<String>) -> Result<Value, String> {
    let mut found = |name: &str| {
        used.insert(name.to_owned());
        let value = row.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        value.ok_or_else(|| name.to_owned())
    };
    let whole = text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
    if let Some(name) = whole.filter(|name| !name.contains(['(', ')'])) {
        return found(name);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("$(") {
        if let Some(before) = before.strip_suffix('$') {
            out.push_str(before);
            out.push_str("$(");
            rest = behind;
            continue;
        }
        let Some((name, after)) = behind.split_once(')') else { break };
        out.push_str(before);
        out.push_str(&text_of(&found(name)?));
        rest = after;
    }
    out.push_str(rest);
    Ok(Value::String(out))
}

/// A value as a text has it.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(rows: &[Row]) -> Vec<String> {
        let one = |row: &Row| {
            row.iter().map(|(name, value)| format!("{name}={}", text_of(value))).collect::<Vec<_>>().join(" ")
        };
        rows.iter().map(one).collect()
    }

    #[test]
    fn mappings_are_products_and_lists_are_rows() {
        let product = rows(&json!({"method": ["GET", "HEAD"], "n": [1, 2]})).unwrap();
        assert_eq!(
            names(&product),
            ["method=GET n=1", "method=GET n=2", "method=HEAD n=1", "method=HEAD n=2"]
        );
        let list =
            rows(&json!([{"method": "GET", "status": 200}, {"method": "PUT", "status": 403}])).unwrap();
        assert_eq!(names(&list), ["method=GET status=200", "method=PUT status=403"]);
        assert_eq!(names(&rows(&json!(["GET", "HEAD"])).unwrap()), ["method=GET", "method=HEAD"]);
    }

    #[test]
    fn tables_without_end_are_refused() {
        let many: Vec<usize> = (0..200).collect();
        assert!(rows(&json!({"a": many, "b": many})).is_err());
        for wrong in [json!({}), json!([]), json!({"a": []}), json!({"a": 1}), json!("a"), json!([1])] {
            let result = rows(&wrong);
            assert!(wrong == json!({}) || result.is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_keep_their_type_where_they_stand_alone() {
        let row = vec![("status".to_owned(), json!(403)), ("path".to_owned(), json!("/a"))];
        let put = |text: &str| substitute(&json!(text), &row, &mut BTreeSet::new());
        assert_eq!(put("$(status)"), Ok(json!(403)));
        assert_eq!(put("is $(status) at $(path)$(path)"), Ok(json!("is 403 at /a/a")));
        assert_eq!(put("$$(status) costs $5 $("), Ok(json!("$(status) costs $5 $(")));
        let nested = substitute(&json!({"a": [{"b": "$(other)"}]}), &row, &mut BTreeSet::new());
        assert_eq!(nested, Err(Unknown { name: "other".to_owned(), path: "a[0].b".to_owned() }));
        let map = substitute(&json!({"$(path)": ["$(status)"]}), &row, &mut BTreeSet::new());
        assert_eq!(map, Ok(json!({"/a": [403]})));
    }
}
