//! Regular expressions of RE2, ready to be asked.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

use super::condition::Truth;
use crate::re2;

/// A regular expression that a text as a whole has to fit. It is compiled when the first text needs that.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) source: String,
    form: Form,
    compiled: Expression,
}

/// What is known of an expression without running it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// Texts with anything between them: `a.*b`. The first is the start, the last the end.
    Pieces(Vec<String>),
    /// At least one character: `.+`.
    Something,
    /// Anything else; every text that fits starts with this.
    Other(String),
}

impl Pattern {
    /// A regular expression.
    pub(super) fn new(source: &str) -> Self {
        let form = match pieces(source) {
            Some(pieces) => Form::Pieces(pieces),
            None if source == ".+" => Form::Something,
            None => Form::Other(start(source)),
        };
        let whole = re2::as_rust(source).map(|expression| format!(r"\A(?:{expression})\z"));
        Self { source: source.to_owned(), form, compiled: Expression::new(whole) }
    }

    /// The expression as Rust reads it; none where Rust cannot.
    pub(super) fn as_rust(&self) -> Option<String> {
        re2::as_rust(&self.source)
    }

    /// Whether a text as a whole fits.
    pub(super) fn fits(&self, text: &str) -> Truth {
        // `.` is no line feed.
        let is_line = || !text.contains('\n');
        match &self.form {
            Form::Pieces(pieces) if is_line() => return in_order(pieces, text).into(),
            Form::Something if is_line() => return (!text.is_empty()).into(),
            Form::Other(start) if !text.starts_with(start.as_str()) && self.compiled.is_readable(text) => {
                return Truth::No;
            }
            _ => {}
        }
        self.compiled.of(text).map_or(Truth::Unknown, |regex| regex.is_match(text.as_bytes()).into())
    }
}

/// A regular expression of RE2 as Rust reads it.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    /// None for what Rust cannot read.
    source: Option<String>,
    /// For texts of ASCII, where the expression is, too.
    ascii: OnceLock<Option<Regex>>,
    unicode: OnceLock<Option<Regex>>,
}

impl Expression {
    /// What [`re2::as_rust`] gives.
    pub(super) fn new(source: Option<String>) -> Self {
        Self { source, ascii: OnceLock::new(), unicode: OnceLock::new() }
    }

    /// The expression for a text; none where Rust cannot read it.
    pub(super) fn of(&self, text: &str) -> Option<&Regex> {
        let source = self.source.as_deref()?;
        let unicode = !source.is_ascii() || !text.is_ascii();
        let cell = if unicode { &self.unicode } else { &self.ascii };
        // Classes of Unicode are of no use for bytes.
        let compile = |unicode| RegexBuilder::new(source).unicode(unicode).build();
        cell.get_or_init(|| compile(unicode).or_else(|_| compile(true)).ok()).as_ref()
    }

    /// Whether the expression can be asked of a text.
    fn is_readable(&self, text: &str) -> bool {
        self.of(text).is_some()
    }
}

/// What means more than itself in an expression.
const META: &str = r"\.+*?()|[]{}^$";

/// The next character of an expression, where it stands for itself, and what is behind it.
fn literal(rest: &str) -> Option<(char, &str)> {
    let mut chars = rest.chars();
    match chars.next()? {
        '\\' => chars.next().filter(char::is_ascii_punctuation),
        plain => Some(plain).filter(|c| !META.contains(*c)),
    }
    .map(|c| (c, chars.as_str()))
}

/// The texts of an expression that leaves anything open between them, and says nothing else.
fn pieces(source: &str) -> Option<Vec<String>> {
    let (mut pieces, mut piece, mut rest) = (Vec::new(), String::new(), source);
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix(".*") {
            pieces.push(std::mem::take(&mut piece));
            rest = behind;
        } else {
            let (c, behind) = literal(rest)?;
            piece.push(c);
            rest = behind;
        }
        if rest.starts_with(['+', '*', '?', '{']) {
            return None;
        }
    }
    pieces.push(piece);
    Some(pieces)
}

/// Whether pieces stand in a text in their order, the first at its start and the last at its end.
fn in_order(pieces: &[String], text: &str) -> bool {
    let [first, between @ .., last] = pieces else {
        return pieces.first().is_some_and(|only| only == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()))
    else {
        return false;
    };
    for piece in between {
        let Some((_, behind)) = rest.split_once(piece.as_str()) else { return false };
        rest = behind;
    }
    true
}

/// What every text starts with that fits an expression.
fn start(source: &str) -> String {
    let mut start = String::new();
    let mut rest = source;
    if source.contains('|') {
        return start;
    }
    while let Some((c, behind)) = literal(rest) {
        // It may be left out.
        if behind.starts_with(['*', '?', '{']) {
            break;
        }
        start.push(c);
        rest = behind;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(regex: &str, text: &str) -> Truth {
        Pattern::new(regex).fits(text)
    }

    #[test]
    fn regular_expressions_are_re2s() {
        assert_eq!(fits("a|ab", "ab"), Truth::Yes);
        assert_eq!(fits("/item/[0-9]+", "/item/17/x"), Truth::No);
        assert_eq!(fits(r"\d", "٣"), Truth::No);
        assert_eq!(fits(r"\s", "\u{b}"), Truth::No);
        assert_eq!(fits(r"\d+", "17"), Truth::Yes);
        assert_eq!(fits(".", "é"), Truth::Yes);
        assert_eq!(fits("[a&&b]", "&"), Truth::Yes);
        assert_eq!(fits(r"\Qa.b\E", "a.b"), Truth::Yes);
        assert_eq!(fits(r"\Qa.b", "a.b"), Truth::Yes);
        assert_eq!(fits(r"é\b.", "éa"), Truth::Yes);
        assert_eq!(fits(r"\<a", "<a"), Truth::Yes);
        assert_eq!(fits(r"\p{Greek}|b", "b"), Truth::Yes);
        assert_eq!(fits(r"\C", "a"), Truth::Unknown);
        assert_eq!(fits("(", "a"), Truth::Unknown);
        assert_eq!(fits("a(", "b"), Truth::Unknown);
    }

    #[test]
    fn shortcuts_come_to_what_the_expression_comes_to() {
        let expressions = [
            ".*/ns/web/.*",
            "a.*b",
            "ab*",
            "ab?c",
            "a.*.*b",
            "a\\.b",
            "",
            ".*",
            ".+",
            "a{0}b",
            "abab.*ab",
            "a+b",
        ];
        let texts = [
            "",
            "a",
            "b",
            "ab",
            "abab",
            "ababab",
            "a.b",
            "axb",
            "abc",
            "/ns/web/",
            "x/ns/web/y",
            "a\nb",
            "aab",
        ];
        for regex in expressions {
            let whole = Regex::new(&format!(r"\A(?:{regex})\z")).unwrap();
            for text in texts {
                let expected = Truth::from(whole.is_match(text.as_bytes()));
                assert_eq!(fits(regex, text), expected, "{regex} {text:?}");
            }
        }
        assert!(matches!(Pattern::new("a.*b").form, Form::Pieces(_)));
        assert_eq!(Pattern::new("/item/[0-9]+").form, Form::Other("/item/".to_owned()));
    }
}
