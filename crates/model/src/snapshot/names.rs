//! What the API server accepts as names, label keys and label values.
//!
//! The rules are those of Kubernetes' "Object Names and IDs" and "Labels and Selectors" pages.

use crate::kind::NameRule;

/// Most bytes of an object's annotations, keys and values together.
const MAX_ANNOTATIONS: usize = 256 << 10;

/// Why a name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NameError {
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
    #[error("must not be empty")]
    Empty,
    #[error("must have a DNS name before the `/`")]
    Prefix,
    #[error("must not have more than one `/`")]
    Slashes,
}

/// Checks an object's name by its kind's rule.
pub(super) fn check(rule: NameRule, name: &str) -> Result<(), NameError> {
    match rule {
        NameRule::Subdomain => within(name, 253).and_then(|()| ok(is_subdomain(name), NameError::Subdomain)),
        NameRule::Label => check_label(name),
        NameRule::ServiceName => {
            within(name, 63)?;
            let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
            ok(starts && is_dns_label(name), NameError::ServiceName)
        }
    }
}

/// Checks a namespace's name.
pub(super) fn check_label(name: &str) -> Result<(), NameError> {
    within(name, 63).and_then(|()| ok(is_dns_label(name), NameError::Label))
}

/// Checks the key of a label or annotation: `name` or `prefix/name`.
pub(super) fn check_key(key: &str) -> Result<(), NameError> {
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
pub(super) fn check_value(value: &str) -> Result<(), NameError> {
    if value.is_empty() { Ok(()) } else { check_qualified(value) }
}

/// Checks that annotations are not too large.
pub(super) fn check_size<'a>(annotations: impl Iterator<Item = (&'a str, &'a str)>) -> Result<(), NameError> {
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
    name.split('.').all(is_dns_label)
}

fn is_dns_label(label: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = |b: Option<&u8>| b.is_some_and(|&b| alphanumeric(b));
    let bytes = label.as_bytes();
    bytes.iter().all(|&b| alphanumeric(b) || b == b'-') && ends(bytes.first()) && ends(bytes.last())
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
