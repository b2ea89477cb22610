//! `http[].match[]`: which requests a route takes.

use std::collections::BTreeMap;

use envoy::config::route::v3::header_matcher::HeaderMatchSpecifier;
use envoy::config::route::v3::query_parameter_matcher::QueryParameterMatchSpecifier;
use envoy::config::route::v3::route_match::PathSpecifier;
use envoy::config::route::v3::{HeaderMatcher, QueryParameterMatcher, RouteMatch};
use envoy::r#type::matcher::v3::metadata_matcher::{PathSegment, path_segment::Segment};
use envoy::r#type::matcher::v3::string_matcher::MatchPattern;
use envoy::r#type::matcher::v3::{
    ListMatcher, MetadataMatcher, RegexMatcher, StringMatcher, ValueMatcher, list_matcher, value_matcher,
};

use crate::Str;
use crate::mesh::virtual_service::Semantics;
use crate::rules::RouteRules;
use crate::snapshot::networking::virtual_service::{HttpMatchRequest, StringMatch};

/// What stands in a header's place when a JWT's claims are to be matched.
const CLAIMS: &str = "@request.auth.claims";

/// Translates one match; none matches everything.
pub(super) fn route_match(
    rules: &RouteRules,
    semantics: Semantics,
    request: Option<&HttpMatchRequest>,
) -> RouteMatch {
    let everything = PathSpecifier::Prefix("/".to_owned());
    let Some(request) = request else {
        return RouteMatch { path_specifier: Some(everything), ..RouteMatch::default() };
    };
    let mut out = RouteMatch {
        path_specifier: Some(path(semantics, request.uri.as_ref()).unwrap_or(everything)),
        case_sensitive: Some((!request.ignore_uri_case).into()),
        ..RouteMatch::default()
    };
    headers(rules, &request.headers, false, &mut out);
    headers(rules, &request.without_headers, true, &mut out);
    // A name both in `headers` and in `withoutHeaders` keeps that order: the sort is stable.
    out.headers.sort_by(|a, b| a.name.cmp(&b.name));
    let pseudo =
        [(":method", &request.method), (":authority", &request.authority), (":scheme", &request.scheme)];
    for (name, value) in pseudo {
        out.headers.extend(value.as_ref().map(|value| header(rules, name, value)));
    }
    out.query_parameters =
        request.query_params.iter().map(|(name, value)| query_parameter(rules, name, value)).collect();
    out
}

fn path(semantics: Semantics, uri: Option<&StringMatch>) -> Option<PathSpecifier> {
    Some(match uri? {
        StringMatch::Any => return None,
        StringMatch::Exact(path) => PathSpecifier::Path(path.to_string()),
        StringMatch::Prefix(prefix) if semantics == Semantics::GatewayApi && prefix != "/" => {
            PathSpecifier::PathSeparatedPrefix(prefix.strip_suffix('/').unwrap_or(prefix).to_owned())
        }
        StringMatch::Prefix(prefix) => PathSpecifier::Prefix(prefix.to_string()),
        StringMatch::Regex(regex) => PathSpecifier::SafeRegex(regex_matcher(regex)),
    })
}

/// Adds what `headers` (or, inverted, `withoutHeaders`) asks for.
fn headers(rules: &RouteRules, wanted: &BTreeMap<Str, StringMatch>, invert: bool, out: &mut RouteMatch) {
    for (name, value) in wanted {
        if let Some(claims) = claims(name) {
            out.dynamic_metadata.push(MetadataMatcher { invert, ..claim_matcher(&claims, value) });
            continue;
        }
        let missing_is_empty = invert && rules.missing_header_is_empty && !is_present_match(rules, value);
        out.headers.push(HeaderMatcher {
            invert_match: invert,
            treat_missing_header_as_empty: missing_is_empty,
            ..header(rules, name, value)
        });
    }
}

fn header(rules: &RouteRules, name: &str, value: &StringMatch) -> HeaderMatcher {
    let specifier = if is_present_match(rules, value) {
        Some(HeaderMatchSpecifier::PresentMatch(true))
    } else {
        string_matcher(value).map(HeaderMatchSpecifier::StringMatch)
    };
    HeaderMatcher { name: name.to_owned(), header_match_specifier: specifier, ..HeaderMatcher::default() }
}

fn query_parameter(rules: &RouteRules, name: &str, value: &StringMatch) -> QueryParameterMatcher {
    let specifier = if is_present_match(rules, value) {
        Some(QueryParameterMatchSpecifier::PresentMatch(true))
    } else {
        string_matcher(value).map(QueryParameterMatchSpecifier::StringMatch)
    };
    QueryParameterMatcher { name: name.to_owned(), query_parameter_match_specifier: specifier }
}

/// The regular expression `*`, which is none, has always meant "is there"; saying nothing means it in some
/// releases (in the others the matcher stays without a condition).
fn is_present_match(rules: &RouteRules, value: &StringMatch) -> bool {
    match value {
        StringMatch::Any => rules.empty_match_is_present,
        StringMatch::Regex(regex) => regex == "*",
        StringMatch::Exact(_) | StringMatch::Prefix(_) => false,
    }
}

/// Translates a `StringMatch`; none where it says nothing.
pub(super) fn string_matcher(value: &StringMatch) -> Option<StringMatcher> {
    let pattern = match value {
        StringMatch::Any => return None,
        StringMatch::Exact(text) => MatchPattern::Exact(text.to_string()),
        StringMatch::Prefix(text) => MatchPattern::Prefix(text.to_string()),
        StringMatch::Regex(regex) => MatchPattern::SafeRegex(regex_matcher(regex)),
    };
    Some(StringMatcher { match_pattern: Some(pattern), ..StringMatcher::default() })
}

/// Envoy's RE2 matcher.
pub(super) fn regex_matcher(regex: &str) -> RegexMatcher {
    RegexMatcher { regex: regex.to_owned(), ..RegexMatcher::default() }
}

/// The path of claims that a header's name stands for: `@request.auth.claims.group.id`. Since 1.29 admission
/// refuses that outside of gateways.
fn claims(name: &str) -> Option<Vec<&str>> {
    let (prefix, rest) = name.split_at_checked(CLAIMS.len())?;
    let rest = rest.strip_prefix('.').filter(|_| prefix.eq_ignore_ascii_case(CLAIMS))?;
    Some(rest.split('.').collect())
}

fn claim_matcher(claims: &[&str], value: &StringMatch) -> MetadataMatcher {
    let value = ValueMatcher {
        match_pattern: Some(value_matcher::MatchPattern::StringMatch(
            string_matcher(value).unwrap_or_default(),
        )),
    };
    let in_list = ValueMatcher {
        match_pattern: Some(value_matcher::MatchPattern::ListMatch(Box::new(ListMatcher {
            match_pattern: Some(list_matcher::MatchPattern::OneOf(Box::new(value))),
        }))),
    };
    let segment = |key: &str| PathSegment { segment: Some(Segment::Key(key.to_owned())) };
    MetadataMatcher {
        filter: "istio_authn".to_owned(),
        path: std::iter::once("request.auth.claims").chain(claims.iter().copied()).map(segment).collect(),
        value: Some(in_list),
        ..MetadataMatcher::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;

    fn translate(release: Release, request: &HttpMatchRequest) -> RouteMatch {
        route_match(&crate::rules::Rules::of(release).routes, Semantics::Istio, Some(request))
    }

    fn with_headers(names: &[(&str, StringMatch)], without: &[(&str, StringMatch)]) -> HttpMatchRequest {
        let map = |all: &[(&str, StringMatch)]| all.iter().map(|(k, v)| (Str::from(*k), v.clone())).collect();
        HttpMatchRequest { headers: map(names), without_headers: map(without), ..HttpMatchRequest::default() }
    }

    #[test]
    fn headers_are_sorted_and_pseudo_headers_follow() {
        let mut request = with_headers(
            &[("x-b", StringMatch::Any), ("x-z", StringMatch::Regex("*".into()))],
            &[("x-a", StringMatch::Exact("1".into()))],
        );
        request.method = Some(StringMatch::Exact("GET".into()));
        request.scheme = Some(StringMatch::Exact("http".into()));
        let headers = translate(Release::V1_31, &request).headers;
        let names: Vec<_> = headers.iter().map(|h| h.name.as_str()).collect();
        assert_eq!(names, ["x-a", "x-b", "x-z", ":method", ":scheme"]);
        let flags: Vec<_> =
            headers.iter().map(|h| (h.invert_match, h.treat_missing_header_as_empty)).collect();
        assert_eq!(flags.first(), Some(&(true, true)));
        let present = Some(HeaderMatchSpecifier::PresentMatch(true));
        assert_eq!(headers.get(2).map(|h| h.header_match_specifier.clone()), Some(present.clone()));
        assert_eq!(headers.get(1).map(|h| h.header_match_specifier.clone()), Some(present));
    }

    #[test]
    fn saying_nothing_of_a_header_was_no_condition() {
        let request = with_headers(&[("x", StringMatch::Any)], &[("y", StringMatch::Exact("1".into()))]);
        let headers = translate(Release::V1_18, &request).headers;
        assert_eq!(headers.first().and_then(|h| h.header_match_specifier.clone()), None);
        assert!(headers.iter().all(|h| !h.treat_missing_header_as_empty));
    }

    #[test]
    fn prefixes_end_between_segments_in_the_gateway_api_only() {
        let request = |prefix: &str| HttpMatchRequest {
            uri: Some(StringMatch::Prefix(prefix.into())),
            ..HttpMatchRequest::default()
        };
        let rules = &crate::rules::Rules::of(Release::V1_31).routes;
        let path =
            |semantics, prefix: &str| route_match(rules, semantics, Some(&request(prefix))).path_specifier;
        assert_eq!(path(Semantics::Istio, "/a/"), Some(PathSpecifier::Prefix("/a/".into())));
        assert_eq!(path(Semantics::GatewayApi, "/a/"), Some(PathSpecifier::PathSeparatedPrefix("/a".into())));
        assert_eq!(path(Semantics::GatewayApi, "/"), Some(PathSpecifier::Prefix("/".into())));
    }

    #[test]
    fn claims_are_matched_in_the_first_releases() {
        let dotted = "@request.auth.claims.group.id";
        assert_eq!(claims(dotted), Some(vec!["group", "id"]));
        assert_eq!(claims("@Request.auth.claims.a"), Some(vec!["a"]));
        for no_claim in ["@request.auth.claims", "@request.auth.claims[a]", "x-claims"] {
            assert_eq!(claims(no_claim), None);
        }
        let request = with_headers(&[], &[(dotted, StringMatch::Exact("7".into()))]);
        let matchers = translate(Release::V1_18, &request).dynamic_metadata;
        assert_eq!(matchers.iter().map(|m| (m.invert, m.path.len())).collect::<Vec<_>>(), [(true, 3)]);
    }
}
