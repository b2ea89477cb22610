//! How a connection manager normalizes paths, before anything looks at them.
//!
//! Source: Envoy's
//! [`normalize_path`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto).

use std::borrow::Cow;
use std::fmt::Write as _;

use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::PathWithEscapedSlashesAction as Slashes;

use super::texts::Texts;
use crate::strings::hex_byte;

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
        // Istio's bootstrap has Envoy cut fragments off.
        let whole = path.split('#').next().unwrap_or(path);
        let (mut bare, query) = match whole.find('?') {
            Some(at) => whole.split_at(at),
            None => (whole, ""),
        };
        if is_plain(bare) {
            let is_same = whole.len() == path.len();
            return if is_same { Normalized::Same } else { Normalized::Path(texts.concat(&[whole])) };
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
        let canonical;
        if self.normalizes {
            let mut has_zero = false;
            canonical = texts.write(|out| has_zero = !self::canonical(bare, out));
            if has_zero {
                return Normalized::Refused("the path has an escaped zero");
            }
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

/// RFC 3986: dots resolved, what need not be escaped unescaped and the other way round, backslashes turned.
/// False with an escaped zero.
fn canonical(path: &str, out: &mut String) -> bool {
    let path = path.strip_prefix(['/', '\\']).unwrap_or(path);
    let mut ends_in_dots = false;
    for segment in path.split(['/', '\\']) {
        let start = out.len();
        out.push('/');
        if !decode(segment, out) {
            return false;
        }
        // What follows dots behind a semicolon goes with them, unless they are escaped.
        let dots = if segment.starts_with("..;") || segment.starts_with(".;") {
            segment.split(';').next()
        } else {
            out.get(start + 1..)
        };
        let levels = match dots {
            Some(".") => 1,
            Some("..") => 2,
            _ => 0,
        };
        ends_in_dots = levels > 0;
        if ends_in_dots {
            out.truncate(start);
        }
        if levels == 2 {
            out.truncate(out.rfind('/').unwrap_or(0));
        }
    }
    if ends_in_dots {
        out.push('/');
    }
    true
}

/// Adds a segment; false with an escaped zero.
fn decode(segment: &str, out: &mut String) -> bool {
    let mut rest = segment;
    // Where the last percent sign is that begins nothing.
    let mut percent = None;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '%' => match rest.as_bytes().first_chunk::<2>().and_then(hex_byte) {
                Some(0) => return false,
                Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                    out.push(char::from(byte));
                    rest = rest.get(2..).unwrap_or_default();
                    if let Some(at) = percent {
                        keep_apart(out, at, rest);
                    }
                }
                // As it is written.
                Some(_) => out.push('%'),
                None => {
                    percent = Some(out.len());
                    out.push('%');
                }
            },
            '"' | '<' | '>' | '^' | '`' | '{' | '|' | '}' => escape(c, out),
            c if c.is_ascii_graphic() => out.push(c),
            c => escape(c, out),
        }
    }
    true
}

/// A percent sign that would begin an escape now that what follows is unescaped becomes one itself.
fn keep_apart(decoded: &mut String, percent: usize, rest: &str) {
    let behind = decoded.as_bytes().get(percent + 1..).unwrap_or_default();
    let mut digits = behind.iter().chain(rest.as_bytes()).copied();
    let pair = (digits.next(), digits.next());
    let begins = matches!(pair, (Some(high), Some(low)) if hex_byte(&[high, low]).is_some());
    if behind.len() <= 2 && begins {
        decoded.insert_str(percent + 1, "25");
    }
}

fn escape(c: char, to: &mut String) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        // Writing to a string does not fail.
        let _ = write!(to, "%{byte:02X}");
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
            let mut out = String::new();
            canonical(path, &mut out).then_some(out)
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
        assert_eq!(path("/a b\"%2"), "/a%20b%22%2");
        assert_eq!(path("/%%32fa"), "/%252fa");
        assert_eq!(path("/%%30%30"), "/%2500");
        assert_eq!(path("/%z%41"), "/%zA");
        assert_eq!(path("/a/..;x/b"), "/b");
        assert_eq!(path("/a/.;"), "/a/");
        assert_eq!(path("/a/%2e%2e;/b"), "/a/..;/b");
        assert_eq!(path("/a/..//b"), "//b");
        assert_eq!(canonical("/a%00"), None);
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
        assert_eq!(normalized(&plain, "/a#b?c"), "/a");
    }
}
