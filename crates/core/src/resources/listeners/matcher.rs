//! How a connection's chain is found: by its destination's address, then by its port, and by what is spoken
//! where that was not declared.
//!
//! Source: [the unified matching
//! API](https://www.envoyproxy.io/docs/envoy/latest/xds/type/matcher/v3/matcher.proto) and its
//! [inputs](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/matching/common_inputs/network/v3/network_inputs.proto).

use std::collections::BTreeMap;

use envoy::Encoded;
use envoy::extensions::matching::common_inputs::network::v3::{
    ApplicationProtocolInput, DestinationIpInput, DestinationPortInput, FilterStateInput,
};
use envoy::google::protobuf::StringValue;
use envoy::xds::core::v3::{CidrRange, TypedExtensionConfig};
use envoy::xds::r#type::matcher::v3::ip_matcher::IpRangeMatcher;
use envoy::xds::r#type::matcher::v3::matcher::matcher_tree::{MatchMap, TreeType};
use envoy::xds::r#type::matcher::v3::matcher::{MatcherTree, MatcherType, OnMatch, on_match};
use envoy::xds::r#type::matcher::v3::{IpMatcher, Matcher};

use crate::Str;
use crate::features::Features;
use crate::mesh::{Address, ip};
use crate::plan::chains::{Destination, Listeners, PortChains};

/// How Envoy names the protocols that are HTTP, HTTP/1.0 last. The quotes are part of the value: it writes
/// protocols as a list of quoted names.
const HTTP: [&str; 3] = ["'h2c'", "'http/1.1'", "'http/1.0'"];

/// How a connection's chain is found: an entry of a Service never hides the addresses of an earlier one.
///
/// Only the control plane's flag makes HTTP/1.0 count as HTTP here; what a proxy's own metadata says of it
/// does not.
pub(super) fn matcher(plan: &Listeners<'_>, features: &Features) -> Matcher {
    let http = if features.pilot_http10 { HTTP.as_slice() } else { &HTTP[..2] };
    let workloads = plan.workloads.iter().filter(|workload| workload.matched);
    let workloads = workloads.map(|workload| range(&Address::single(workload.ip))).collect();
    let entries = plan.destinations.iter().map(|destination| Encoded::from(service(destination, http)));
    let by_address = by_address(entries.chain(of_workloads(workloads, http)).collect());
    by_authority(&plan.authorities, http, by_address)
}

/// A matcher by the tunnel's authority, `hostname:port`, and by `otherwise` where that is none of these.
fn by_authority(chains: &BTreeMap<String, PortChains>, http: &[&str], otherwise: Matcher) -> Matcher {
    if chains.is_empty() {
        return otherwise;
    }
    let map = chains.iter().map(|(authority, chains)| (authority.clone(), to(chains, http).into())).collect();
    let key = "io.istio.connect_authority".to_owned();
    let by_authority = tree(
        input("authority-filter-state", &FilterStateInput { key, ..FilterStateInput::default() }),
        TreeType::ExactMatchMap(MatchMap { map }),
    );
    Matcher { on_no_match: Some(Box::new(nested(otherwise))), ..by_authority }
}

/// A matcher by the destination's address.
fn by_address(range_matchers: Vec<Encoded<IpRangeMatcher>>) -> Matcher {
    let ranges = input("ip", &IpMatcher { range_matchers });
    tree(input("ip", &DestinationIpInput::default()), TreeType::CustomMatch(ranges))
}

/// The entry of a Service: its addresses, and its chains by port.
fn service(Destination { addresses, ports }: &Destination, http: &[&str]) -> IpRangeMatcher {
    // Of several with the same port the last counts.
    let map = ports.iter().map(|(port, chains)| (port.to_string(), to(chains, http).into())).collect();
    let by_port = TreeType::ExactMatchMap(MatchMap { map });
    IpRangeMatcher {
        ranges: addresses.iter().map(range).collect(),
        on_match: Some(nested(tree(input("port", &DestinationPortInput::default()), by_port))),
        ..IpRangeMatcher::default()
    }
}

/// The entry of all workloads: their own addresses, on every port. There is none if no workload has an
/// address.
fn of_workloads(ranges: Vec<CidrRange>, http: &[&str]) -> Option<Encoded<IpRangeMatcher>> {
    let on_match = Some(to(&PortChains::WORKLOADS, http));
    (!ranges.is_empty()).then(|| IpRangeMatcher { ranges, on_match, ..IpRangeMatcher::default() }.into())
}

fn range(address: &Address) -> CidrRange {
    CidrRange { address_prefix: ip::text(address.ip), prefix_len: Some(u32::from(address.prefix_len).into()) }
}

/// Goes to the one chain of a port, or, where that has to be found out, to the one of what is spoken.
fn to(chains: &PortChains, protocols: &[&str]) -> OnMatch {
    match chains {
        PortChains::One(name) => chain(name),
        PortChains::Detect { http, tcp } => {
            let map = protocols.iter().map(|protocol| ((*protocol).to_owned(), chain(http).into()));
            let map = MatchMap { map: map.collect() };
            let protocols = input("application-protocol", &ApplicationProtocolInput::default());
            let matcher = tree(protocols, TreeType::ExactMatchMap(map));
            nested(Matcher { on_no_match: Some(Box::new(chain(tcp))), ..matcher })
        }
    }
}

/// Goes to the chain of this name.
fn chain(name: &Str) -> OnMatch {
    let value = StringValue { value: name.to_string() };
    let action = TypedExtensionConfig { name: name.to_string(), typed_config: Some(envoy::any(&value)) };
    OnMatch { on_match: Some(on_match::OnMatch::Action(action)), ..OnMatch::default() }
}

fn nested(matcher: Matcher) -> OnMatch {
    OnMatch { on_match: Some(on_match::OnMatch::Matcher(Box::new(matcher))), ..OnMatch::default() }
}

fn tree(input: TypedExtensionConfig, tree: TreeType) -> Matcher {
    let tree = MatcherTree { input: Some(input), tree_type: Some(tree) };
    Matcher { matcher_type: Some(MatcherType::MatcherTree(tree)), ..Matcher::default() }
}

fn input<M: envoy::Message + envoy::Name>(name: &str, config: &M) -> TypedExtensionConfig {
    TypedExtensionConfig { name: name.to_owned(), typed_config: Some(envoy::any(config)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(chain: &str) -> PortChains {
        PortChains::One(chain.into())
    }

    #[test]
    fn a_service_has_its_chains_by_port() {
        let addresses = ["10.0.0.1", "fd00::1"].map(|ip| Address::single(ip.parse().unwrap()));
        let ports = vec![(80, one("a")), (443, one("b")), (80, one("c"))];
        let entry = service(&Destination { addresses: addresses.into(), ports }, &HTTP);
        let ranges: Vec<_> = entry.ranges.iter().map(|range| range.address_prefix.as_str()).collect();
        assert_eq!(ranges, ["10.0.0.1", "fd00::1"]);
        let expected =
            [("443".to_owned(), to(&one("b"), &HTTP).into()), ("80".to_owned(), to(&one("c"), &HTTP).into())];
        let map = TreeType::ExactMatchMap(MatchMap { map: expected.into() });
        assert_eq!(entry.on_match, Some(nested(tree(input("port", &DestinationPortInput::default()), map))));
    }

    #[test]
    fn only_workloads_that_are_there_have_an_entry() {
        assert_eq!(of_workloads(Vec::new(), &HTTP), None);
        let ranges = vec![range(&Address::single("10.0.0.1".parse().unwrap()))];
        assert_eq!(of_workloads(ranges.clone(), &HTTP).unwrap().decode().unwrap().ranges, ranges);
    }

    #[test]
    fn authorities_come_before_addresses() {
        let by_ip = by_address(Vec::new());
        assert_eq!(by_authority(&BTreeMap::new(), &HTTP, by_ip.clone()), by_ip);
        let chains = BTreeMap::from([("a.example:80".to_owned(), one("c"))]);
        let matcher = by_authority(&chains, &HTTP, by_ip.clone());
        assert_eq!(matcher.on_no_match.as_deref(), Some(&nested(by_ip)));
    }

    #[test]
    fn detection_falls_back_to_tcp() {
        let on_match = to(&PortChains::Detect { http: "h".into(), tcp: "t".into() }, &HTTP[..2]);
        let Some(on_match::OnMatch::Matcher(matcher)) = on_match.on_match else { panic!("no matcher") };
        assert_eq!(matcher.on_no_match.as_deref(), Some(&chain(&"t".into())));
        let Some(MatcherType::MatcherTree(MatcherTree {
            tree_type: Some(TreeType::ExactMatchMap(map)), ..
        })) = matcher.matcher_type
        else {
            panic!("no map");
        };
        assert_eq!(map.map.keys().collect::<Vec<_>>(), ["'h2c'", "'http/1.1'"]);
    }
}
