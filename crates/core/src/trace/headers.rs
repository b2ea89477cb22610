//! The headers of a request, as Envoy keeps them.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::outcome::Forwarded;
use crate::strings::hex_byte;

/// Headers by name, in their order; the pseudo headers among them. The case of names does not count.
#[derive(Clone, Debug, Default)]
pub(super) struct Headers<'a>(SmallVec<[(&'a str, Value<'a>); 16]>);

/// A header's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Known(Cow<'a, str>),
    /// A proxy makes it.
    Unknown,
}

/// All values of a name.
#[derive(Clone, Debug)]
pub(super) enum HeaderValues<'h> {
    /// There is none.
    Absent,
    /// A proxy makes one of them.
    Unknown,
    Text(Text<'h>),
}

/// Several values of a name as one, with commas between them.
#[derive(Clone, Debug)]
pub(super) enum Text<'h> {
    One(&'h str),
    Several(SmallVec<[u8; 128]>),
}

pub(super) const METHOD: &str = ":method";
pub(super) const PATH: &str = ":path";
pub(super) const AUTHORITY: &str = ":authority";
pub(super) const SCHEME: &str = ":scheme";

/// Headers that Envoy keeps as one, whatever comes of them: values with commas between them, and none for
/// what is empty.
const SINGLE: &[&str] = &[
    "accept",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "content-type",
    "grpc-timeout",
    "origin",
    "referer",
    "te",
    "user-agent",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-request-id",
];

fn is_single(name: &str) -> bool {
    SINGLE.iter().any(|single| single.eq_ignore_ascii_case(name))
}

/// Envoy takes both names for the same header.
fn canonical(name: &str) -> &str {
    if name.eq_ignore_ascii_case("host") { AUTHORITY } else { name }
}

impl<'a> Headers<'a> {
    /// Adds a value, behind those that there are.
    pub(super) fn add(&mut self, name: &'a str, value: impl Into<Cow<'a, str>>) {
        let (name, value) = (canonical(name), value.into());
        let before = self.0.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name));
        match before.filter(|_| is_single(name)) {
            Some((_, Value::Known(before))) if before.is_empty() => *before = value,
            Some((_, Value::Known(_))) if value.is_empty() => {}
            Some((_, Value::Known(before))) => *before = Cow::Owned([before, ",", &value].concat()),
            Some((_, Value::Unknown)) => {}
            None => self.0.push((name, Value::Known(value))),
        }
    }

    /// Adds a value that is not known.
    pub(super) fn add_unknown(&mut self, name: &'a str) {
        self.0.push((canonical(name), Value::Unknown));
    }

    /// Sets a value, whatever there was.
    pub(super) fn set(&mut self, name: &'a str, value: impl Into<Cow<'a, str>>) {
        self.put(name, Value::Known(value.into()));
    }

    /// Sets a value that is not known.
    pub(super) fn set_unknown(&mut self, name: &'a str) {
        self.put(name, Value::Unknown);
    }

    fn put(&mut self, name: &'a str, value: Value<'a>) {
        let name = canonical(name);
        let before = self.0.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name));
        match before {
            Some((_, first)) => {
                *first = value;
                let mut seen = false;
                self.0.retain(|(other, _)| {
                    !other.eq_ignore_ascii_case(name) || !std::mem::replace(&mut seen, true)
                });
            }
            None => self.0.push((name, value)),
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        let name = canonical(name);
        self.0.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    /// All values of a name.
    pub(super) fn all<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h Value<'a>> + use<'h, 'a> {
        let name = canonical(name);
        self.0.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Whether `X-Forwarded-Proto` is there without a value: Envoy then knows no scheme, and takes no route.
    pub(super) fn hides_scheme(&self) -> bool {
        matches!(self.get("x-forwarded-proto"), HeaderValues::Text(text) if text.as_str().is_empty())
    }

    /// The value of a name, several with commas between them.
    pub(super) fn get<'h>(&'h self, name: &'h str) -> HeaderValues<'h> {
        let mut all = self.all(name);
        let Some(first) = all.next() else { return HeaderValues::Absent };
        let Value::Known(first) = first else { return HeaderValues::Unknown };
        let Some(second) = all.next() else { return HeaderValues::Text(Text::One(first)) };
        let mut joined = SmallVec::from_slice(first.as_bytes());
        for value in std::iter::once(second).chain(all) {
            let Value::Known(text) = value else { return HeaderValues::Unknown };
            joined.push(b',');
            joined.extend_from_slice(text.as_bytes());
        }
        HeaderValues::Text(Text::Several(joined))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The value of a name, empty if there is none or it is not known.
    pub(super) fn text<'h>(&'h self, name: &'h str) -> Text<'h> {
        match self.get(name) {
            HeaderValues::Text(text) => text,
            HeaderValues::Absent | HeaderValues::Unknown => Text::One(""),
        }
    }

    /// The only value of a name; none if there are several, or it is not known.
    pub(super) fn only(&self, name: &str) -> Option<Cow<'a, str>> {
        let name = canonical(name);
        let mut all = self.0.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        match (all.next(), all.next()) {
            (Some((_, Value::Known(only))), None) => Some(only.clone()),
            _ => None,
        }
    }

    /// The path without query and fragment.
    pub(super) fn bare_path(&self) -> Option<&str> {
        match self.get(PATH) {
            HeaderValues::Text(Text::One(path)) => Some(bare(path)),
            _ => None,
        }
    }

    /// Whether Envoy counts it as gRPC.
    pub(super) fn is_grpc(&self) -> bool {
        let content_type = self.text("content-type");
        let rest = content_type.as_str().strip_prefix("application/grpc");
        self.has(PATH) && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('+'))
    }

    /// The request as it goes on.
    pub(super) fn forwarded(&self) -> Forwarded {
        let headers = self.0.iter().filter(|(name, _)| !name.starts_with(':'));
        let text = |name: &str| self.text(name).as_str().to_owned();
        Forwarded {
            method: text(METHOD),
            path: text(PATH),
            authority: text(AUTHORITY),
            headers: headers
                // Spaces around a value do not count.
                .map(|(name, value)| {
                    (name.to_ascii_lowercase(), value.known().map(|value| value.trim().to_owned()))
                })
                .collect(),
        }
    }
}

impl Value<'_> {
    pub(super) fn known(&self) -> Option<&str> {
        match self {
            Self::Known(text) => Some(text),
            Self::Unknown => None,
        }
    }
}

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::One(text) => text,
            // Texts with commas between them are text.
            Self::Several(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
        }
    }
}

/// A path without query and fragment.
pub(super) fn bare(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or(path)
}

/// The parameters of a query, as they are written.
pub(super) fn query(path: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or(query);
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').unwrap_or((part, "")))
}

/// Percent-encoding undone, where it is whole.
pub(super) fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        match behind.first_chunk::<2>().and_then(hex_byte).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_values_are_one_with_commas() {
        let mut headers = Headers::default();
        headers.add("X-A", "1");
        headers.add("x-a", "2");
        headers.add("Host", "a.example");
        assert_eq!(headers.text("x-A").as_str(), "1,2");
        assert_eq!(headers.text(AUTHORITY).as_str(), "a.example");
        headers.set("x-a", "3");
        assert_eq!(headers.text("x-a").as_str(), "3");
        headers.add_unknown("x-a");
        assert!(matches!(headers.get("x-a"), HeaderValues::Unknown));
        headers.remove("x-a");
        assert!(!headers.has("x-a"));
    }

    #[test]
    fn an_empty_scheme_hides_it() {
        let mut headers = Headers::default();
        assert!(!headers.hides_scheme());
        headers.add("X-Forwarded-Proto", "");
        assert!(headers.hides_scheme());
        headers.set("x-forwarded-proto", "https");
        assert!(!headers.hides_scheme());
    }

    #[test]
    fn queries_are_read_as_they_are_written() {
        let all: Vec<_> = query("/a?b=c&d&e=f=g#h").collect();
        assert_eq!(all, [("b", "c"), ("d", ""), ("e", "f=g")]);
        assert_eq!(percent_decoded("a%2fb%zz%"), "a/b%zz%");
    }
}
