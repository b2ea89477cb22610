//! How a connection manager normalizes paths, before anything looks at them.
//!
//! Source: Envoy's
//! [`normalize_path`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto).

use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::PathWithEscapedSlashesAction as Slashes;

use super::headers::escaped;

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
pub(super) enum Normalized {
    /// It stays as it is.
    Same,
    /// This.
    Path(String),
    /// The request is refused with 400.
    Refused(&'static str),
    /// It is redirected to the path with slashes.
    Redirected(String),
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
    pub(super) fn normalized(self, path: &str) -> Normalized {
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
            unescaped = unescape_slashes(bare);
            if unescaped != bare {
                match action {
                    Slashes::RejectRequest => return Normalized::Refused("the path has escaped slashes"),
                    Slashes::UnescapeAndRedirect => return Normalized::Redirected(unescaped + query),
                    _ => {}
                }
            }
            bare = &unescaped;
        }
        let mut changed = bare.to_owned();
        if self.normalizes {
            match canonical(&changed) {
                Some(canonical) => changed = canonical,
                None => return Normalized::Unknown,
            }
        }
        if self.merges_slashes {
            changed = merge_slashes(&changed);
        }
        changed.push_str(query);
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

fn unescape_slashes(path: &str) -> String {
    path.replace("%2F", "/").replace("%2f", "/").replace("%5C", "\\").replace("%5c", "\\")
}

/// RFC 3986: dots resolved, what need not be escaped unescaped, backslashes turned. None with characters that would have to
/// be escaped.
fn canonical(path: &str) -> Option<String> {
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '%' => {
                let byte = after.as_bytes().first_chunk::<2>().and_then(escaped)?;
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    decoded.push(char::from(byte));
                } else {
                    decoded.push_str(rest.get(..3).unwrap_or_default());
                }
                rest = after.get(2..).unwrap_or_default();
                continue;
            }
            '\\' => decoded.push('/'),
            '"' | '<' | '>' | '^' | '`' | '{' | '|' | '}' => return None,
            c if c.is_ascii_graphic() => decoded.push(c),
            _ => return None,
        }
        rest = after;
    }
    if !decoded.starts_with('/') {
        return None;
    }
    let segments: Vec<&str> = decoded.split('/').skip(1).collect();
    let mut kept: Vec<&str> = Vec::new();
    for (position, segment) in segments.iter().enumerate() {
        let is_last = position + 1 == segments.len();
        match *segment {
            ".." => {
                kept.pop();
            }
            "." => {}
            other => {
                kept.push(other);
                continue;
            }
        }
        if is_last {
            kept.push("");
        }
    }
    Some(format!("/{}", kept.join("/")))
}

fn merge_slashes(path: &str) -> String {
    if !path.contains("//") {
        return path.to_owned();
    }
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let start = if path.starts_with('/') { "/" } else { "" };
    let end = if path.ends_with('/') { "/" } else { "" };
    [start, &segments.join("/"), end].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_resolved_and_escapes_undone() {
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
        assert_eq!(merge_slashes("//a///b//"), "/a/b/");
        let normalized =
            |manager: &HttpConnectionManager, path: &str| Normalization::of(manager).normalized(path);
        let manager = HttpConnectionManager {
            normalize_path: Some(true.into()),
            merge_slashes: true,
            path_with_escaped_slashes_action: Slashes::UnescapeAndForward.into(),
            ..HttpConnectionManager::default()
        };
        assert_eq!(normalized(&manager, "/a%2F%2f../b?c=//"), Normalized::Path("/a/b?c=//".to_owned()));
        let plain = HttpConnectionManager::default();
        assert_eq!(normalized(&plain, "/a/../b"), Normalized::Same);
        assert_eq!(normalized(&manager, "/a/b?c=//"), Normalized::Same);
        assert_eq!(normalized(&plain, "/a#b"), Normalized::Refused("the path has a fragment"));
    }
}
