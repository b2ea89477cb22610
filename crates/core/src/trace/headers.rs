//! The headers of a request, as Envoy keeps them.

use super::outcome::Forwarded;

/// Headers by name, in lower case, in their order; the pseudo headers among them.
#[derive(Clone, Debug, Default)]
pub(super) struct Headers(Vec<(String, Value)>);

/// A header's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Known(String),
    /// A proxy makes it.
    Unknown,
}

pub(super) const METHOD: &str = ":method";
pub(super) const PATH: &str = ":path";
pub(super) const AUTHORITY: &str = ":authority";
pub(super) const SCHEME: &str = ":scheme";

/// Headers that Envoy keeps as one, whatever comes of them: values with commas between them, and none for what is empty.
const SINGLE: &[&str] = &[
    "accept",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "content-type",
    "grpc-timeout",
    "origin",
    "te",
    "user-agent",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-request-id",
];

/// Envoy takes both names for the same header.
fn canonical(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if name == "host" { AUTHORITY.to_owned() } else { name }
}

impl Headers {
    /// Adds a value, behind those that there are.
    pub(super) fn add(&mut self, name: &str, value: impl Into<String>) {
        let (name, value) = (canonical(name), value.into());
        let known = self.0.iter_mut().find(|(other, _)| *other == name && SINGLE.contains(&name.as_str()));
        match known {
            Some((_, Value::Known(before))) => {
                if !before.is_empty() && !value.is_empty() {
                    before.push_str(if name == "cookie" { "; " } else { "," });
                }
                before.push_str(&value);
            }
            Some((_, Value::Unknown)) => {}
            None => self.0.push((name, Value::Known(value))),
        }
    }

    /// Adds a value that is not known.
    pub(super) fn add_unknown(&mut self, name: &str) {
        self.0.push((canonical(name), Value::Unknown));
    }

    /// Sets a value, whatever there was.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.put(name, Value::Known(value.into()));
    }

    /// Sets a value that is not known.
    pub(super) fn set_unknown(&mut self, name: &str) {
        self.put(name, Value::Unknown);
    }

    fn put(&mut self, name: &str, value: Value) {
        let name = canonical(name);
        let before = self.0.iter_mut().find(|(other, _)| *other == name);
        match before {
            Some((_, first)) => {
                *first = value;
                let mut seen = false;
                self.0.retain(|(other, _)| *other != name || !std::mem::replace(&mut seen, true));
            }
            None => self.0.push((name, value)),
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        let name = canonical(name);
        self.0.retain(|(other, _)| *other != name);
    }

    /// All values of a name.
    pub(super) fn all<'h>(&'h self, name: &str) -> impl Iterator<Item = &'h Value> + use<'h> {
        let name = canonical(name);
        self.0.iter().filter(move |(other, _)| *other == name).map(|(_, value)| value)
    }

    /// The value of a name, several with commas between them.
    pub(super) fn get(&self, name: &str) -> Option<Value> {
        let mut all = self.all(name).peekable();
        all.peek()?;
        let known: Option<Vec<&str>> = all.map(Value::known).collect();
        Some(known.map_or(Value::Unknown, |known| Value::Known(known.join(","))))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The value of a name, empty if there is none or it is not known.
    pub(super) fn text(&self, name: &str) -> String {
        match self.get(name) {
            Some(Value::Known(text)) => text,
            _ => String::new(),
        }
    }

    /// The path without query and fragment.
    pub(super) fn bare_path(&self) -> Option<String> {
        let Some(Value::Known(path)) = self.get(PATH) else { return None };
        Some(bare(&path).to_owned())
    }

    /// Whether Envoy counts it as gRPC.
    pub(super) fn is_grpc(&self) -> bool {
        let content_type = self.text("content-type");
        let rest = content_type.strip_prefix("application/grpc");
        self.has(PATH) && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('+'))
    }

    /// The request as it goes on.
    pub(super) fn forwarded(&self) -> Forwarded {
        let headers = self.0.iter().filter(|(name, _)| !name.starts_with(':'));
        Forwarded {
            method: self.text(METHOD),
            path: self.text(PATH),
            authority: self.text(AUTHORITY),
            headers: headers.map(|(name, value)| (name.clone(), value.known().map(str::to_owned))).collect(),
        }
    }
}

impl Value {
    pub(super) fn known(&self) -> Option<&str> {
        match self {
            Self::Known(text) => Some(text),
            Self::Unknown => None,
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
pub(super) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        match behind.first_chunk::<2>().and_then(escaped).filter(|_| *first == b'%') {
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
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The byte that two hexadecimal digits are.
pub(super) fn escaped(digits: &[u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let [high, low] = *digits;
    Some(digit(high)? * 16 + digit(low)?)
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
        assert_eq!(headers.get("x-A"), Some(Value::Known("1,2".into())));
        assert_eq!(headers.text(AUTHORITY), "a.example");
        headers.set("x-a", "3");
        assert_eq!(headers.text("x-a"), "3");
        headers.add_unknown("x-a");
        assert_eq!(headers.get("x-a"), Some(Value::Unknown));
        headers.remove("x-a");
        assert!(!headers.has("x-a"));
    }

    #[test]
    fn queries_are_read_as_they_are_written() {
        let all: Vec<_> = query("/a?b=c&d&e=f=g#h").collect();
        assert_eq!(all, [("b", "c"), ("d", ""), ("e", "f=g")]);
        assert_eq!(percent_decoded("a%2fb%zz%"), "a/b%zz%");
    }
}
