//! Which rule is asked first: the most specific.
//!
//! <https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule>

use std::cmp::Ordering;

use crate::rules::GatewayApiRules;
use crate::snapshot::networking::virtual_service::{HttpMatchRequest, HttpRoute, StringMatch};

/// Sorts rules, of which each has at most one match; equals keep their order. Rules without a match come
/// last.
pub(super) fn sort<T>(rules: &GatewayApiRules, routes: &mut [T], route: impl Fn(&T) -> &HttpRoute) {
    routes.sort_by(|a, b| match (route(a).matches.first(), route(b).matches.first()) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => specificity(rules, b).cmp(&specificity(rules, a)),
    });
}

/// Exact before prefix before regular expression; then longer paths, a method, more headers, more query
/// parameters.
fn specificity(rules: &GatewayApiRules, m: &HttpMatchRequest) -> (i8, usize, bool, usize, usize) {
    let (rank, length) = match &m.uri {
        None => (-1, 0),
        Some(StringMatch::Exact(path)) => (3, path.len()),
        Some(StringMatch::Prefix(path)) => (2, path.len()),
        Some(StringMatch::Regex(path)) => (1, path.len()),
        Some(StringMatch::Any) => (-1, 0),
    };
    (rank, length, rules.methods_rank && m.method.is_some(), m.headers.len(), m.query_params.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;

    fn rule(name: &str, uri: Option<StringMatch>, method: bool, headers: usize) -> HttpRoute {
        let header = |n: usize| (n.to_string().into(), StringMatch::Any);
        let request = HttpMatchRequest {
            uri,
            method: method.then(|| StringMatch::Exact("GET".into())),
            headers: (0..headers).map(header).collect(),
            ..HttpMatchRequest::default()
        };
        HttpRoute { name: name.into(), matches: vec![request], ..HttpRoute::default() }
    }

    fn sorted(release: Release, mut routes: Vec<HttpRoute>) -> Vec<String> {
        sort(&crate::rules::Rules::of(release).gateway_api, &mut routes, |route| route);
        routes.into_iter().map(|route| route.name.to_string()).collect()
    }

    #[test]
    fn the_most_specific_comes_first() {
        let prefix = |path: &str| Some(StringMatch::Prefix(path.into()));
        let routes = vec![
            HttpRoute { name: "none".into(), ..HttpRoute::default() },
            rule("no path", None, true, 9),
            rule("regex", Some(StringMatch::Regex("/long.*".into())), false, 0),
            rule("short", prefix("/a"), false, 0),
            rule("long", prefix("/a/b"), false, 0),
            rule("exact", Some(StringMatch::Exact("/".into())), false, 0),
        ];
        assert_eq!(sorted(Release::V1_31, routes), ["exact", "long", "short", "regex", "no path", "none"]);
    }

    #[test]
    fn methods_beat_headers_in_newer_releases() {
        let root = || Some(StringMatch::Prefix("/".into()));
        let routes = || {
            vec![
                rule("first", root(), false, 1),
                rule("header", root(), false, 2),
                rule("method", root(), true, 0),
            ]
        };
        assert_eq!(sorted(Release::V1_31, routes()), ["method", "header", "first"]);
        assert_eq!(sorted(Release::V1_18, routes()), ["header", "first", "method"]);
    }
}
