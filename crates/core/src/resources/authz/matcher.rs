//! Envoy's matchers for the notation of values in an AuthorizationPolicy: `*` is presence, `*x` a suffix,
//! `x*` a prefix, anything else is exact.
//!
//! Source:
//! [AuthorizationPolicy](https://istio.io/latest/docs/reference/config/security/authorization-policy/).

use std::net::IpAddr;

use envoy::config::core::v3::CidrRange;
use envoy::config::route::v3::HeaderMatcher;
use envoy::config::route::v3::header_matcher::HeaderMatchSpecifier;
use envoy::r#type::matcher::v3::metadata_matcher::{PathSegment, path_segment::Segment};
use envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use envoy::r#type::matcher::v3::{
    ListMatcher, MetadataMatcher, OrMatcher, PathMatcher, RegexMatcher, StringMatcher, ValueMatcher,
    list_matcher, path_matcher, value_matcher,
};

use crate::rules::HeaderValueMatch;

/// A value in the notation of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pattern<'a> {
    /// `*`
    Present,
    /// `*x`; wins where both ends are stars.
    Suffix(&'a str),
    /// `x*`
    Prefix(&'a str),
    /// `x`
    Exact(&'a str),
}

impl<'a> Pattern<'a> {
    /// Reads a value.
    pub(crate) fn of(value: &'a str) -> Self {
        match (value, value.strip_prefix('*'), value.strip_suffix('*')) {
            ("*", ..) => Self::Present,
            (_, Some(suffix), _) => Self::Suffix(suffix),
            (_, None, Some(prefix)) => Self::Prefix(prefix),
            (exact, None, None) => Self::Exact(exact),
        }
    }
}

/// A string that fits the regular expression as a whole.
pub(super) fn regex(regex: impl Into<String>) -> StringMatcher {
    let regex = RegexMatcher { regex: regex.into(), ..RegexMatcher::default() };
    pattern(MatchPattern::SafeRegex(regex))
}

/// A string that begins so.
pub(super) fn prefix(prefix: impl Into<String>) -> StringMatcher {
    pattern(MatchPattern::Prefix(prefix.into()))
}

/// A string that ends so.
pub(super) fn suffix(suffix: impl Into<String>) -> StringMatcher {
    pattern(MatchPattern::Suffix(suffix.into()))
}

/// Exactly this string.
pub(super) fn exact(exact: impl Into<String>) -> StringMatcher {
    pattern(MatchPattern::Exact(exact.into()))
}

/// Any string that isn't empty: Envoy refuses an empty prefix or suffix.
pub(super) fn anything() -> StringMatcher {
    regex(".+")
}

fn pattern(pattern: MatchPattern) -> StringMatcher {
    StringMatcher { match_pattern: Some(pattern), ignore_case: false }
}

/// A string by a value of a policy.
pub(super) fn string(value: &str) -> StringMatcher {
    match Pattern::of(value) {
        Pattern::Present => anything(),
        Pattern::Suffix(s) => suffix(s),
        Pattern::Prefix(s) => prefix(s),
        Pattern::Exact(s) => exact(s),
    }
}

/// A request's path (without its query).
pub(super) fn path(value: &str) -> PathMatcher {
    PathMatcher { rule: Some(path_matcher::Rule::Path(string(value))) }
}

/// A header, its case mattering.
pub(super) fn header(name: &str, value: &str, style: HeaderValueMatch) -> HeaderMatcher {
    let specifier = match (Pattern::of(value), style) {
        (Pattern::Present, _) => HeaderMatchSpecifier::PresentMatch(true),
        (_, HeaderValueMatch::StringMatch) => HeaderMatchSpecifier::StringMatch(string(value)),
        (Pattern::Suffix(s), HeaderValueMatch::OwnFields) => HeaderMatchSpecifier::SuffixMatch(s.to_owned()),
        (Pattern::Prefix(s), HeaderValueMatch::OwnFields) => HeaderMatchSpecifier::PrefixMatch(s.to_owned()),
        (Pattern::Exact(s), HeaderValueMatch::OwnFields) => HeaderMatchSpecifier::ExactMatch(s.to_owned()),
    };
    header_matcher(name, specifier)
}

/// The request's host, in any case.
pub(super) fn host(value: &str) -> HeaderMatcher {
    let specifier = match Pattern::of(value) {
        Pattern::Present => HeaderMatchSpecifier::PresentMatch(true),
        _ => HeaderMatchSpecifier::StringMatch(StringMatcher { ignore_case: true, ..string(value) }),
    };
    header_matcher(":authority", specifier)
}

fn header_matcher(name: &str, specifier: HeaderMatchSpecifier) -> HeaderMatcher {
    HeaderMatcher {
        name: name.to_owned(),
        header_match_specifier: Some(specifier),
        ..HeaderMatcher::default()
    }
}

/// A value of dynamic metadata that is a string.
pub(super) fn string_value(string: StringMatcher) -> ValueMatcher {
    ValueMatcher { match_pattern: Some(value_matcher::MatchPattern::StringMatch(string)) }
}

/// A value of dynamic metadata that is a list with such an element.
pub(super) fn list_value(element: ValueMatcher) -> ValueMatcher {
    let list = ListMatcher { match_pattern: Some(list_matcher::MatchPattern::OneOf(Box::new(element))) };
    ValueMatcher { match_pattern: Some(value_matcher::MatchPattern::ListMatch(Box::new(list))) }
}

/// One of several values; a single one stands for itself.
pub(super) fn any_value(mut values: Vec<ValueMatcher>) -> ValueMatcher {
    match values.pop() {
        Some(only) if values.is_empty() => only,
        last => {
            values.extend(last);
            let or = OrMatcher { value_matchers: values };
            ValueMatcher { match_pattern: Some(value_matcher::MatchPattern::OrMatch(or)) }
        }
    }
}

/// Dynamic metadata of a filter, at a path.
pub(super) fn metadata<'a>(
    filter: &str,
    path: impl IntoIterator<Item = &'a str>,
    value: ValueMatcher,
) -> MetadataMatcher {
    let segment = |key: &str| PathSegment { segment: Some(Segment::Key(key.to_owned())) };
    MetadataMatcher {
        filter: filter.to_owned(),
        path: path.into_iter().map(segment).collect(),
        value: Some(value),
        invert: false,
    }
}

/// An address, which may have a zone, or a block of addresses. Bits after the prefix are kept as they were
/// written.
pub(super) fn cidr(text: &str, keeps_zone: bool) -> Option<CidrRange> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let (address, zone) = address.split_once('%').unwrap_or((address, ""));
    let address: IpAddr = address.parse().ok()?;
    let bits: u32 = match bits {
        Some(bits) => bits.parse().ok()?,
        None if address.is_ipv4() => 32,
        None => 128,
    };
    let mut address_prefix = address.to_string();
    if keeps_zone && !zone.is_empty() {
        address_prefix.extend(["%", zone]);
    }
    Some(CidrRange { address_prefix, prefix_len: Some(bits.into()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_at_the_ends_are_patterns() {
        assert_eq!(Pattern::of("*"), Pattern::Present);
        assert_eq!(Pattern::of("*/x*"), Pattern::Suffix("/x*"));
        assert_eq!(Pattern::of("/x*"), Pattern::Prefix("/x"));
        assert_eq!(Pattern::of("/x*y"), Pattern::Exact("/x*y"));
        assert_eq!(Pattern::of(""), Pattern::Exact(""));
    }

    #[test]
    fn a_string_that_must_be_present_has_a_character() {
        assert_eq!(string("*"), regex(".+"));
        assert_eq!(string("*.com"), suffix(".com"));
    }

    #[test]
    fn headers_are_written_as_the_release_does() {
        let specifier = |value, style| header("x", value, style).header_match_specifier.unwrap();
        assert_eq!(
            specifier("a*", HeaderValueMatch::OwnFields),
            HeaderMatchSpecifier::PrefixMatch("a".into())
        );
        assert_eq!(
            specifier("a*", HeaderValueMatch::StringMatch),
            HeaderMatchSpecifier::StringMatch(prefix("a"))
        );
        assert_eq!(specifier("*", HeaderValueMatch::StringMatch), HeaderMatchSpecifier::PresentMatch(true));
    }

    #[test]
    fn hosts_match_in_any_case() {
        let Some(HeaderMatchSpecifier::StringMatch(m)) = host("*.example.com").header_match_specifier else {
            panic!("not a string match")
        };
        assert!(m.ignore_case);
        assert_eq!(m.match_pattern, Some(MatchPattern::Suffix(".example.com".into())));
    }

    #[test]
    fn blocks_keep_their_host_bits() {
        let range = |text| cidr(text, false).map(|c| (c.address_prefix, c.prefix_len.unwrap().value));
        assert_eq!(range("10.1.2.3"), Some(("10.1.2.3".into(), 32)));
        assert_eq!(range("10.1.2.3/8"), Some(("10.1.2.3".into(), 8)));
        assert_eq!(range("2001:DB8::1/48"), Some(("2001:db8::1".into(), 48)));
        assert_eq!(range("example"), None);
    }
}
