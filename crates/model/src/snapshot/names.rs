//! What the API server accepts as names, label keys and label values.
//!
//! The rules are those of Kubernetes' "Object Names and IDs" and "Labels and Selectors" pages; that for the
//! names of ports is RFC 6335's.

use crate::kind::NameRule;

/// Most characters of a name of a port that may stand where a number may.
const LONGEST_PORT: usize = 15;
/// Most bytes of an object's annotations, keys and values together.
const MAX_ANNOTATIONS: usize = 256 << 10;

/// Why a name is refused: the words that follow it in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("must be no more than {0} characters")]
    TooLong(usize),
    #[error(
        "must consist of lower-case letters, digits, `-` and `.`, and start and end with a letter or digit"
    )]
    Subdomain,
    #[error("must consist of lower-case letters, digits and `-`, and start and end with a letter or digit")]
    Label,
    #[error(
        "must consist of lower-case letters, digits and `-`, start with a letter and end with a letter or digit"
    )]
    ServiceName,
    #[error("must consist of letters, digits, `-`, `_` and `.`, and start and end with a letter or digit")]
    Qualified,
    #[error(
        "must consist of lower-case letters, digits and `-`, with a letter among them, no `--`, and no `-` at either end"
    )]
    Port,
    #[error("must not be empty")]
    Empty,
    #[error("must have a DNS name before the `/`")]
    Prefix,
    #[error("must not have more than one `/`")]
    Slashes,
}

/// Checks an object's name by its kind's rule.
pub fn check(rule: NameRule, name: &str) -> Result<(), NameError> {
    match rule {
        NameRule::Subdomain => check_subdomain(name),
        NameRule::Label => check_label(name),
        NameRule::ServiceName => {
            within(name, 63)?;
            let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
            ok(starts && is_dns_label(name), NameError::ServiceName)
        }
    }
}

/// Checks a namespace's name.
pub fn check_label(name: &str) -> Result<(), NameError> {
    within(name, 63).and_then(|()| ok(is_dns_label(name), NameError::Label))
}

/// Checks a DNS name in lower case.
pub fn check_subdomain(name: &str) -> Result<(), NameError> {
    within(name, 253).and_then(|()| ok(is_subdomain(name), NameError::Subdomain))
}

/// Checks a port's name where a number could stand as well.
pub fn check_port(name: &str) -> Result<(), NameError> {
    within(name, LONGEST_PORT)?;
    let has_letter = name.bytes().any(|b| b.is_ascii_lowercase());
    ok(is_dns_label(name) && has_letter && !name.contains("--"), NameError::Port)
}

/// Checks the key of a label or annotation: `name` or `prefix/name`.
pub fn check_key(key: &str) -> Result<(), NameError> {
    let name = match key.split_once('/') {
        None => key,
        Some((_, name)) if name.contains('/') => return Err(NameError::Slashes),
        Some((prefix, name)) => {
            ok(is_subdomain(prefix) && prefix.len() <= 253, NameError::Prefix)?;
            name
        }
    };
    ok(!name.is_empty(), NameError::Empty)?;
    check_qualified(name)
}

/// Checks a label's value, which may be empty.
pub fn check_value(value: &str) -> Result<(), NameError> {
    if value.is_empty() { Ok(()) } else { check_qualified(value) }
}

/// Checks that annotations are not too large.
pub fn check_size<'a>(annotations: impl Iterator<Item = (&'a str, &'a str)>) -> Result<(), NameError> {
    let size: usize = annotations.map(|(key, value)| key.len() + value.len()).sum();
    ok(size <= MAX_ANNOTATIONS, NameError::TooLong(MAX_ANNOTATIONS))
}

fn check_qualified(text: &str) -> Result<(), NameError> {
    within(text, 63)?;
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    ok(bytes.iter().all(|&b| inner(b)) && ends(bytes.first()) && ends(bytes.last()), NameError::Qualified)
}

fn is_subdomain(name: &str) -> bool {
    name.as_bytes().split(|&b| b == b'.').all(is_label)
}

fn is_dns_label(label: &str) -> bool {
    is_label(label.as_bytes())
}

fn is_label(label: &[u8]) -> bool {
    let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    label.iter().all(|b| alphanumeric(b) || *b == b'-')
        && label.first().is_some_and(alphanumeric)
        && label.last().is_some_and(alphanumeric)
}

fn within(text: &str, most: usize) -> Result<(), NameError> {
    ok(text.len() <= most, NameError::TooLong(most))
}

fn ok(good: bool, error: NameError) -> Result<(), NameError> {
    if good { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_their_kind() {
        assert_eq!(check(NameRule::Subdomain, "a.b-c.0"), Ok(()));
        assert_eq!(check(NameRule::Subdomain, "a..b"), Err(NameError::Subdomain));
        assert_eq!(check(NameRule::Subdomain, "A"), Err(NameError::Subdomain));
        assert_eq!(check(NameRule::Subdomain, &"a".repeat(254)), Err(NameError::TooLong(253)));
        assert_eq!(check(NameRule::Label, "a.b"), Err(NameError::Label));
        assert_eq!(check(NameRule::Label, "0-a"), Ok(()));
        assert_eq!(check(NameRule::ServiceName, "0-a"), Err(NameError::ServiceName));
        assert_eq!(check(NameRule::ServiceName, "a-"), Err(NameError::ServiceName));
    }

    #[test]
    fn ports_have_short_names_with_a_letter() {
        assert_eq!(check_port("http-2"), Ok(()));
        assert_eq!(check_port("8080"), Err(NameError::Port));
        assert_eq!(check_port("a--b"), Err(NameError::Port));
        assert_eq!(check_port("Http"), Err(NameError::Port));
        assert_eq!(check_port("-a"), Err(NameError::Port));
        assert_eq!(check_port(&"a".repeat(16)), Err(NameError::TooLong(15)));
    }

    #[test]
    fn label_keys_and_values() {
        assert_eq!(check_key("app.kubernetes.io/Name_1"), Ok(()));
        assert_eq!(check_key("a/b/c"), Err(NameError::Slashes));
        assert_eq!(check_key("/b"), Err(NameError::Prefix));
        assert_eq!(check_key("a/"), Err(NameError::Empty));
        assert_eq!(check_key("-a"), Err(NameError::Qualified));
        assert_eq!(check_value(""), Ok(()));
        assert_eq!(check_value("a b"), Err(NameError::Qualified));
        assert_eq!(check_value(&"a".repeat(64)), Err(NameError::TooLong(63)));
    }
}
