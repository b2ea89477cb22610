//! How a connection's chain is found: by its destination's address, then by its port, and by what is spoken where that
//! was not declared.
//!
//! Source: [the unified matching API](https://www.envoyproxy.io/docs/envoy/latest/xds/type/matcher/v3/matcher.proto) and
//! its [inputs](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/matching/common_inputs/network/v3/network_inputs.proto).

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
use crate::mesh::{Address, ip};
use crate::plan::chains::{Destination, Listeners, PortChains};
use crate::resources::field;

/// How a connection's chain is found.
pub(super) fn matcher(plan: &Listeners<'_>) -> Matcher {
    let mut entries = Entries::with_capacity(plan.destinations.len());
    plan.destinations.iter().for_each(|destination| entries.add(destination));
    let workloads = plan.workloads.iter().filter(|workload| workload.matched);
    entries.add_workloads(workloads.map(|workload| Address::single(workload.ip)));
    by_authority(&plan.authorities, entries.matcher())
}

/// A matcher by the tunnel's authority, `hostname:port`, and by `otherwise` where that is none of these.
fn by_authority(chains: &BTreeMap<String, PortChains>, otherwise: Matcher) -> Matcher {
    if chains.is_empty() {
        return otherwise;
    }
    let map = chains.iter().map(|(authority, chains)| (authority.clone(), to(chains))).collect();
    let key = "io.istio.connect_authority".to_owned();
    let by_authority = tree(
        input("authority-filter-state", &FilterStateInput { key, ..FilterStateInput::default() }),
        TreeType::ExactMatchMap(MatchMap { map }),
    );
    Matcher { on_no_match: Some(Box::new(nested(otherwise))), ..by_authority }
}

/// An entry per destination, of which a later one never hides an earlier one's addresses. There are thousands of them,
/// eight messages deep: they are encoded as they come.
#[derive(Debug)]
struct Entries {
    entries: Encoded<IpMatcher>,
    /// What each entry has before its ports.
    by_port: Encoded<MatcherTree>,
}

/// What the entry of a Service with one port takes at most.
const MOST: usize = 512;

impl Entries {
    /// No entries, but room for those of this many Services.
    fn with_capacity(services: usize) -> Self {
        let input = Some(input("port", &DestinationPortInput::default()));
        let by_port = Encoded::of(&MatcherTree { input, ..MatcherTree::default() });
        Self { entries: Encoded::with_capacity(services * MOST), by_port }
    }

    /// Adds the entry of a Service: its addresses, and its chains by port.
    fn add(&mut self, Destination { addresses, ports }: &Destination) {
        let chains = by_text(ports);
        self.entries.nest::<IpRangeMatcher>(field::ip_matcher::RANGE_MATCHERS, |entry| {
            for address in addresses {
                entry.message(field::ip_range_matcher::RANGES, &range(address));
            }
            entry.nest::<OnMatch>(field::ip_range_matcher::ON_MATCH, |on_match| {
                on_match.nest::<Matcher>(field::on_match::MATCHER, |matcher| {
                    matcher.nest::<MatcherTree>(field::matcher::MATCHER_TREE, |tree| {
                        tree.append(&self.by_port);
                        tree.nest(field::matcher_tree::EXACT_MATCH_MAP, |map| match_map(chains, map));
                    });
                });
            });
        });
    }

    /// Adds the entry of all workloads: their own addresses, on every port. There is none if no workload has an
    /// address.
    fn add_workloads(&mut self, addresses: impl Iterator<Item = Address>) {
        let ranges: Vec<CidrRange> = addresses.map(|address| range(&address)).collect();
        if !ranges.is_empty() {
            let on_match = Some(to(&PortChains::WORKLOADS));
            let entry = IpRangeMatcher { ranges, on_match, ..IpRangeMatcher::default() };
            self.entries.message(field::ip_matcher::RANGE_MATCHERS, &entry);
        }
    }

    /// The matcher of a listener.
    fn matcher(self) -> Matcher {
        let ranges =
            TypedExtensionConfig { name: "ip".to_owned(), typed_config: Some(self.entries.into_any()) };
        tree(input("ip", &DestinationIpInput::default()), TreeType::CustomMatch(ranges))
    }
}

/// As protobuf's maps are written: in the order of the keys; of several with the same key the last counts.
fn by_text(ports: &[(u32, PortChains)]) -> Vec<(String, &PortChains)> {
    let ports = ports.iter().rev().map(|(port, chains)| (port.to_string(), chains));
    let mut ports: Vec<_> = ports.collect();
    ports.sort_by(|(a, _), (b, _)| a.cmp(b));
    ports.dedup_by(|(later, _), (first, _)| later == first);
    ports
}

fn match_map(chains: Vec<(String, &PortChains)>, map: &mut Encoded<MatchMap>) {
    for (key, chains) in chains {
        map.entry(field::match_map::MAP, &key, |on_match| on_match.merge(&to(chains)));
    }
}

fn range(address: &Address) -> CidrRange {
    CidrRange { address_prefix: ip::text(address.ip), prefix_len: Some(u32::from(address.prefix_len).into()) }
}

fn to(chains: &PortChains) -> OnMatch {
    match chains {
        PortChains::One(name) => chain(name),
        PortChains::Detect { http, tcp } => {
            // The quotes are part of the value: Envoy writes the protocols as a list of quoted names.
            let map = ["'h2c'", "'http/1.1'"].map(|protocol| (protocol.to_owned(), chain(http)));
            let map = MatchMap { map: map.into_iter().collect() };
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
    use envoy::Message as _;

    fn address(ip: &str) -> Address {
        Address::single(ip.parse().unwrap())
    }

    /// The entries after adding one of a Service.
    fn entries(addresses: Vec<Address>, ports: Vec<(u32, PortChains)>) -> IpMatcher {
        let mut entries = Entries::with_capacity(0);
        entries.add(&Destination { addresses, ports });
        IpMatcher::decode(entries.entries.as_bytes()).unwrap()
    }

    #[test]
    fn a_service_has_an_entry() {
        let ports = || [80, 443].map(|port| (port, PortChains::One(format!("chain-{port}").into())));
        let addresses = ["10.0.0.1", "fd00::1"].map(address);
        let map = ports().into_iter().map(|(port, chains)| (port.to_string(), to(&chains))).collect();
        let by_port = TreeType::ExactMatchMap(MatchMap { map });
        let entry = IpRangeMatcher {
            ranges: addresses.iter().map(range).collect(),
            on_match: Some(nested(tree(input("port", &DestinationPortInput::default()), by_port))),
            ..IpRangeMatcher::default()
        };
        assert_eq!(entries(addresses.into(), ports().into()).range_matchers, [entry]);
    }

    #[test]
    fn authorities_come_before_addresses() {
        let by_ip = Entries::with_capacity(0).matcher();
        assert_eq!(by_authority(&BTreeMap::new(), by_ip.clone()), by_ip);
        let chains = BTreeMap::from([("a.example:80".to_owned(), PortChains::One("c".into()))]);
        let matcher = by_authority(&chains, by_ip.clone());
        assert_eq!(matcher.on_no_match.as_deref(), Some(&nested(by_ip)));
    }

    #[test]
    fn detection_falls_back_to_tcp() {
        let on_match = to(&PortChains::Detect { http: "h".into(), tcp: "t".into() });
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
