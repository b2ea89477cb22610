//! Where addresses are named.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use envoy::config::core::v3::address::Address as AddressKind;
use envoy::config::core::v3::{Address, CidrRange};
use envoy::config::rbac::v3::permission::Rule;
use envoy::config::rbac::v3::principal::Identifier;
use envoy::config::rbac::v3::{Permission, Principal, permission, principal};
use envoy::inside::{self, Change};
use envoy::xds::core::v3::CidrRange as XdsCidrRange;
use envoy::{Message, Name};

use super::Loopback;

/// Says every mapped address anew, wherever it is named: alone or with a port. Names only where they are
/// dialled, because they are also asked for, and stand in certificates.
pub(super) struct Rewrite<'l>(pub(super) &'l Loopback);

impl Rewrite<'_> {
    /// Everything in a message.
    pub(super) fn all<M: Message + Name + Default>(&mut self, message: &mut M) {
        // What can't be looked into was not made here. It keeps its addresses, and the source address that
        // clusters are bound to keeps them from being reached.
        let _ = inside::change(message, self);
    }

    fn say(&self, text: &str) -> Option<String> {
        if let Ok(ip) = text.parse::<IpAddr>() {
            return self.0.of_ip(ip).map(|ip| ip.to_string());
        }
        let address = text.parse::<SocketAddr>().ok()?;
        self.0.of_ip(address.ip()).map(|ip| SocketAddr::new(ip.into(), address.port()).to_string())
    }

    fn changed(&self, name: &str, wire: &[u8]) -> Option<Vec<u8>> {
        if let Some(address) = inside::read::<Address>(name, wire) {
            self.dialled(address).map(|address| address.encode_to_vec())
        } else if let Some(range) = inside::read::<CidrRange>(name, wire) {
            let length = of_ipv4(&range.address_prefix, range.prefix_len.map(|length| length.value))?;
            Some(CidrRange { prefix_len: Some(length.into()), ..range }.encode_to_vec())
        } else if let Some(range) = inside::read::<XdsCidrRange>(name, wire) {
            let length = of_ipv4(&range.address_prefix, range.prefix_len.map(|length| length.value))?;
            Some(XdsCidrRange { prefix_len: Some(length.into()), ..range }.encode_to_vec())
        } else if let Some(permission) = inside::read::<Permission>(name, wire) {
            either_destination(permission.rule?).map(|permission| permission.encode_to_vec())
        } else {
            let principal = inside::read::<Principal>(name, wire)?;
            either_source(principal.identifier?).map(|principal| principal.encode_to_vec())
        }
    }

    /// The address of a socket that has a name.
    fn dialled(&self, address: Address) -> Option<Address> {
        let AddressKind::SocketAddress(mut socket) = address.address? else { return None };
        socket.address = self.0.get(&socket.address)?.to_string();
        Some(Address { address: Some(AddressKind::SocketAddress(socket)) })
    }
}

impl Change for Rewrite<'_> {
    fn text(&mut self, text: &str) -> Option<String> {
        self.say(text)
    }

    fn message(&mut self, name: &str, wire: Vec<u8>) -> Vec<u8> {
        self.changed(name, &wire).unwrap_or(wire)
    }
}

/// The length of a range that was one IPv6 address, and is now one of IPv4.
fn of_ipv4(prefix: &str, length: Option<u32>) -> Option<u32> {
    (length == Some(128) && prefix.parse::<Ipv4Addr>().is_ok()).then_some(32)
}

/// A policy about a range of addresses is also about what the range is on this machine.
fn either_destination(rule: Rule) -> Option<Permission> {
    let Rule::DestinationIp(range) = rule else { return None };
    let moved = moved(&range)?;
    let rules = [range, moved].map(|range| Permission { rule: Some(Rule::DestinationIp(range)) }).into();
    Some(Permission { rule: Some(Rule::OrRules(permission::Set { rules })) })
}

/// The same for where a request comes from.
fn either_source(identifier: Identifier) -> Option<Principal> {
    let (range, as_identifier): (_, fn(CidrRange) -> Identifier) = match identifier {
        Identifier::SourceIp(range) => (range, Identifier::SourceIp),
        Identifier::DirectRemoteIp(range) => (range, Identifier::DirectRemoteIp),
        Identifier::RemoteIp(range) => (range, Identifier::RemoteIp),
        _ => return None,
    };
    let moved = moved(&range)?;
    let ids = [range, moved].map(|range| Principal { identifier: Some(as_identifier(range)) }).into();
    Some(Principal { identifier: Some(Identifier::OrIds(principal::Set { ids })) })
}

fn moved(range: &CidrRange) -> Option<CidrRange> {
    let (prefix, length) = wide(&range.address_prefix, range.prefix_len.map_or(0, |length| length.value))?;
    Some(CidrRange { address_prefix: prefix, prefix_len: Some(length.into()) })
}

/// What a range of more than one IPv4 address is on this machine: its prefix and its length.
pub(super) fn wide(prefix: &str, length: u32) -> Option<(String, u32)> {
    let prefix: Ipv4Addr = prefix.parse().ok()?;
    if length >= 32 {
        return None;
    }
    let [_, b, c, d] = prefix.octets();
    let (moved, length) =
        if length < 8 { (Ipv4Addr::new(127, 0, 0, 0), 8) } else { (Ipv4Addr::new(127, b, c, d), length) };
    Some((moved.to_string(), length))
}

#[cfg(test)]
mod tests {
    use envoy::config::listener::v3::Listener;
    use serde_json::{Value, json};

    use super::super::dialled::map;
    use super::*;

    #[test]
    fn addresses_are_said_anew_wherever_they_stand() {
        let loopback = Loopback { addresses: map(&["10.244.1.6", "fd00::1"], &["api.example"]) };
        let listener = |texts: [&str; 6], host: &str, range: Value| {
            json!({
                "address": {"socketAddress": {"address": host, "portValue": 80}},
                "filterChains": [{"filterChainMatch": {"prefixRanges": [range]}}],
                "metadata": {"filterMetadata": {"x": {"a": texts}}},
            })
        };
        let before =
            ["10.244.1.6", "10.244.1.6:15008", "[fd00::1]:80", "10.96.0.1", "x 10.244.1.6", "api.example"];
        let before = listener(before, "api.example", json!({"addressPrefix": "fd00::1", "prefixLen": 128}));
        let mut listener_of: Listener = envoy::json::parse(&before).unwrap();
        Rewrite(&loopback).all(&mut listener_of);
        let after = [
            "127.244.1.6",
            "127.244.1.6:15008",
            "127.254.0.1:80",
            "10.96.0.1",
            "x 10.244.1.6",
            "api.example",
        ];
        let after = listener(after, "127.254.0.2", json!({"addressPrefix": "127.254.0.1", "prefixLen": 32}));
        assert_eq!(listener_of, envoy::json::parse(&after).unwrap());
    }

    #[test]
    fn policies_about_ranges_are_about_both() {
        let policy = json!({"notId": {"directRemoteIp": {"addressPrefix": "10.244.0.0", "prefixLen": 16}}});
        let mut principal: Principal = envoy::json::parse(&policy).unwrap();
        Rewrite(&Loopback::default()).all(&mut principal);
        let either = json!([
            {"directRemoteIp": {"addressPrefix": "10.244.0.0", "prefixLen": 16}},
            {"directRemoteIp": {"addressPrefix": "127.244.0.0", "prefixLen": 16}},
        ]);
        let expected = json!({"notId": {"orIds": {"ids": either}}});
        assert_eq!(principal, envoy::json::parse(&expected).unwrap());
        assert_eq!(wide("0.0.0.0", 0), Some(("127.0.0.0".to_owned(), 8)));
    }
}
