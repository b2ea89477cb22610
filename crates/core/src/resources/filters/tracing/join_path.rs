//! A host and a path as one URL, as Go's `url.JoinPath` makes it.

use crate::strings::hex_byte;

/// Joins them with one slash. Dots are resolved, even out of the host, and what a path cannot have is
/// escaped, a `?` too; of a path with a broken escape nothing is left.
pub(super) fn join_path(hostname: &str, path: &str) -> String {
    let mut segments = vec![hostname];
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => _ = segments.pop(),
            _ => segments.push(segment),
        }
    }
    let mut joined = segments.join("/");
    if path.ends_with('/') {
        joined.push('/');
    }
    escaped(&joined).unwrap_or_else(|| hostname.to_owned())
}

/// The path as it may stand in a URL: as it is if all of it may, else escaped anew.
fn escaped(path: &str) -> Option<String> {
    let bytes = unescaped(path)?;
    if path.bytes().all(|b| is_plain(b) || b"!'()*[]%".contains(&b)) {
        return Some(path.to_owned());
    }
    let escape = |b: u8| if is_plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
    Some(bytes.into_iter().map(escape).collect())
}

/// The bytes that stand for themselves.
fn is_plain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&b)
}

/// The bytes without escapes; none if an escape is broken.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut found = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        found.push(if byte == b'%' { hex_byte(&[bytes.next()?, bytes.next()?])? } else { byte });
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_with_one_slash() {
        assert_eq!(join_path("otel.svc", "v1/traces"), "otel.svc/v1/traces");
        assert_eq!(join_path("otel.svc", "/v1/traces"), "otel.svc/v1/traces");
        assert_eq!(join_path("otel.svc", "//v1//./traces/"), "otel.svc/v1/traces/");
        assert_eq!(join_path("otel.svc", ""), "otel.svc");
    }

    #[test]
    fn dots_are_resolved() {
        assert_eq!(join_path("otel.svc", "/a/../b"), "otel.svc/b");
        assert_eq!(join_path("otel.svc", "../b"), "b");
    }

    #[test]
    fn what_a_path_cannot_have_is_escaped() {
        assert_eq!(join_path("otel.svc", "/a?key=x"), "otel.svc/a%3Fkey=x");
        assert_eq!(join_path("otel.svc", "/a b%41(c)"), "otel.svc/a%20bA%28c%29");
        assert_eq!(join_path("otel.svc", "/%41(c)"), "otel.svc/%41(c)");
        assert_eq!(join_path("otel.svc", "/100%"), "otel.svc");
    }
}
