//! Headers as plain data.

use crate::admission::syntax::is_header_name;
use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// Headers in their order; a name may be there several times.
///
/// Read from a map (`{"canary": "1"}`, of a repeated header `{"cookie": ["a=1", "b=2"]}`) or from a list of
/// `name: value` or of pairs (`["canary: 1"]`, `[["canary", "1"]]`); written as a list of pairs.
///
/// ```
/// use waypoint_xds::trace::HeaderList;
///
/// let map: HeaderList = serde_json::from_str(r#"{"canary": "1", "cookie": ["a=1", "b=2"]}"#)?;
/// let list: HeaderList = serde_json::from_str(r#"["canary: 1", ["cookie", "a=1"], "cookie: b=2"]"#)?;
/// assert_eq!(map, list);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderList(pub Vec<(String, String)>);

/// A text that is no header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no header: expected `name: value`")]
pub struct NotAHeader(String);

/// `name: value` as curl takes it, or `name=value`: what comes first, the colon or the equals sign, ends the
/// name.
pub(super) fn header(text: &str) -> Result<(String, String), NotAHeader> {
    let (name, value) = text
        .split_once([':', '='])
        .filter(|(name, _)| is_header_name(name))
        .ok_or_else(|| NotAHeader(text.to_owned()))?;
    Ok((name.to_owned(), value.trim().to_owned()))
}

impl FromStr for HeaderList {
    type Err = NotAHeader;

    /// One header a line.
    fn from_str(text: &str) -> Result<Self, NotAHeader> {
        text.lines().filter(|line| !line.trim().is_empty()).map(header).collect::<Result<_, _>>().map(Self)
    }
}

impl Serialize for HeaderList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for HeaderList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = HeaderList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("headers: a map of names to values, or a list of `name: value`")
    }

    fn visit_unit<E: de::Error>(self) -> Result<HeaderList, E> {
        Ok(HeaderList::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HeaderList, A::Error> {
        let mut all = Vec::new();
        while let Some((name, values)) = map.next_entry::<String, Values>()? {
            match values {
                Values::One(value) => all.push((name, value.text())),
                Values::Several(values) => {
                    all.extend(values.into_iter().map(|value| (name.clone(), value.text())));
                }
            }
        }
        Ok(HeaderList(all))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<HeaderList, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = list.next_element::<Entry>()? {
            all.push(match entry {
                Entry::Pair(name, value) => (name, value.text()),
                Entry::Text(text) => header(&text).map_err(de::Error::custom)?,
            });
        }
        Ok(HeaderList(all))
    }
}

#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "expected the value of a header, a text, or a list of such")]
enum Values {
    One(Scalar),
    Several(Vec<Scalar>),
}

#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "expected `name: value`, or a pair of name and value")]
enum Entry {
    Text(String),
    Pair(String, Scalar),
}

/// YAML has numbers and booleans where a text is meant.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(i64),
    Bool(bool),
}

impl Scalar {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Bool(value) => value.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_people_write_them() {
        for (text, name, value) in [
            ("canary: 1", "canary", "1"),
            ("canary:1", "canary", "1"),
            ("canary=1", "canary", "1"),
            ("cookie: a=1", "cookie", "a=1"),
            ("x-url=http://a", "x-url", "http://a"),
            ("empty:", "empty", ""),
        ] {
            assert_eq!(header(text), Ok((name.to_owned(), value.to_owned())), "{text}");
        }
        for text in ["canary", ": 1", ":path: /", "a b: c", ""] {
            assert!(header(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_header_is_told() {
        let error = |json: &str| serde_json::from_str::<HeaderList>(json).unwrap_err().to_string();
        assert!(error(r#"["canary"]"#).contains("`canary` is no header: expected `name: value`"));
        assert!(error(r#"{"canary": {"a": 1}}"#).contains("expected the value of a header"));
        assert!(error("7").contains("expected headers: a map of names to values"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let list: HeaderList = "canary: 1\ncookie: a=1\n\ncookie: b=2".parse().unwrap();
        let json = serde_json::to_string(&list).unwrap();
        assert_eq!(json, r#"[["canary","1"],["cookie","a=1"],["cookie","b=2"]]"#);
        assert_eq!(serde_json::from_str::<HeaderList>(&json).unwrap(), list);
        assert_eq!(serde_json::from_str::<HeaderList>(r#"{"n": 1, "b": true}"#).unwrap().0[1].1, "true");
    }
}
