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
        TextIs::Regex(regex) => Pattern::regex(&regex.as_rust()?),
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
