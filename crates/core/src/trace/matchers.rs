//! Envoy's matchers of texts, headers and addresses, as data.

use std::net::IpAddr;

use envoy::config::core::v3::CidrRange;
use envoy::config::route::v3::HeaderMatcher;
use envoy::config::route::v3::header_matcher::HeaderMatchSpecifier;
use envoy::r#type::matcher::v3::StringMatcher;
use envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use ipnet::IpNet;

use super::condition::{Fact, Truth};
use super::headers::{HeaderValues, Headers, Value};
use super::pattern::Pattern;

/// What a text has to be.
#[derive(Clone, Debug)]
pub(super) struct TextTest {
    pub(super) is: TextIs,
    /// Whether upper and lower case of ASCII are the same. Never for a regular expression.
    pub(super) ignore_case: bool,
}

/// How a text is compared.
#[derive(Clone, Debug)]
pub(super) enum TextIs {
    Exact(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    Regex(Pattern),
    /// As an extension says.
    Unknown,
}

impl From<&StringMatcher> for TextTest {
    fn from(matcher: &StringMatcher) -> Self {
        let is = match &matcher.match_pattern {
            Some(MatchPattern::Exact(exact)) => TextIs::Exact(exact.clone()),
            Some(MatchPattern::Prefix(prefix)) => TextIs::Prefix(prefix.clone()),
            Some(MatchPattern::Suffix(suffix)) => TextIs::Suffix(suffix.clone()),
            Some(MatchPattern::Contains(part)) => TextIs::Contains(part.clone()),
            Some(MatchPattern::SafeRegex(regex)) => TextIs::Regex(Pattern::new(&regex.regex)),
            Some(MatchPattern::Custom(_)) | None => TextIs::Unknown,
        };
        Self { is, ignore_case: matcher.ignore_case }
    }
}

impl TextTest {
    /// A test in which case matters.
    pub(super) fn new(is: TextIs) -> Self {
        Self { is, ignore_case: false }
    }

    /// Whether a text fits.
    pub(super) fn truth(&self, text: &str) -> Truth {
        let same = |part: Option<&[u8]>, wanted: &str| {
            part.is_some_and(|part| {
                if self.ignore_case {
                    part.eq_ignore_ascii_case(wanted.as_bytes())
                } else {
                    part == wanted.as_bytes()
                }
            })
        };
        let bytes = text.as_bytes();
        match &self.is {
            TextIs::Exact(exact) => same(Some(bytes), exact).into(),
            TextIs::Prefix(prefix) => same(bytes.get(..prefix.len()), prefix).into(),
            TextIs::Suffix(suffix) => {
                let start = bytes.len().checked_sub(suffix.len());
                same(start.and_then(|start| bytes.get(start..)), suffix).into()
            }
            TextIs::Contains(part) if !self.ignore_case => text.contains(part.as_str()).into(),
            TextIs::Contains(part) => {
                let mut windows = bytes.windows(part.len().max(1));
                (part.is_empty() || windows.any(|window| same(Some(window), part))).into()
            }
            TextIs::Regex(pattern) => pattern.fits(text),
            TextIs::Unknown => Truth::Unknown,
        }
    }

    /// What is asked for, in words.
    pub(super) fn wanted(&self) -> String {
        match &self.is {
            TextIs::Exact(exact) => format!("`{exact}`"),
            TextIs::Prefix(prefix) => format!("`{prefix}*`"),
            TextIs::Suffix(suffix) => format!("`*{suffix}`"),
            TextIs::Contains(part) => format!("`*{part}*`"),
            TextIs::Regex(pattern) if pattern.source == ".+" => "anything".to_owned(),
            TextIs::Regex(pattern) => like(&pattern.source),
            TextIs::Unknown => "known to an extension".to_owned(),
        }
    }

    /// The test of a text that is there or not, in words.
    pub(super) fn fact(&self, subject: impl Into<String>, found: Option<&str>) -> Fact {
        Fact { subject: subject.into(), found: found.map(str::to_owned), wanted: self.wanted() }
    }
}

/// A regular expression in words; one that only leaves text open with stars, as policies write it.
fn like(regex: &str) -> String {
    let stars = regex.replace(".*", "*");
    let plain = stars.chars().all(|c| c.is_ascii_alphanumeric() || "*/:-_".contains(c));
    if plain { format!("`{stars}`") } else { format!("like `{regex}`") }
}

/// Headers that Envoy sets by where a request comes from, whatever the client has sent.
const MADE_BY_PROXIES: [&str; 2] = ["x-envoy-internal", "x-envoy-external-address"];

/// A test of a header, as Envoy's `HeaderMatcher` has it: of several values one has to fit, and inverted
/// none. A test of values does not fit a header that is not there, not even inverted.
#[derive(Clone, Debug)]
pub(super) struct HeaderTest {
    pub(super) name: String,
    pub(super) is: HeaderIs,
    pub(super) inverted: bool,
    /// Whether a header that is not there counts as an empty one.
    pub(super) missing_is_empty: bool,
}

/// What a header has to be.
#[derive(Clone, Debug)]
pub(super) enum HeaderIs {
    /// There, or not.
    Present(bool),
    Text(TextTest),
    /// A number from the first to before the second.
    Number(i64, i64),
}

impl From<&HeaderMatcher> for HeaderTest {
    fn from(matcher: &HeaderMatcher) -> Self {
        let text = |is| HeaderIs::Text(TextTest::new(is));
        let is = match &matcher.header_match_specifier {
            None => HeaderIs::Present(true),
            Some(HeaderMatchSpecifier::PresentMatch(present)) => HeaderIs::Present(*present),
            Some(HeaderMatchSpecifier::ExactMatch(exact)) => text(TextIs::Exact(exact.clone())),
            Some(HeaderMatchSpecifier::PrefixMatch(prefix)) => text(TextIs::Prefix(prefix.clone())),
            Some(HeaderMatchSpecifier::SuffixMatch(suffix)) => text(TextIs::Suffix(suffix.clone())),
            Some(HeaderMatchSpecifier::ContainsMatch(part)) => text(TextIs::Contains(part.clone())),
            Some(HeaderMatchSpecifier::SafeRegexMatch(regex)) => {
                text(TextIs::Regex(Pattern::new(&regex.regex)))
            }
            Some(HeaderMatchSpecifier::StringMatch(matcher)) => HeaderIs::Text(matcher.into()),
            Some(HeaderMatchSpecifier::RangeMatch(range)) => HeaderIs::Number(range.start, range.end),
        };
        Self {
            name: matcher.name.clone(),
            is,
            inverted: matcher.invert_match,
            missing_is_empty: matcher.treat_missing_header_as_empty,
        }
    }
}

impl HeaderTest {
    pub(super) fn truth(&self, headers: &Headers<'_>) -> Truth {
        if self.is_made_by_proxies() {
            return Truth::Unknown;
        }
        let found = headers.get(&self.name);
        if let HeaderIs::Present(present) = &self.is {
            let is_there = !matches!(found, HeaderValues::Absent);
            return ((is_there == *present) != self.inverted).into();
        }
        let fits = match &found {
            HeaderValues::Text(_) => {
                let values = headers.all(&self.name).filter_map(Value::known);
                Truth::any(values.map(|text| self.value(text)))
            }
            HeaderValues::Unknown => return Truth::Unknown,
            HeaderValues::Absent if self.missing_is_empty => self.value(""),
            // Inverted or not.
            HeaderValues::Absent => return Truth::No,
        };
        if self.inverted { fits.not() } else { fits }
    }

    pub(super) fn is_made_by_proxies(&self) -> bool {
        MADE_BY_PROXIES.contains(&self.name.as_str())
    }

    fn value(&self, text: &str) -> Truth {
        match &self.is {
            HeaderIs::Present(_) => Truth::Yes,
            HeaderIs::Text(test) => test.truth(text),
            HeaderIs::Number(start, end) => {
                text.parse::<i64>().is_ok_and(|number| (*start..*end).contains(&number)).into()
            }
        }
    }

    pub(super) fn fact(&self, headers: &Headers<'_>) -> Fact {
        let found = match headers.get(&self.name) {
            HeaderValues::Text(text) if !self.is_made_by_proxies() => Some(text.as_str().to_owned()),
            _ => None,
        };
        Fact { subject: self.subject(), found, wanted: self.wanted() }
    }

    /// What a header is called: policies have names of their own for some.
    fn subject(&self) -> String {
        match self.name.as_str() {
            ":method" => "method".to_owned(),
            ":path" => "path with query".to_owned(),
            ":authority" => "host".to_owned(),
            ":scheme" => "scheme".to_owned(),
            name => format!("header `{name}`"),
        }
    }

    fn wanted(&self) -> String {
        let wanted = match &self.is {
            HeaderIs::Present(present) => {
                return if *present == self.inverted { "absent" } else { "there" }.to_owned();
            }
            HeaderIs::Text(test) => test.wanted(),
            HeaderIs::Number(start, end) => format!("from {start} to {}", end - 1),
        };
        if self.inverted { format!("other than {wanted}") } else { wanted }
    }
}

/// A block of addresses that one has to be in.
#[derive(Clone, Debug)]
pub(super) struct AddressTest {
    /// The block as it is written.
    prefix: String,
    length: u32,
    /// None if it is no block.
    pub(super) block: Option<IpNet>,
}

impl From<&CidrRange> for AddressTest {
    fn from(range: &CidrRange) -> Self {
        let length = range.prefix_len.as_ref().map_or(0, |length| length.value);
        let prefix = range.address_prefix.clone();
        Self { block: block(&prefix, length), prefix, length }
    }
}

impl AddressTest {
    /// Whether an address is in it.
    pub(super) fn truth(&self, found: IpAddr) -> Truth {
        self.block.map_or(Truth::Unknown, |block| block.contains(&found).into())
    }

    pub(super) fn wanted(&self) -> String {
        self.block.map_or_else(|| self.written(), |block| block.to_string())
    }

    /// The block as it is written.
    pub(super) fn written(&self) -> String {
        format!("{}/{}", self.prefix, self.length)
    }
}

/// A block of addresses.
pub(super) fn block(prefix: &str, length: u32) -> Option<IpNet> {
    block_of(prefix.parse().ok()?, length)
}

pub(super) fn block_of(prefix: IpAddr, length: u32) -> Option<IpNet> {
    Some(IpNet::new(prefix, u8::try_from(length).ok()?).ok()?.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &'static str)]) -> Headers<'static> {
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
        let truth = |matcher: &HeaderMatcher, all: &[(&'static str, &'static str)]| {
            HeaderTest::from(matcher).truth(&headers(all))
        };
        assert_eq!(truth(&matcher(value(), false), &[]), Truth::No);
        assert_eq!(truth(&matcher(value(), true), &[]), Truth::No);
        let empty = HeaderMatcher { treat_missing_header_as_empty: true, ..matcher(value(), true) };
        assert_eq!(truth(&empty, &[]), Truth::Yes);
        assert_eq!(truth(&matcher(value(), true), &[("x", "2")]), Truth::Yes);
        // Of several values one has to fit, and inverted none.
        assert_eq!(truth(&matcher(value(), false), &[("x", "2"), ("x", "1")]), Truth::Yes);
        assert_eq!(truth(&matcher(value(), true), &[("x", "2"), ("x", "1")]), Truth::No);
        let present = || Some(HeaderMatchSpecifier::PresentMatch(true));
        assert_eq!(truth(&matcher(present(), true), &[]), Truth::Yes);
        assert_eq!(truth(&matcher(None, false), &[("x", "")]), Truth::Yes);
    }

    #[test]
    fn texts_are_compared_with_and_without_their_case() {
        let truth = |is: TextIs, ignore_case, text: &str| TextTest { is, ignore_case }.truth(text);
        assert_eq!(truth(TextIs::Contains("Bc".into()), true, "aBCd"), Truth::Yes);
        assert_eq!(truth(TextIs::Contains("Bc".into()), false, "aBCd"), Truth::No);
        assert_eq!(truth(TextIs::Contains(String::new()), true, ""), Truth::Yes);
        assert_eq!(truth(TextIs::Suffix("cD".into()), true, "abCd"), Truth::Yes);
        assert_eq!(truth(TextIs::Suffix("abcd".into()), true, "cd"), Truth::No);
        assert_eq!(truth(TextIs::Prefix("A".into()), false, "a"), Truth::No);
        assert_eq!(truth(TextIs::Exact("é".into()), true, "É"), Truth::No);
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
