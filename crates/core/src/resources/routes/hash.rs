//! Hash policies: what a request is hashed by.

use envoy::config::route::v3::route_action::HashPolicy;
use envoy::config::route::v3::route_action::hash_policy::{
    ConnectionProperties, Cookie, CookieAttribute, Header, PolicySpecifier, QueryParameter,
};

use crate::plan::routes::HashKey;
use crate::resources::proto::duration;
use crate::snapshot::networking::destination_rule;

/// Translates a hash key.
pub(super) fn policy(key: &HashKey<'_>) -> HashPolicy {
    let specifier = match key {
        HashKey::Header(name) => {
            PolicySpecifier::Header(Header { header_name: (*name).to_owned(), ..Header::default() })
        }
        HashKey::Cookie(cookie) => {
            let attribute = |a: &destination_rule::CookieAttribute| CookieAttribute {
                name: a.name.to_string(),
                value: a.value.to_string(),
            };
            PolicySpecifier::Cookie(Cookie {
                name: cookie.name.to_string(),
                ttl: cookie.ttl.map(duration),
                path: cookie.path.to_string(),
                attributes: cookie.attributes.iter().map(attribute).collect(),
            })
        }
        HashKey::SourceIp(source_ip) => {
            PolicySpecifier::ConnectionProperties(ConnectionProperties { source_ip: *source_ip })
        }
        HashKey::QueryParameter(name) => {
            PolicySpecifier::QueryParameter(QueryParameter { name: (*name).to_owned() })
        }
    };
    HashPolicy { policy_specifier: Some(specifier), ..HashPolicy::default() }
}
