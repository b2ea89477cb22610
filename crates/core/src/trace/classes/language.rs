//! What tests of texts ask, as regular languages.

use decisions::text::Pattern;

use super::attribute::Attribute;
use crate::trace::asked::RequestTest;
use crate::trace::matchers::{TextIs, TextTest};

/// What a test asks of a text as a whole; none for what files do not tell, or what the two dialects of
/// regular expressions read differently.
pub(super) fn of(test: &TextTest) -> Option<Pattern> {
    let literal = |text: &str, pattern: fn(&str) -> Pattern| {
        if test.ignore_case { Pattern::ignoring_ascii_case(text, pattern) } else { pattern(text) }
    };
    Some(match &test.is {
        TextIs::Exact(text) => literal(text, Pattern::exact),
        TextIs::Prefix(text) => literal(text, Pattern::prefix),
        TextIs::Suffix(text) => literal(text, Pattern::suffix),
        TextIs::Contains(text) => literal(text, Pattern::part),
        TextIs::Regex(regex) => Pattern::regex(&rust_regex(&regex.source)?),
        TextIs::Unknown => return None,
    })
}

/// The same, with what it is in words.
pub(super) fn named(test: &TextTest) -> Option<(Pattern, String)> {
    Some((of(test)?, test.wanted()))
}

/// What a test asks of the path, and what that is in words.
pub(super) fn of_path(test: &RequestTest) -> Option<(Pattern, String)> {
    match test {
        RequestTest::Path(test) => named(test),
        RequestTest::PathBelow { prefix, ignore_case } => {
            let below = |prefix: &str| Pattern::regex(&format!("{}(?:/(?s:.*))?", regex::escape(prefix)));
            let pattern =
                if *ignore_case { Pattern::ignoring_ascii_case(prefix, below) } else { below(prefix) };
            Some((pattern, format!("`{prefix}` or below")))
        }
        RequestTest::PathTemplate(template) => {
            let expression = template.expression()?;
            Some((Pattern::regex(expression), format!("like `{}`", template.source)))
        }
        _ => None,
    }
}

/// A token that is not taken, as a value of [`Attribute::Token`]; the other one is `taken`, which is also
/// that there is none.
pub(super) const REFUSED: &str = "refused";

/// Whether a token is one that is not taken, and what that is in words.
pub(super) fn refused() -> (Pattern, String) {
    (Pattern::exact(REFUSED), "one that is not accepted".to_owned())
}

/// The header that tells gRPC.
pub(super) fn content_type() -> Attribute {
    Attribute::Header("content-type".to_owned())
}

/// Content types that Envoy counts as gRPC.
pub(super) fn grpc() -> Pattern {
    Pattern::regex(r"application/grpc(?:\+(?s:.*))?")
}

/// A regular expression of RE2 as Rust's crate reads it; none where that is not sure.
///
/// RE2's classes `\d`, `\s`, `\w` and their like are of ASCII; in Rust's character classes `[`, `&&`, `--`
/// and `~~` mean something.
pub(super) fn rust_regex(re2: &str) -> Option<String> {
    let mut rust = String::with_capacity(re2.len());
    let mut characters = re2.chars().peekable();
    let mut in_class = false;
    let mut before = ' ';
    while let Some(c) = characters.next() {
        match c {
            '\\' => {
                let escaped = characters.next()?;
                match (class_of(escaped), escaped, in_class) {
                    (Some(class), ..) => rust.push_str(class),
                    (None, 'b' | 'B', false) => {
                        rust.extend(["(?-u:\\", if escaped == 'b' { "b" } else { "B" }, ")"])
                    }
                    // These Rust reads otherwise, or not at all.
                    (None, 'C' | 'Q' | 'E' | 'p' | 'P' | 'b' | 'B' | '0'..='9', _) => return None,
                    _ => rust.extend(['\\', escaped]),
                }
                before = ' ';
                continue;
            }
            '[' if in_class => {
                if characters.peek() != Some(&':') {
                    return None;
                }
                rust.push(c);
                // A named class goes on to its own bracket.
                loop {
                    let inside = characters.next()?;
                    rust.push(inside);
                    if inside == ']' {
                        break;
                    }
                }
            }
            '[' => {
                in_class = true;
                rust.push(c);
                if characters.peek() == Some(&'^') {
                    rust.extend(characters.next());
                }
                // A bracket in the first place is itself.
                if characters.peek() == Some(&']') {
                    characters.next();
                    rust.push_str("\\]");
                }
            }
            ']' => {
                in_class = false;
                rust.push(c);
            }
            '&' | '-' | '~' if in_class && before == c => return None,
            _ => rust.push(c),
        }
        before = c;
    }
    Some(rust)
}

/// RE2's classes of ASCII; they may stand in a character class, too.
fn class_of(escaped: char) -> Option<&'static str> {
    Some(match escaped {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => r"[\t\n\f\r ]",
        'S' => r"[^\t\n\f\r ]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_of_ascii() {
        assert_eq!(rust_regex(r"/\d+/[\w-]+").as_deref(), Some("/[0-9]+/[[0-9A-Za-z_]-]+"));
        assert_eq!(rust_regex(r"a\.b\\d").as_deref(), Some(r"a\.b\\d"));
        assert_eq!(rust_regex(r"\bx").as_deref(), Some(r"(?-u:\b)x"));
        assert_eq!(rust_regex("[[:alpha:]_]").as_deref(), Some("[[:alpha:]_]"));
        assert_eq!(rust_regex("[]a]").as_deref(), Some(r"[\]a]"));
    }

    #[test]
    fn what_is_read_otherwise_is_not_read() {
        for regex in ["[a[b]", "[a&&b]", "[a--b]", r"\C", r"\pN", r"[\b]", "\\"] {
            assert_eq!(rust_regex(regex), None, "{regex}");
        }
    }
}
