//! Hash policies: what a request is hashed by, from the destination's DestinationRule (`consistentHash`).

use envoy::config::route::v3::route_action::HashPolicy;
use envoy::config::route::v3::route_action::hash_policy::{
    ConnectionProperties, Cookie, CookieAttribute, Header, PolicySpecifier, QueryParameter,
};

use super::destination::Host;
use crate::mesh::destination_rule::policy::consistent_hash;
use crate::resources::proto::duration;
use crate::snapshot::networking::destination_rule::{self, ConsistentHashLb};
use crate::snapshot::networking::virtual_service::Destination;

/// Translates the hash key, if there is one.
pub(super) fn policy(hash: &ConsistentHashLb) -> Option<HashPolicy> {
    let specifier = if let Some(header) = &hash.http_header_name {
        PolicySpecifier::Header(Header { header_name: header.to_string(), ..Header::default() })
    } else if let Some(cookie) = &hash.http_cookie {
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
    } else if let Some(source_ip) = hash.use_source_ip {
        PolicySpecifier::ConnectionProperties(ConnectionProperties { source_ip })
    } else if let Some(parameter) = &hash.http_query_parameter_name {
        PolicySpecifier::QueryParameter(QueryParameter { name: parameter.to_string() })
    } else {
        return None;
    };
    Some(HashPolicy { policy_specifier: Some(specifier), ..HashPolicy::default() })
}

/// What the DestinationRule of a destination says about hashing.
pub(super) fn of_destination<'m>(destination: &Destination, host: Host<'m>) -> Option<&'m ConsistentHashLb> {
    let rule = host.rule?;
    let subset = rule.subset(&destination.subset).and_then(|subset| subset.traffic_policy.as_ref());
    let port = destination.port.as_ref().map(|port| port.number);
    consistent_hash(rule.spec.traffic_policy.as_ref(), subset, port)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn settings_without_a_key_are_no_policy() {
        assert_eq!(policy(&ConsistentHashLb::default()), None);
        let by_address =
            policy(&ConsistentHashLb { use_source_ip: Some(true), ..ConsistentHashLb::default() });
        let expected = PolicySpecifier::ConnectionProperties(ConnectionProperties { source_ip: true });
        assert_eq!(by_address.and_then(|p| p.policy_specifier), Some(expected));
    }
}
