//! Values of policies as ztunnel compares them.

use std::net::IpAddr;

use envoy::istio::security::string_match::MatchType;
use envoy::istio::security::{Address, ServiceAccountMatch, StringMatch};

use super::presence;
use crate::Str;
use crate::ztunnel::gateway;

/// Texts: exact, or with a `*` at the start, at the end or alone.
pub(super) fn texts(values: &[Str]) -> Vec<StringMatch> {
    values.iter().map(|value| text(value)).collect()
}

fn text(value: &str) -> StringMatch {
    let matching = match (value, value.strip_prefix('*'), value.strip_suffix('*')) {
        ("*", ..) => return presence(),
        (_, Some(suffix), _) => MatchType::Suffix(suffix.to_owned()),
        (_, _, Some(prefix)) => MatchType::Prefix(prefix.to_owned()),
        _ => MatchType::Exact(value.to_owned()),
    };
    StringMatch { match_type: Some(matching) }
}

/// Service accounts: `namespace/name`, or the name of one in the policy's own namespace.
pub(super) fn service_accounts(values: &[Str], namespace: &str) -> Vec<ServiceAccountMatch> {
    let account = |value: &Str| {
        let (namespace, name) = value.split_once('/').unwrap_or((namespace, value));
        ServiceAccountMatch { namespace: namespace.to_owned(), service_account: name.to_owned() }
    };
    values.iter().map(account).collect()
}

/// Ports; what is none is left out.
pub(super) fn ports(values: &[Str]) -> Vec<u32> {
    values.iter().filter_map(|value| number::<u16>(value)).map(u32::from).collect()
}

/// Addresses and ranges; what is neither is left out.
pub(super) fn addresses(values: &[Str]) -> Vec<Address> {
    values.iter().filter_map(|value| address(value)).collect()
}

fn address(value: &str) -> Option<Address> {
    let (ip, length) = value.split_once('/').map_or((value, None), |(ip, length)| (ip, Some(length)));
    let ip: IpAddr = ip.parse().ok()?;
    let whole = if ip.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Some(whole), number::<u32>).filter(|length| *length <= whole)?;
    Some(Address { address: gateway::bytes(ip), length })
}

/// A number without a sign.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Whether a text is one of Go's words for true.
pub(super) fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_at_one_end() {
        let kind = |value: &str| format!("{:?}", text(value).match_type.unwrap());
        assert_eq!(kind("*"), "Presence(Empty)");
        assert_eq!(kind("*/sa/a"), "Suffix(\"/sa/a\")");
        assert_eq!(kind("td/*"), "Prefix(\"td/\")");
        assert_eq!(kind("*a*"), "Suffix(\"a*\")");
        assert_eq!(kind("a"), "Exact(\"a\")");
    }

    #[test]
    fn what_is_no_port_or_address_is_left_out() {
        assert_eq!(ports(&["80".into(), "+81".into(), "70000".into(), "http".into()]), [80]);
        let lengths = |values: &[&str]| {
            let values: Vec<Str> = values.iter().map(Str::new).collect();
            addresses(&values).iter().map(|address| address.length).collect::<Vec<_>>()
        };
        assert_eq!(lengths(&["10.0.0.1", "10.0.0.0/8", "10.0.0.0/33", "fd00::/64", "x", ""]), [32, 8, 64]);
    }
}
