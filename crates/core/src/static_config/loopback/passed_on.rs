//! What is passed on to the address that was called: there, addresses that are matched are dialled.

use std::collections::BTreeSet;
use std::net::IpAddr;

use envoy::Message;
use envoy::config::cluster::v3::cluster::{ClusterDiscoveryType, DiscoveryType};
use envoy::config::listener::v3::Listener;
use envoy::config::route::v3::weighted_cluster::ClusterWeight;
use envoy::extensions::filters::network::tcp_proxy::v3::tcp_proxy::weighted_cluster::ClusterWeight as TcpClusterWeight;
use envoy::inside::{self, Change, Visit};
use envoy::xds::core::v3::CidrRange;
use envoy::xds::r#type::matcher::v3::ip_matcher::IpRangeMatcher;
use envoy::xds::r#type::matcher::v3::matcher::OnMatch;
use envoy::xds::r#type::matcher::v3::matcher::on_match::OnMatch as Leads;

use super::rewrite::wide;
use crate::resources::WaypointResources;
use crate::resources::names::ENCAP;

/// The clusters that pass a connection on to the address that was called.
pub(super) fn clusters(resources: &WaypointResources) -> BTreeSet<String> {
    let original_dst = Some(ClusterDiscoveryType::Type(DiscoveryType::OriginalDst.into()));
    let clusters = resources.clusters.iter().map(|cluster| &cluster.message);
    let passing = clusters.filter(|cluster| cluster.cluster_discovery_type == original_dst);
    passing.map(|cluster| cluster.name.clone()).chain([ENCAP.to_owned()]).collect()
}

/// The chains of a listener that lead to such a cluster.
pub(super) struct PassedOn {
    chains: BTreeSet<String>,
}

impl PassedOn {
    /// Finds them.
    pub(super) fn of(listener: &Listener, clusters: &BTreeSet<String>) -> Self {
        let leading = listener.filter_chains.iter().filter(|chain| {
            let mut named = NamesOne { clusters, found: false };
            // What can't be looked into was not made here; what was seen of it counts.
            let _ = inside::visit(*chain, &mut named);
            named.found
        });
        Self { chains: leading.map(|chain| chain.name.clone()).collect() }
    }

    /// Every single address that the listener's matcher sends to one of the chains.
    pub(super) fn addresses(&self, listener: &Listener) -> Vec<IpAddr> {
        let mut singles = Singles { passed_on: self, found: Vec::new() };
        let _ = inside::visit(listener, &mut singles);
        singles.found
    }

    /// Ranges of addresses that are sent to one of the chains become ranges of 127.0.0.0/8.
    pub(super) fn move_ranges(&self, listener: &mut Listener) {
        // A listener that can't be looked into stays as it is.
        let _ = inside::change(listener, &mut Ranges { passed_on: self });
    }

    /// What matches ranges of addresses, if it leads to one of the chains.
    fn leading(&self, name: &str, wire: &[u8]) -> Option<IpRangeMatcher> {
        let matcher: IpRangeMatcher = inside::read(name, wire)?;
        let mut leads = LeadsToOne { chains: &self.chains, found: false };
        inside::visit(matcher.on_match.as_ref()?, &mut leads).ok()?;
        leads.found.then_some(matcher)
    }
}

/// Whether one of these clusters is named.
struct NamesOne<'c> {
    clusters: &'c BTreeSet<String>,
    found: bool,
}

impl Visit for NamesOne<'_> {
    fn message(&mut self, name: &str, wire: &[u8]) {
        // A cluster among several weighted ones is only named.
        let of_route = inside::read(name, wire).and_then(|one: ClusterWeight| one.weight.map(|_| one.name));
        let of_tcp =
            || inside::read(name, wire).filter(|one: &TcpClusterWeight| one.weight > 0).map(|one| one.name);
        let named = of_route.or_else(of_tcp);
        self.found |= named.is_some_and(|cluster| self.clusters.contains(&cluster));
    }

    fn text(&mut self, name: &str, text: &str) {
        self.found |= name == "cluster" && self.clusters.contains(text);
    }
}

/// Whether a part of a matcher leads to one of these chains.
struct LeadsToOne<'c> {
    chains: &'c BTreeSet<String>,
    found: bool,
}

impl Visit for LeadsToOne<'_> {
    fn message(&mut self, name: &str, wire: &[u8]) {
        if let Some(OnMatch { on_match: Some(Leads::Action(action)), .. }) = inside::read(name, wire) {
            self.found |= self.chains.contains(&action.name);
        }
    }
}

/// The single addresses that lead there.
struct Singles<'p> {
    passed_on: &'p PassedOn,
    found: Vec<IpAddr>,
}

impl Visit for Singles<'_> {
    fn message(&mut self, name: &str, wire: &[u8]) {
        if let Some(matcher) = self.passed_on.leading(name, wire) {
            self.found.extend(matcher.ranges.iter().filter_map(single));
        }
    }
}

/// The only address of a range.
fn single(range: &CidrRange) -> Option<IpAddr> {
    let prefix: IpAddr = range.address_prefix.parse().ok()?;
    let length = range.prefix_len?.value;
    (length == if prefix.is_ipv4() { 32 } else { 128 }).then_some(prefix)
}

/// Moves ranges of addresses that lead there.
struct Ranges<'p> {
    passed_on: &'p PassedOn,
}

impl Change for Ranges<'_> {
    fn message(&mut self, name: &str, wire: Vec<u8>) -> Vec<u8> {
        let Some(mut matcher) = self.passed_on.leading(name, &wire) else { return wire };
        for range in &mut matcher.ranges {
            let length = range.prefix_len.map_or(0, |length| length.value);
            if let Some((prefix, length)) = wide(&range.address_prefix, length) {
                *range = CidrRange { address_prefix: prefix, prefix_len: Some(length.into()) };
            }
        }
        matcher.encode_to_vec()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ranges_move_where_they_are_passed_on() {
        let matcher = |chain: &str| -> IpRangeMatcher {
            let range = json!({"addressPrefix": "240.2.0.0", "prefixLen": 16});
            envoy::json::parse(&json!({"ranges": [range], "onMatch": {"action": {"name": chain}}})).unwrap()
        };
        let passed_on = PassedOn { chains: BTreeSet::from(["direct".to_owned()]) };
        let [mut moved, mut served] = [matcher("direct"), matcher("cart")];
        inside::change(&mut moved, &mut Ranges { passed_on: &passed_on }).unwrap();
        inside::change(&mut served, &mut Ranges { passed_on: &passed_on }).unwrap();
        assert_eq!(moved.ranges[0].address_prefix, "127.2.0.0");
        assert_eq!(moved.ranges[0].prefix_len.map(|length| length.value), Some(16));
        assert_eq!(served, matcher("cart"));
    }
}
