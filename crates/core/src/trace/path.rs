//! How a connection manager normalizes paths, before anything looks at them.
//!
//! Source: Envoy's
//! [`normalize_path`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto).

use std::borrow::Cow;

use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::PathWithEscapedSlashesAction as Slashes;

use super::headers::escaped;
use super::texts::Texts;

/// How paths are normalized.
#[derive(Clone, Copy, Debug)]
pub(super) struct Normalization {
    /// RFC 3986.
    normalizes: bool,
    merges_slashes: bool,
    slashes: Slashes,
}

/// What becomes of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Normalized<'a> {
    /// It stays as it is.
    Same,
    /// This.
    Path(Cow<'a, str>),
    /// The request is refused with 400.
    Refused(&'static str),
    /// It is redirected to the path with slashes.
    Redirected(Cow<'a, str>),
    /// It has characters of which it is not known what becomes of them.
    Unknown,
}

impl Normalization {
    pub(super) fn of(manager: &HttpConnectionManager) -> Self {
        Self {
            normalizes: manager.normalize_path.as_ref().is_some_and(|normalize| normalize.value),
            merges_slashes: manager.merge_slashes,
            slashes: manager.path_with_escaped_slashes_action(),
        }
    }

    /// The path that filters and routes see.
    pub(super) fn normalized<'a>(self, path: &str, texts: &mut Texts<'a>) -> Normalized<'a> {
        if path.contains('#') {
            return Normalized::Refused("the path has a fragment");
        }
        let (mut bare, query) = match path.find('?') {
            Some(at) => path.split_at(at),
            None => (path, ""),
        };
        if is_plain(bare) {
            return Normalized::Same;
        }
        let unescaped;
        let action = self.slashes;
        if action != Slashes::KeepUnchanged && action != Slashes::ImplementationSpecificDefault {
            unescaped = texts.write(|out| unescape_slashes(bare, out));
            if unescaped != bare {
                match action {
                    Slashes::RejectRequest => return Normalized::Refused("the path has escaped slashes"),
                    Slashes::UnescapeAndRedirect => {
                        return Normalized::Redirected(texts.concat(&[&unescaped, query]));
                    }
                    _ => {}
                }
            }
            bare = &unescaped;
        }
        let (decoded, canonical);
        if self.normalizes {
            let mut is_known = false;
            decoded = texts.write(|out| is_known = decode(bare, out));
            if !is_known {
                return Normalized::Unknown;
            }
            canonical = texts.write(|out| resolve_dots(&decoded, out));
            bare = &canonical;
        }
        let changed = texts.write(|out| {
            if self.merges_slashes {
                merge_slashes(bare, out)
            } else {
                out.push_str(bare)
            }
            out.push_str(query);
        });
        if changed == path { Normalized::Same } else { Normalized::Path(changed) }
    }
}

/// Whether nothing in a path is changed by any normalization.
fn is_plain(bare: &str) -> bool {
    let legal = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_~!$&'()*+,;=:@.".contains(byte);
    bare.starts_with('/')
        && bare.as_bytes().iter().all(legal)
        && !bare.as_bytes().windows(2).any(|pair| pair == b"//" || pair == b"/.")
}

fn unescape_slashes(path: &str, out: &mut String) {
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let slash = match after.get(..2) {
            Some("2F" | "2f") => Some('/'),
            Some("5C" | "5c") => Some('\\'),
            _ => None,
        };
        out.push(slash.unwrap_or('%'));
        rest = if slash.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    out.push_str(rest);
}

/// RFC 3986: what need not be escaped unescaped, backslashes turned. False with characters that would have to be escaped.
fn decode(path: &str, out: &mut String) -> bool {
    let mut rest = path;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '%' => {
                let Some(byte) = after.as_bytes().first_chunk::<2>().and_then(escaped) else { return false };
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    out.push(char::from(byte));
                } else {
                    out.push_str(rest.get(..3).unwrap_or_default());
                }
                rest = after.get(2..).unwrap_or_default();
                continue;
            }
            '\\' => out.push('/'),
            '"' | '<' | '>' | '^' | '`' | '{' | '|' | '}' => return false,
            c if c.is_ascii_graphic() => out.push(c),
            _ => return false,
        }
        rest = after;
    }
    out.starts_with('/')
}

/// RFC 3986: dots resolved.
fn resolve_dots(path: &str, out: &mut String) {
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            ".." => out.truncate(out.rfind('/').unwrap_or(0)),
            "." => {}
            other => {
                out.push('/');
                out.push_str(other);
                continue;
            }
        }
        if segments.peek().is_none() {
            out.push('/');
        }
    }
}

fn merge_slashes(path: &str, out: &mut String) {
    if !path.contains("//") {
        return out.push_str(path);
    }
    if path.starts_with('/') {
        out.push('/');
    }
    for (position, segment) in path.split('/').filter(|segment| !segment.is_empty()).enumerate() {
        if position > 0 {
            out.push('/');
        }
        out.push_str(segment);
    }
    if path.ends_with('/') {
        out.push('/');
    }
}

#[cfg(test)]
mod tests {
    use super::super::texts::Scratch;
    use super::*;

    #[test]
    fn dots_are_resolved_and_escapes_undone() {
        let canonical = |path: &str| {
            let (mut decoded, mut resolved) = (String::new(), String::new());
            decode(path, &mut decoded).then(|| {
                resolve_dots(&decoded, &mut resolved);
                resolved
            })
        };
        let path = |path: &str| canonical(path).unwrap();
        assert_eq!(path("/a/../b"), "/b");
        assert_eq!(path("/a/./b/"), "/a/b/");
        assert_eq!(path("/a/.."), "/");
        assert_eq!(path("/../../a"), "/a");
        assert_eq!(path("/a/%2e%2E/b"), "/b");
        assert_eq!(path("/%61%2f%7Eb"), "/a%2f~b");
        assert_eq!(path("/a\\b"), "/a/b");
        assert_eq!(path("/a//../b"), "/a/b");
        assert_eq!(path("/a//b"), "/a//b");
        assert_eq!(canonical("/a b"), None);
        assert_eq!(canonical("/a%2"), None);
        assert_eq!(canonical("*"), None);
    }

    #[test]
    fn slashes_are_merged_where_that_is_asked_for() {
        let normalized = |manager: &HttpConnectionManager, path: &str| {
            let mut scratch = Scratch::default();
            match Normalization::of(manager).normalized(path, &mut scratch.texts()) {
                Normalized::Path(path) => path.into_owned(),
                other => format!("{other:?}"),
            }
        };
        let manager = HttpConnectionManager {
            normalize_path: Some(true.into()),
            merge_slashes: true,
            path_with_escaped_slashes_action: Slashes::UnescapeAndForward.into(),
            ..HttpConnectionManager::default()
        };
        assert_eq!(normalized(&manager, "/a%2F%2f../b?c=//"), "/a/b?c=//");
        assert_eq!(normalized(&manager, "//a///b//"), "/a/b/");
        assert_eq!(normalized(&manager, "/a/b?c=//"), "Same");
        let plain = HttpConnectionManager::default();
        assert_eq!(normalized(&plain, "/a/../b"), "Same");
        assert_eq!(normalized(&plain, "/a#b"), "Refused(\"the path has a fragment\")");
    }
}
