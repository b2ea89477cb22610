//! The CORS filter (since 1.27).

use crate::Str;
use crate::re2;
use crate::snapshot::gateway_api::filter::HttpCorsFilter;
use crate::snapshot::message::Duration;
use crate::snapshot::networking::virtual_service::{CorsPolicy, StringMatch, UnmatchedPreflights};

/// Any origin that is one: scheme, host and perhaps a port (RFC 6454).
const ANY_ORIGIN: &str = r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s?#]+$";

/// Converts the filter. Preflight requests from other origins are not forwarded.
pub(super) fn policy(filter: &HttpCorsFilter) -> CorsPolicy {
    let max_age = filter.max_age.filter(|secs| *secs > 0).map(|secs| Duration::from_secs(secs.into()));
    CorsPolicy {
        allow_origins: filter.allow_origins.iter().filter(|o| !o.is_empty()).map(origin).collect(),
        allow_credentials: filter.allow_credentials.filter(|allowed| *allowed),
        allow_methods: filter.allow_methods.clone(),
        allow_headers: filter.allow_headers.clone(),
        expose_headers: filter.expose_headers.clone(),
        max_age,
        unmatched_preflights: UnmatchedPreflights::Ignore,
        ..CorsPolicy::default()
    }
}

/// Stars in an origin stand for any text.
fn origin(origin: &Str) -> StringMatch {
    if origin == "*" {
        return StringMatch::Regex(Str::new_static(ANY_ORIGIN));
    }
    match origin.split_once('*') {
        None => StringMatch::Exact(origin.clone()),
        Some((prefix, "")) => StringMatch::Prefix(prefix.into()),
        Some(_) => {
            let parts: Vec<_> = origin.split('*').map(re2::quote_meta).collect();
            StringMatch::Regex(format!("^{}$", parts.join(".*")).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_patterns() {
        assert_eq!(origin(&"https://a.b".into()), StringMatch::Exact("https://a.b".into()));
        assert_eq!(origin(&"https://a*".into()), StringMatch::Prefix("https://a".into()));
        assert_eq!(origin(&"https://*.b".into()), StringMatch::Regex(r"^https://.*\.b$".into()));
        assert_eq!(origin(&"*".into()), StringMatch::Regex(ANY_ORIGIN.into()));
    }
}
