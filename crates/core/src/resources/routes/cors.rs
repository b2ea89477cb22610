//! `http[].corsPolicy`: on the route's action, or (since 1.23) as configuration of the CORS filter for the
//! route.

use envoy::config::route::v3 as route;
use envoy::extensions::filters::http::cors::v3 as filter;
use envoy::r#type::matcher::v3::{StringMatcher, string_matcher::MatchPattern};

use super::{fraction, matches};
use crate::Str;
use crate::snapshot::networking::virtual_service::{CorsPolicy, UnmatchedPreflights};

/// The filter's name in `typedPerFilterConfig`.
pub(super) const FILTER: &str = "envoy.filters.http.cors";

/// The policy as a route action's.
pub(super) fn action_policy(cors: &CorsPolicy) -> route::CorsPolicy {
    let enabled =
        route::cors_policy::EnabledSpecifier::FilterEnabled(fraction::fixed(fraction::hundredths(100)));
    route::CorsPolicy {
        allow_origin_string_match: origins(cors),
        allow_methods: cors.allow_methods.join(","),
        allow_headers: cors.allow_headers.join(","),
        expose_headers: cors.expose_headers.join(","),
        max_age: max_age(cors),
        allow_credentials: cors.allow_credentials.map(Into::into),
        enabled_specifier: Some(enabled),
        ..route::CorsPolicy::default()
    }
}

/// The policy as the CORS filter's configuration.
pub(super) fn filter_policy(cors: &CorsPolicy) -> filter::CorsPolicy {
    filter::CorsPolicy {
        allow_origin_string_match: origins(cors),
        allow_methods: cors.allow_methods.join(","),
        allow_headers: cors.allow_headers.join(","),
        expose_headers: cors.expose_headers.join(","),
        max_age: max_age(cors),
        allow_credentials: cors.allow_credentials.map(Into::into),
        filter_enabled: Some(fraction::fixed(fraction::hundredths(100))),
        // Before Envoy 1.30 it always forwarded them; Istio asks for that unless told otherwise.
        forward_not_matching_preflights: Some(
            (cors.unmatched_preflights != UnmatchedPreflights::Ignore).into(),
        ),
        ..filter::CorsPolicy::default()
    }
}

fn origins(cors: &CorsPolicy) -> Vec<StringMatcher> {
    let exact = |origin: &Str| StringMatcher {
        match_pattern: Some(MatchPattern::Exact(origin.to_string())),
        ..StringMatcher::default()
    };
    if cors.allow_origins.is_empty() {
        cors.allow_origin.iter().map(exact).collect()
    } else {
        cors.allow_origins.iter().filter_map(matches::string_matcher).collect()
    }
}

fn max_age(cors: &CorsPolicy) -> String {
    cors.max_age.map(|age| age.secs().to_string()).unwrap_or_default()
}
