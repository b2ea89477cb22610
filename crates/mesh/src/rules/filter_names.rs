//! The names of filters, which early releases know under two names.

/// Today's names and those that they replaced.
///
/// Source: Envoy's [deprecated filter names](https://www.envoyproxy.io/docs/envoy/v1.14.1/intro/deprecated).
const DEPRECATED: &[(&str, &str)] = &[
    ("envoy.filters.http.buffer", "envoy.buffer"),
    ("envoy.filters.http.cors", "envoy.cors"),
    ("envoy.filters.http.csrf", "envoy.csrf"),
    ("envoy.filters.http.dynamo", "envoy.http_dynamo_filter"),
    ("envoy.filters.http.ext_authz", "envoy.ext_authz"),
    ("envoy.filters.http.fault", "envoy.fault"),
    ("envoy.filters.http.grpc_http1_bridge", "envoy.grpc_http1_bridge"),
    ("envoy.filters.http.grpc_json_transcoder", "envoy.grpc_json_transcoder"),
    ("envoy.filters.http.grpc_web", "envoy.grpc_web"),
    ("envoy.filters.http.gzip", "envoy.gzip"),
    ("envoy.filters.http.health_check", "envoy.health_check"),
    ("envoy.filters.http.ip_tagging", "envoy.ip_tagging"),
    ("envoy.filters.http.lua", "envoy.lua"),
    ("envoy.filters.http.ratelimit", "envoy.rate_limit"),
    ("envoy.filters.http.router", "envoy.router"),
    ("envoy.filters.http.squash", "envoy.squash"),
    ("envoy.filters.listener.http_inspector", "envoy.listener.http_inspector"),
    ("envoy.filters.listener.original_dst", "envoy.listener.original_dst"),
    ("envoy.filters.listener.original_src", "envoy.listener.original_src"),
    ("envoy.filters.listener.proxy_protocol", "envoy.listener.proxy_protocol"),
    ("envoy.filters.listener.tls_inspector", "envoy.listener.tls_inspector"),
    ("envoy.filters.network.client_ssl_auth", "envoy.client_ssl_auth"),
    ("envoy.filters.network.ext_authz", "envoy.ext_authz"),
    ("envoy.filters.network.http_connection_manager", "envoy.http_connection_manager"),
    ("envoy.filters.network.mongo_proxy", "envoy.mongo_proxy"),
    ("envoy.filters.network.ratelimit", "envoy.ratelimit"),
    ("envoy.filters.network.redis_proxy", "envoy.redis_proxy"),
    ("envoy.filters.network.tcp_proxy", "envoy.tcp_proxy"),
];

/// By which names EnvoyFilters know filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterNames {
    /// Also by those that Envoy deprecated: `envoy.router`.
    OldAndNew,
    /// By today's.
    New,
}

impl FilterNames {
    /// Whether a match names this filter.
    pub fn fits(self, wanted: &str, filter: &str) -> bool {
        wanted == filter
            || self == Self::OldAndNew && DEPRECATED.iter().any(|(new, old)| *new == filter && *old == wanted)
    }

    /// Today's name of a filter, where it may be called by another one.
    pub fn canonical(self, name: &str) -> &str {
        match self {
            Self::New => name,
            Self::OldAndNew => Self::todays(name).unwrap_or(name),
        }
    }

    /// The name that took the place of this one. Two filters have had the same old name, `envoy.ext_authz`:
    /// Istio takes one of them by chance, here it is the first.
    pub(crate) fn todays(old: &str) -> Option<&'static str> {
        DEPRECATED.iter().find(|(_, name)| *name == old).map(|(new, _)| *new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_count_where_the_release_knows_them() {
        let (old, new) = ("envoy.router", "envoy.filters.http.router");
        assert!(FilterNames::OldAndNew.fits(old, new));
        assert!(!FilterNames::New.fits(old, new));
        assert!(!FilterNames::OldAndNew.fits(new, old));
        assert_eq!(FilterNames::OldAndNew.canonical(old), new);
        assert_eq!(FilterNames::New.canonical(old), old);
        assert_eq!((FilterNames::todays(old), FilterNames::todays(new)), (Some(new), None));
    }
}
