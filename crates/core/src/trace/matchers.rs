//! Envoy's matchers of texts, headers, addresses and metadata.

use std::collections::BTreeMap;
use std::net::IpAddr;

use envoy::config::core::v3::CidrRange;
use envoy::config::route::v3::HeaderMatcher;
use envoy::config::route::v3::header_matcher::HeaderMatchSpecifier;
use envoy::r#type::matcher::v3::metadata_matcher::path_segment::Segment;
use envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use envoy::r#type::matcher::v3::value_matcher::MatchPattern as ValuePattern;
use envoy::r#type::matcher::v3::{
    MetadataMatcher, RegexMatcher, StringMatcher, ValueMatcher, double_matcher, list_matcher,
};
use ipnet::IpNet;
use regex::bytes::{Regex, RegexBuilder};
use serde_json::Value as Json;

use super::condition::{Condition, Fact, Truth};
use super::headers::{Headers, Value};

/// What filters have told each other, by filter.
pub(super) type Metadata = BTreeMap<String, Json>;

/// Whether a text fits.
pub(super) fn string(matcher: &StringMatcher, text: &str) -> Truth {
    let fold = |text: &str| if matcher.ignore_case { text.to_ascii_lowercase() } else { text.to_owned() };
    let found = fold(text);
    match &matcher.match_pattern {
        Some(MatchPattern::Exact(exact)) => (found == fold(exact)).into(),
        Some(MatchPattern::Prefix(prefix)) => found.starts_with(&fold(prefix)).into(),
        Some(MatchPattern::Suffix(suffix)) => found.ends_with(&fold(suffix)).into(),
        Some(MatchPattern::Contains(part)) => found.contains(&fold(part)).into(),
        // Its case always matters.
        Some(MatchPattern::SafeRegex(regex)) => whole(regex, text),
        Some(MatchPattern::Custom(_)) | None => Truth::Unknown,
    }
}

/// Whether a text as a whole fits a regular expression of RE2.
pub(super) fn whole(regex: &RegexMatcher, text: &str) -> Truth {
    match compiled(&format!(r"\A(?:{})\z", regex.regex), text) {
        Some(regex) => regex.is_match(text.as_bytes()).into(),
        None => Truth::Unknown,
    }
}

/// A regular expression of RE2, for a text; none where the two languages differ.
pub(super) fn compiled(regex: &str, text: &str) -> Option<Regex> {
    // In Rust the first are operators of character classes; the others mean more than ASCII there.
    let operators = ["&&", "--", "~~"];
    let classes = [r"\d", r"\D", r"\s", r"\S", r"\w", r"\W", r"\b", r"\B"];
    let has = |parts: &[&str]| parts.iter().any(|part| regex.contains(part));
    let unicode = !regex.is_ascii() || !text.is_ascii();
    if has(&operators) || unicode && has(&classes) {
        return None;
    }
    RegexBuilder::new(regex).unicode(unicode).build().ok()
}

/// What a matcher asks for, in words.
pub(super) fn wanted(matcher: &StringMatcher) -> String {
    match &matcher.match_pattern {
        Some(MatchPattern::Exact(exact)) => format!("`{exact}`"),
        Some(MatchPattern::Prefix(prefix)) => format!("`{prefix}*`"),
        Some(MatchPattern::Suffix(suffix)) => format!("`*{suffix}`"),
        Some(MatchPattern::Contains(part)) => format!("`*{part}*`"),
        Some(MatchPattern::SafeRegex(regex)) if regex.regex == ".+" => "anything".to_owned(),
        Some(MatchPattern::SafeRegex(regex)) => like(&regex.regex),
        Some(MatchPattern::Custom(_)) | None => "known to an extension".to_owned(),
    }
}

/// A regular expression in words; one that only leaves text open with stars, as policies write it.
fn like(regex: &str) -> String {
    let stars = regex.replace(".*", "*");
    let plain = stars.chars().all(|c| c.is_ascii_alphanumeric() || "*/:-_".contains(c));
    if plain { format!("`{stars}`") } else { format!("like `{regex}`") }
}

/// A text that is there or not.
pub(super) fn text(subject: impl Into<String>, matcher: &StringMatcher, found: Option<&str>) -> Condition {
    Condition::Fact(Fact {
        subject: subject.into(),
        truth: found.map_or(Truth::No, |found| string(matcher, found)),
        found: found.map(str::to_owned),
        wanted: wanted(matcher),
    })
}

/// Headers that Envoy sets by where a request comes from, whatever the client has sent.
const MADE_BY_PROXIES: [&str; 2] = ["x-envoy-internal", "x-envoy-external-address"];

/// A header, as Envoy's `HeaderMatcher` has it: of several values one has to fit, and inverted none. A matcher of values does not
/// fit a header that is not there, not even inverted.
pub(super) fn header(matcher: &HeaderMatcher, headers: &Headers) -> Condition {
    let subject = subject(&matcher.name);
    if MADE_BY_PROXIES.contains(&matcher.name.as_str()) {
        return Condition::unknown(subject);
    }
    let value = headers.get(&matcher.name);
    let found = value.as_ref().and_then(Value::known).map(str::to_owned);
    let present = match &matcher.header_match_specifier {
        None => Some(true),
        Some(HeaderMatchSpecifier::PresentMatch(present)) => Some(*present),
        Some(_) => None,
    };
    if let Some(present) = present {
        let fits = (value.is_some() == present) != matcher.invert_match;
        let should = if present == matcher.invert_match { "absent" } else { "there" };
        return Condition::Fact(Fact { subject, found, wanted: should.to_owned(), truth: fits.into() });
    }
    if value.is_none() && !matcher.treat_missing_header_as_empty {
        // Inverted or not.
        let wanted = header_wanted(matcher);
        return Condition::Fact(Fact { subject, found, wanted, truth: Truth::No });
    }
    if value == Some(Value::Unknown) {
        return Condition::unknown(subject);
    }
    let none = value.is_none().then_some("");
    let all = headers.all(&matcher.name).filter_map(Value::known).chain(none);
    let fits = Truth::any(all.map(|text| specifier(matcher, text)));
    let truth = if matcher.invert_match { fits.not() } else { fits };
    Condition::Fact(Fact { subject, found, wanted: header_wanted(matcher), truth })
}

/// What a header is called: policies have names of their own for some.
fn subject(name: &str) -> String {
    match name {
        ":method" => "method".to_owned(),
        ":path" => "path with query".to_owned(),
        ":authority" => "host".to_owned(),
        ":scheme" => "scheme".to_owned(),
        name => format!("header `{name}`"),
    }
}

fn specifier(matcher: &HeaderMatcher, text: &str) -> Truth {
    match &matcher.header_match_specifier {
        Some(HeaderMatchSpecifier::ExactMatch(exact)) => (text == exact).into(),
        Some(HeaderMatchSpecifier::PrefixMatch(prefix)) => text.starts_with(prefix.as_str()).into(),
        Some(HeaderMatchSpecifier::SuffixMatch(suffix)) => text.ends_with(suffix.as_str()).into(),
        Some(HeaderMatchSpecifier::ContainsMatch(part)) => text.contains(part.as_str()).into(),
        Some(HeaderMatchSpecifier::SafeRegexMatch(regex)) => whole(regex, text),
        Some(HeaderMatchSpecifier::StringMatch(matcher)) => string(matcher, text),
        Some(HeaderMatchSpecifier::RangeMatch(range)) => {
            text.parse::<i64>().is_ok_and(|number| (range.start..range.end).contains(&number)).into()
        }
        Some(HeaderMatchSpecifier::PresentMatch(_)) | None => Truth::Yes,
    }
}

fn header_wanted(matcher: &HeaderMatcher) -> String {
    let wanted = match &matcher.header_match_specifier {
        Some(HeaderMatchSpecifier::ExactMatch(exact)) => format!("`{exact}`"),
        Some(HeaderMatchSpecifier::PrefixMatch(prefix)) => format!("`{prefix}*`"),
        Some(HeaderMatchSpecifier::SuffixMatch(suffix)) => format!("`*{suffix}`"),
        Some(HeaderMatchSpecifier::ContainsMatch(part)) => format!("`*{part}*`"),
        Some(HeaderMatchSpecifier::SafeRegexMatch(regex)) => like(&regex.regex),
        Some(HeaderMatchSpecifier::StringMatch(matcher)) => self::wanted(matcher),
        Some(HeaderMatchSpecifier::RangeMatch(range)) => format!("from {} to {}", range.start, range.end - 1),
        Some(HeaderMatchSpecifier::PresentMatch(_)) | None => "there".to_owned(),
    };
    if matcher.invert_match { format!("other than {wanted}") } else { wanted }
}

/// An address in a block; `None` is an address that is not known.
pub(super) fn address(subject: &str, range: &CidrRange, found: Option<IpAddr>) -> Condition {
    let length = range.prefix_len.as_ref().map_or(0, |length| length.value);
    let block = block(&range.address_prefix, length);
    let (Some(found), Some(block)) = (found, block) else { return Condition::unknown(subject) };
    Condition::Fact(Fact {
        subject: subject.to_owned(),
        found: Some(found.to_string()),
        wanted: block.to_string(),
        truth: block.contains(&found).into(),
    })
}

/// A block of addresses.
pub(super) fn block(prefix: &str, length: u32) -> Option<IpNet> {
    let prefix: IpAddr = prefix.parse().ok()?;
    Some(IpNet::new(prefix, u8::try_from(length).ok()?).ok()?.trunc())
}

/// What a filter has told.
pub(super) fn metadata(matcher: &MetadataMatcher, metadata: &Metadata) -> Condition {
    let keys: Vec<&str> = matcher
        .path
        .iter()
        .filter_map(|segment| segment.segment.as_ref().map(|Segment::Key(key)| key.as_str()))
        .collect();
    let found = keys.iter().try_fold(metadata.get(&matcher.filter), |at, key| match at {
        Some(Json::Object(fields)) => Some(fields.get(*key)),
        _ => None,
    });
    let found = found.flatten();
    let Some(wanted) = &matcher.value else { return Condition::unknown(claim(&keys)) };
    let fits = value(wanted, found);
    Condition::Fact(Fact {
        subject: claim(&keys),
        found: found.map(|found| found.as_str().map_or_else(|| found.to_string(), str::to_owned)),
        wanted: value_wanted(wanted),
        truth: if matcher.invert { fits.not() } else { fits },
    })
}

/// What policies call a part of a token.
fn claim(keys: &[&str]) -> String {
    match keys {
        ["payload" | "request.auth.claims", claims @ ..] => format!("claim `{}`", claims.join(".")),
        other => format!("`{}`", other.join(".")),
    }
}

/// Whether a value fits; `None` is one that is not there.
pub(super) fn value(matcher: &ValueMatcher, found: Option<&Json>) -> Truth {
    match &matcher.match_pattern {
        Some(ValuePattern::StringMatch(text)) => match found {
            Some(Json::String(found)) => string(text, found),
            _ => Truth::No,
        },
        Some(ValuePattern::BoolMatch(wanted)) => (found == Some(&Json::Bool(*wanted))).into(),
        Some(ValuePattern::PresentMatch(wanted)) => (found.is_some() == *wanted).into(),
        Some(ValuePattern::NullMatch(_)) => (found == Some(&Json::Null)).into(),
        Some(ValuePattern::ListMatch(list)) => match (&list.match_pattern, found) {
            (Some(list_matcher::MatchPattern::OneOf(one)), Some(Json::Array(elements))) => {
                Truth::any(elements.iter().map(|element| value(one, Some(element))))
            }
            _ => Truth::No,
        },
        Some(ValuePattern::OrMatch(or)) => {
            Truth::any(or.value_matchers.iter().map(|matcher| value(matcher, found)))
        }
        Some(ValuePattern::DoubleMatch(double)) => {
            let found = found.and_then(Json::as_f64);
            match (&double.match_pattern, found) {
                (Some(double_matcher::MatchPattern::Exact(exact)), Some(found)) => {
                    ((found - exact).abs() == 0.0).into()
                }
                (Some(double_matcher::MatchPattern::Range(range)), Some(found)) => {
                    (range.start..range.end).contains(&found).into()
                }
                _ => Truth::No,
            }
        }
        None => Truth::Unknown,
    }
}

fn value_wanted(matcher: &ValueMatcher) -> String {
    match &matcher.match_pattern {
        Some(ValuePattern::StringMatch(text)) => wanted(text),
        Some(ValuePattern::BoolMatch(value)) => format!("`{value}`"),
        Some(ValuePattern::PresentMatch(_)) => "there".to_owned(),
        Some(ValuePattern::ListMatch(list)) => match &list.match_pattern {
            Some(list_matcher::MatchPattern::OneOf(one)) => value_wanted(one),
            None => "a list".to_owned(),
        },
        Some(ValuePattern::OrMatch(or)) => {
            let mut all: Vec<String> = or.value_matchers.iter().map(value_wanted).collect();
            all.dedup();
            all.join(" or ")
        }
        _ => "another value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&str, &str)]) -> Headers {
        let mut headers = Headers::default();
        all.iter().for_each(|(name, value)| headers.add(name, *value));
        headers
    }

    fn exact(text: &str) -> StringMatcher {
        StringMatcher { match_pattern: Some(MatchPattern::Exact(text.into())), ignore_case: false }
    }

    fn matcher(specifier: Option<HeaderMatchSpecifier>, invert: bool) -> HeaderMatcher {
        HeaderMatcher {
            name: "x".into(),
            header_match_specifier: specifier,
            invert_match: invert,
            ..HeaderMatcher::default()
        }
    }

    #[test]
    fn a_header_that_is_missing_fits_no_value_even_inverted() {
        let value = || Some(HeaderMatchSpecifier::StringMatch(exact("1")));
        let truth = |matcher: &HeaderMatcher, all: &[(&str, &str)]| header(matcher, &headers(all)).truth();
        assert_eq!(truth(&matcher(value(), false), &[]), Truth::No);
        assert_eq!(truth(&matcher(value(), true), &[]), Truth::No);
        let empty = HeaderMatcher { treat_missing_header_as_empty: true, ..matcher(value(), true) };
        assert_eq!(truth(&empty, &[]), Truth::Yes);
        assert_eq!(truth(&matcher(value(), true), &[("x", "2")]), Truth::Yes);
        // Of several values one has to fit, and inverted none.
        let several = [("x", "1"), ("x", "2")];
        assert_eq!(truth(&matcher(value(), false), &several), Truth::Yes);
        assert_eq!(truth(&matcher(value(), true), &several), Truth::No);
        let present = || Some(HeaderMatchSpecifier::PresentMatch(true));
        assert_eq!(truth(&matcher(present(), true), &[]), Truth::Yes);
        assert_eq!(truth(&matcher(None, false), &[("x", "")]), Truth::Yes);
    }

    #[test]
    fn regular_expressions_are_re2s() {
        let truth = |regex: &str, text: &str| {
            whole(&RegexMatcher { regex: regex.into(), ..RegexMatcher::default() }, text)
        };
        assert_eq!(truth("a|ab", "ab"), Truth::Yes);
        assert_eq!(truth("/item/[0-9]+", "/item/17/x"), Truth::No);
        assert_eq!(truth(r"\d", "٣"), Truth::Unknown);
        assert_eq!(truth(r"\d+", "17"), Truth::Yes);
        assert_eq!(truth(".", "é"), Truth::Yes);
        assert_eq!(truth("[a&&b]", "a"), Truth::Unknown);
        assert_eq!(truth("(", "a"), Truth::Unknown);
    }

    #[test]
    fn claims_are_texts_or_lists_with_them() {
        let list = ValueMatcher {
            match_pattern: Some(ValuePattern::ListMatch(Box::new(envoy::r#type::matcher::v3::ListMatcher {
                match_pattern: Some(list_matcher::MatchPattern::OneOf(Box::new(ValueMatcher {
                    match_pattern: Some(ValuePattern::StringMatch(exact("staff"))),
                }))),
            }))),
        };
        assert_eq!(value(&list, Some(&serde_json::json!(["guests", "staff"]))), Truth::Yes);
        assert_eq!(value(&list, Some(&serde_json::json!("staff"))), Truth::No);
        assert_eq!(value(&list, None), Truth::No);
    }

    #[test]
    fn regular_expressions_are_told_as_policies_write_them() {
        assert_eq!(like(".*/ns/web/.*"), "`*/ns/web/*`");
        assert_eq!(like("/item/[0-9]+"), "like `/item/[0-9]+`");
    }

    #[test]
    fn blocks_have_no_host_bits() {
        let block = block("10.1.2.3", 8).unwrap();
        assert!(block.contains(&"10.9.9.9".parse::<IpAddr>().unwrap()));
        assert!(self::block("10.0.0.0", 33).is_none());
    }
}
