//! Envoy's templates of paths: `*` is a segment, `**` any number of them.
//!
//! Source:
//! [`UriTemplateMatchConfig`](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/path/match/uri_template/v3/uri_template_match.proto).

use std::fmt::Write as _;

use regex::Regex;

use super::condition::{Fact, Truth};
use crate::re2;

/// The characters that a segment may have, beyond letters and digits.
const OTHERS: &str = r"\-._~%!$&'()*+,;=:@";

/// A template, ready.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) source: String,
    /// None for what Envoy would refuse.
    regex: Option<Regex>,
}

impl Template {
    /// A template. What stands in braces is a variable.
    pub(super) fn new(source: String) -> Self {
        let regex = expression(&source).and_then(|regex| Regex::new(&regex).ok());
        Self { source, regex }
    }

    /// Whether a path fits.
    pub(super) fn fits(&self, path: &str) -> Truth {
        self.regex.as_ref().map_or(Truth::Unknown, |regex| regex.is_match(path).into())
    }

    /// The template as a regular expression; none for what Envoy would refuse.
    pub(super) fn expression(&self) -> Option<&str> {
        self.regex.as_ref().map(Regex::as_str)
    }

    /// The template in words.
    pub(super) fn fact(&self, path: Option<&str>) -> Fact {
        Fact {
            subject: "path".to_owned(),
            found: path.map(str::to_owned),
            wanted: format!("like `{}`", self.source),
        }
    }
}

/// The template as a regular expression; none for what Envoy would refuse.
fn expression(template: &str) -> Option<String> {
    if template.contains(['{', '}', '=']) {
        return None;
    }
    let mut regex = String::from(r"\A");
    let parts: Vec<&str> = template.strip_prefix('/')?.split('/').collect();
    for (position, part) in parts.iter().enumerate() {
        let (glob, literal) = match (part.strip_prefix("**"), part.strip_prefix('*')) {
            (Some(rest), _) => (format!("[a-zA-Z0-9{OTHERS}/]*"), rest),
            (None, Some(rest)) => (format!("[a-zA-Z0-9{OTHERS}]+"), rest),
            (None, None) => (String::new(), *part),
        };
        // Text may follow a star at the end only.
        let is_inside = position + 1 < parts.len();
        if literal.contains('*') || is_inside && !glob.is_empty() && !literal.is_empty() {
            return None;
        }
        // Writing to a string does not fail.
        let _ = write!(regex, "/{glob}{}", re2::quote_meta(literal));
    }
    regex.push_str(r"\z");
    Some(regex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_segments() {
        let fits = |template: &str, path: &str| Template::new(template.to_owned()).fits(path);
        assert_eq!(fits("/items/*", "/items/1"), Truth::Yes);
        assert_eq!(fits("/items/*", "/items/1/2"), Truth::No);
        assert_eq!(fits("/items/*", "/items/"), Truth::No);
        assert_eq!(fits("/items/**", "/items/1/2"), Truth::Yes);
        assert_eq!(fits("/*/b", "/a/b"), Truth::Yes);
        assert_eq!(fits("/items/*.jpg", "/items/a.jpg"), Truth::Yes);
        assert_eq!(fits("/items/**", "/items/a=b"), Truth::Yes);
        assert_eq!(fits("/items/**", "/items/a[b"), Truth::No);
        assert_eq!(fits("/items/{id}", "/items/1"), Truth::Unknown);
    }
}
