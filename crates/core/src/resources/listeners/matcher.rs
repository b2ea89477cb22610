//! How a connection's chain is found: by its destination's address, then by its port, and by what is spoken where that
//! was not declared.
//!
//! Source: [the unified matching API](https://www.envoyproxy.io/docs/envoy/latest/xds/type/matcher/v3/matcher.proto) and
//! its [inputs](https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/matching/common_inputs/network/v3/network_inputs.proto).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

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

use crate::mesh::ip;
use crate::mesh::service::Address;
use crate::mesh::waypoint::Proxy;
use crate::mesh::{Service, Workload};
use crate::resources::{Scope, field};
use crate::rules::MatchedAddresses;

/// What Istio says instead of an address that is not there.
const UNSPECIFIED: Address = Address { ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED), prefix_len: 32 };

/// The chains that connections to one port of a Service go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PortChains {
    /// All to this one.
    One(String),
    /// HTTP to the one, anything else to the other.
    Detect {
        /// The chain for HTTP.
        http: String,
        /// The chain for anything else.
        tcp: String,
    },
}

/// Whether connections are told apart by hostname before address.
pub(super) fn by_hostname_first(scope: &Scope<'_>) -> bool {
    scope.mesh.options.features.ambient_enable_multi_network && scope.rules.listeners.matches_hostnames
}

/// The address that stands for a Service: the first that the proxy can be called by.
pub(super) fn primary_address(service: &Service, proxy: &Proxy) -> Option<IpAddr> {
    all_addresses(service, proxy).first().map(|address| address.ip)
}

/// A matcher by the tunnel's authority, `hostname:port`, and by `otherwise` where that is none of these.
pub(super) fn by_authority(chains: BTreeMap<String, PortChains>, otherwise: Matcher) -> Matcher {
    if chains.is_empty() {
        return otherwise;
    }
    let map =
        MatchMap { map: chains.into_iter().map(|(authority, chains)| (authority, to(chains))).collect() };
    let key = "io.istio.connect_authority".to_owned();
    let by_authority = tree(
        input("authority-filter-state", &FilterStateInput { key, ..FilterStateInput::default() }),
        TreeType::ExactMatchMap(map),
    );
    Matcher { on_no_match: Some(Box::new(nested(otherwise))), ..by_authority }
}

/// An entry per destination, of which a later one never hides an earlier one's addresses. There are thousands of them,
/// eight messages deep: they are encoded as they come.
#[derive(Debug)]
pub(super) struct Destinations {
    entries: Encoded<IpMatcher>,
    /// What each entry has before its ports.
    by_port: Encoded<MatcherTree>,
    /// Whether there are entries without addresses.
    without_ranges: bool,
}

/// What the entry of a Service with one port takes at most.
const MOST: usize = 512;

impl Destinations {
    /// No entries, but room for those of this many Services.
    pub(super) fn with_capacity(services: usize, without_ranges: bool) -> Self {
        let input = Some(input("port", &DestinationPortInput::default()));
        let by_port = Encoded::of(&MatcherTree { input, ..MatcherTree::default() });
        Self { entries: Encoded::with_capacity(services * MOST), by_port, without_ranges }
    }

    /// Adds the entry of a Service: its addresses, and its chains by port. There is none without ports and,
    /// unless the release forgets that, without addresses: Envoy would refuse it.
    pub(super) fn service(&mut self, addresses: &[Address], ports: Vec<(u32, PortChains)>) {
        if ports.is_empty() || (addresses.is_empty() && !self.without_ranges) {
            return;
        }
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
    pub(super) fn workloads<'w>(
        &mut self,
        workloads: impl IntoIterator<Item = &'w Workload>,
        rule: MatchedAddresses,
        chains: PortChains,
    ) {
        let counted = match rule {
            MatchedAddresses::Primary => 1,
            MatchedAddresses::All | MatchedAddresses::AllOrPrimary => usize::MAX,
        };
        let addresses = workloads.into_iter().flat_map(|workload| workload.addresses.iter().take(counted));
        let ranges: Vec<CidrRange> = addresses.map(|ip| range(&single(*ip))).collect();
        if !ranges.is_empty() {
            let entry = IpRangeMatcher { ranges, on_match: Some(to(chains)), ..IpRangeMatcher::default() };
            self.entries.message(field::ip_matcher::RANGE_MATCHERS, &entry);
        }
    }

    /// The matcher of a listener.
    pub(super) fn matcher(self) -> Matcher {
        let ranges =
            TypedExtensionConfig { name: "ip".to_owned(), typed_config: Some(self.entries.into_any()) };
        tree(input("ip", &DestinationIpInput::default()), TreeType::CustomMatch(ranges))
    }
}

/// As protobuf's maps are written: in the order of the keys; of several with the same key the last counts.
fn by_text(ports: Vec<(u32, PortChains)>) -> Vec<(String, PortChains)> {
    let ports = ports.into_iter().rev().map(|(port, chains)| (port.to_string(), chains));
    let mut ports: Vec<_> = ports.collect();
    ports.sort_by(|(a, _), (b, _)| a.cmp(b));
    ports.dedup_by(|(later, _), (first, _)| later == first);
    ports
}

fn match_map(chains: Vec<(String, PortChains)>, map: &mut Encoded<MatchMap>) {
    for (key, chains) in chains {
        map.entry(field::match_map::MAP, &key, |on_match| on_match.merge(&to(chains)));
    }
}

/// The addresses of a Service that a waypoint matches.
pub(super) fn addresses(service: &Service, proxy: &Proxy, rule: MatchedAddresses) -> Vec<Address> {
    match rule {
        MatchedAddresses::Primary => vec![service.addresses.first().copied().unwrap_or(UNSPECIFIED)],
        MatchedAddresses::All | MatchedAddresses::AllOrPrimary => {
            let mut all = all_addresses(service, proxy);
            if all.is_empty() && rule == MatchedAddresses::AllOrPrimary {
                all.extend(service.addresses.first());
            }
            // In the order of their text.
            all.sort_by_cached_key(|address| ip::text::<String>(address.ip));
            all.dedup();
            all
        }
    }
}

/// The addresses of a Service that a proxy can be called by.
fn all_addresses(service: &Service, proxy: &Proxy) -> Vec<Address> {
    let both = proxy.supports_ipv4() && proxy.supports_ipv6();
    let usable = |address: &Address| {
        both || if address.ip.is_ipv4() { proxy.supports_ipv4() } else { proxy.supports_ipv6() }
    };
    if service.is_kubernetes() {
        // Headless Services count as having the unspecified address.
        let given = if service.addresses.is_empty() { &[UNSPECIFIED][..] } else { &service.addresses };
        return given.iter().filter(|address| usable(address)).copied().collect();
    }
    // A ServiceEntry's own address is taken whatever its family; those that Istio allocated are not.
    if let Some(first) = service.addresses.first() {
        return vec![*first];
    }
    let allocated: Vec<Address> =
        service.auto_allocated.iter().map(|ip| single(*ip)).filter(usable).collect();
    if allocated.is_empty() { vec![UNSPECIFIED] } else { allocated }
}

const fn single(ip: IpAddr) -> Address {
    Address { ip, prefix_len: if ip.is_ipv4() { 32 } else { 128 } }
}

fn range(address: &Address) -> CidrRange {
    CidrRange { address_prefix: ip::text(address.ip), prefix_len: Some(u32::from(address.prefix_len).into()) }
}

fn to(chains: PortChains) -> OnMatch {
    match chains {
        PortChains::One(name) => chain(name),
        PortChains::Detect { http, tcp } => {
            // The quotes are part of the value: Envoy writes the protocols as a list of quoted names.
            let map = ["'h2c'", "'http/1.1'"].map(|protocol| (protocol.to_owned(), chain(http.clone())));
            let map = MatchMap { map: map.into_iter().collect() };
            let protocols = input("application-protocol", &ApplicationProtocolInput::default());
            let matcher = tree(protocols, TreeType::ExactMatchMap(map));
            nested(Matcher { on_no_match: Some(Box::new(chain(tcp))), ..matcher })
        }
    }
}

/// Goes to the chain of this name.
fn chain(name: String) -> OnMatch {
    let action =
        TypedExtensionConfig { typed_config: Some(envoy::any(&StringValue { value: name.clone() })), name };
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
        single(ip.parse().unwrap())
    }

    /// The entries after adding one of a Service.
    fn entries(addresses: &[Address], ports: Vec<(u32, PortChains)>) -> IpMatcher {
        let mut destinations = Destinations::with_capacity(0, false);
        destinations.service(addresses, ports);
        IpMatcher::decode(destinations.entries.as_bytes()).unwrap()
    }

    #[test]
    fn a_service_has_an_entry() {
        let ports = || [80, 443].map(|port| (port, PortChains::One(format!("chain-{port}"))));
        let addresses = ["10.0.0.1", "fd00::1"].map(address);
        let map = ports().into_iter().map(|(port, chains)| (port.to_string(), to(chains))).collect();
        let by_port = TreeType::ExactMatchMap(MatchMap { map });
        let entry = IpRangeMatcher {
            ranges: addresses.iter().map(range).collect(),
            on_match: Some(nested(tree(input("port", &DestinationPortInput::default()), by_port))),
            ..IpRangeMatcher::default()
        };
        assert_eq!(entries(&addresses, ports().into()).range_matchers, [entry]);
    }

    #[test]
    fn a_service_without_addresses_or_ports_has_no_entry() {
        let chains = vec![(80, PortChains::One("chain".to_owned()))];
        assert_eq!(entries(&[], chains), IpMatcher::default());
        assert_eq!(entries(&[address("10.0.0.1")], Vec::new()), IpMatcher::default());
    }

    #[test]
    fn authorities_come_before_addresses() {
        let by_ip = Destinations::with_capacity(0, false).matcher();
        assert_eq!(by_authority(BTreeMap::new(), by_ip.clone()), by_ip);
        let chains = BTreeMap::from([("a.example:80".to_owned(), PortChains::One("c".to_owned()))]);
        let matcher = by_authority(chains, by_ip.clone());
        assert_eq!(matcher.on_no_match.as_deref(), Some(&nested(by_ip)));
    }

    #[test]
    fn detection_falls_back_to_tcp() {
        let on_match = to(PortChains::Detect { http: "h".to_owned(), tcp: "t".to_owned() });
        let Some(on_match::OnMatch::Matcher(matcher)) = on_match.on_match else { panic!("no matcher") };
        assert_eq!(matcher.on_no_match.as_deref(), Some(&chain("t".to_owned())));
        let Some(MatcherType::MatcherTree(MatcherTree {
            tree_type: Some(TreeType::ExactMatchMap(map)), ..
        })) = matcher.matcher_type
        else {
            panic!("no map");
        };
        assert_eq!(map.map.keys().collect::<Vec<_>>(), ["'h2c'", "'http/1.1'"]);
    }
}
