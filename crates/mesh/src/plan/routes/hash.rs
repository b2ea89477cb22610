//! What requests are hashed by: `consistentHash` of a DestinationRule.

use crate::mesh::destination_rule::MergedRule;
use crate::mesh::destination_rule::policy::consistent_hash;
use crate::plan::host::Host;
use crate::rules::RouteRules;
use crate::snapshot::networking::destination_rule::{ConsistentHashLb, HttpCookie};
use crate::snapshot::networking::virtual_service::Destination;

/// What requests are hashed by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HashKey<'m> {
    /// A header.
    Header(&'m str),
    /// A cookie, which is made where there is none.
    Cookie(&'m HttpCookie),
    /// The client's address.
    SourceIp(bool),
    /// A parameter of the query.
    QueryParameter(&'m str),
}

impl<'m> HashKey<'m> {
    /// The key, if there is one.
    pub fn of(hash: &'m ConsistentHashLb) -> Option<Self> {
        let header = hash.http_header_name.as_deref().map(Self::Header);
        header
            .or_else(|| hash.http_cookie.as_ref().map(Self::Cookie))
            .or_else(|| hash.use_source_ip.map(Self::SourceIp))
            .or_else(|| hash.http_query_parameter_name.as_deref().map(Self::QueryParameter))
    }
}

/// What the DestinationRule of a destination says about hashing, and the rule.
pub(super) fn of_destination<'m>(
    rules: &RouteRules,
    destination: &Destination,
    host: Option<Host<'m>>,
) -> Option<(&'m ConsistentHashLb, &'m MergedRule)> {
    let rule = host.filter(|_| rules.hash_policies)?.client_rule?;
    let port = destination.port.as_ref().map(|port| port.number);
    let subset = rule.subset(&destination.subset).and_then(|subset| subset.traffic_policy.as_ref());
    Some((consistent_hash(rule.spec.traffic_policy.as_ref(), subset, port)?, rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_without_a_key_have_none() {
        assert_eq!(HashKey::of(&ConsistentHashLb::default()), None);
        let by_address = ConsistentHashLb { use_source_ip: Some(true), ..ConsistentHashLb::default() };
        assert_eq!(HashKey::of(&by_address), Some(HashKey::SourceIp(true)));
    }
}
