//! Pods' addresses, moved to this machine.
//!
//! A configuration that names a pod's address would dial it. So addresses are replaced in the snapshot's
//! text, before anything is made of it: no later step can forget one. VIPs stay: they are matched, never
//! dialled.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::snapshot::networking::service_entry::Resolution;
use waypoint_xds::text::SourceFile;

use crate::loopback::Block;

/// For every address that a snapshot's workloads have, one of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readdress(BTreeMap<Ipv4Addr, Ipv4Addr>);

impl Readdress {
    /// Gives each workload of the snapshot an address of the block: that with the same last two octets, or
    /// else the next free one.
    #[must_use]
    pub fn of(snapshot: &Snapshot, block: &Block) -> Self {
        let mut taken = BTreeSet::new();
        let mut map = BTreeMap::new();
        for address in addresses(snapshot) {
            let [_, _, third, fourth] = address.octets();
            let mut low = u16::from_be_bytes([third, fourth]);
            // A block has 65,536 addresses; past that many, two pods share one.
            for _ in 0..u16::MAX {
                if taken.insert(low) {
                    break;
                }
                low = low.wrapping_add(1);
            }
            map.insert(address, block.address(low));
        }
        Self(map)
    }

    /// The file with addresses replaced.
    #[must_use]
    pub fn file(&self, file: &SourceFile) -> SourceFile {
        file.with_text(self.text(file.text()))
    }

    fn text(&self, text: &str) -> String {
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        let numeric = |c: char| c.is_ascii_digit() || c == '.';
        while let Some(start) = rest.find(numeric) {
            let (before, from) = rest.split_at(start);
            let (number, after) = from.split_at(from.find(|c| !numeric(c)).unwrap_or(from.len()));
            replaced.push_str(before);
            match number.parse::<Ipv4Addr>().ok().and_then(|address| self.0.get(&address)) {
                Some(address) => replaced.push_str(&address.to_string()),
                None => replaced.push_str(number),
            }
            rest = after;
        }
        replaced + rest
    }
}

/// Every IPv4 address that a pod, an endpoint or a workload outside the cluster has, and those outside that a
/// waypoint passes connections on to.
fn addresses(snapshot: &Snapshot) -> BTreeSet<Ipv4Addr> {
    let pods = snapshot.pods.iter().map(|pod| &pod.spec.status);
    let pods = pods.flat_map(|status| status.pod_ips.iter().map(|ip| &ip.ip).chain([&status.pod_ip]));
    let slices = snapshot.endpoint_slices.iter().flat_map(|slice| &slice.spec.endpoints);
    let slices = slices.flat_map(|endpoint| &endpoint.addresses);
    let entries = snapshot.workload_entries.iter().map(|entry| &entry.spec.address);
    let inline = snapshot.service_entries.iter().flat_map(|entry| &entry.spec.endpoints);
    let inline = inline.map(|endpoint| &endpoint.address);
    let passed_on = snapshot.service_entries.iter().filter(|entry| entry.spec.resolution == Resolution::None);
    let passed_on = passed_on.flat_map(|entry| &entry.spec.addresses);
    let all = pods.chain(slices).chain(entries).chain(inline).chain(passed_on);
    all.filter_map(|address| address.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_addresses_are_replaced_and_nothing_else() {
        let [pod, here] = [Ipv4Addr::new(10, 244, 1, 6), Ipv4Addr::new(127, 64, 1, 6)];
        let readdress = Readdress(BTreeMap::from([(pod, here)]));
        let text =
            "podIP: 10.244.1.6\nother: [10.244.1.60, 110.244.1.6, \"10.244.1.6:80\"] # v1.2 10.244.1.6";
        let expected =
            "podIP: 127.64.1.6\nother: [10.244.1.60, 110.244.1.6, \"127.64.1.6:80\"] # v1.2 127.64.1.6";
        assert_eq!(readdress.text(text), expected);
    }
}
