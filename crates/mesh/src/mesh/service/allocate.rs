//! Addresses for ServiceEntries that have none, as istiod's allocator gives them:
//! <https://istio.io/latest/docs/ops/configuration/traffic-management/dns-proxy/#address-auto-allocation>.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Service, ServiceSource};
use crate::Str;
use crate::features::Features;
use crate::snapshot::Snapshot;
use crate::snapshot::networking::ServiceEntry;
use crate::snapshot::networking::service_entry::{gets_addresses, host_gets_addresses};

/// Gives every Service of a ServiceEntry without addresses its own: what the status says, else the next free
/// ones, in the order of the entries' namespaces and names.
pub(super) fn allocate(snapshot: &Snapshot, features: &Features, services: &mut [Service]) {
    let mut pool = Pool::new(snapshot, features);
    let mut given: BTreeMap<(Str, Str), BTreeMap<Str, Vec<IpAddr>>> = BTreeMap::new();
    for entry in snapshot.service_entries.iter().filter(|entry| gets_addresses(entry)) {
        let mut addresses = of_status(&entry.spec);
        let hosts: BTreeSet<&Str> =
            entry.spec.hosts.iter().filter(|host| host_gets_addresses(host, &entry.spec)).collect();
        for host in entry.spec.hosts.iter().filter(|host| hosts.contains(host)) {
            addresses.entry(host.clone()).or_insert_with(|| pool.next());
        }
        given.insert((entry.meta.namespace.clone(), entry.meta.name.clone()), addresses);
    }
    for service in services {
        if let ServiceSource::ServiceEntry(entry) = &service.source
            && let Some(hosts) = given.get(&(entry.meta.namespace.clone(), entry.meta.name.clone()))
            && let Some(addresses) = hosts.get(&service.hostname)
        {
            // One of each family, IPv4 first; the last one counts.
            let of = |ipv4: bool| addresses.iter().rev().find(move |ip| ip.is_ipv4() == ipv4).copied();
            service.auto_allocated = of(true).into_iter().chain(of(false)).collect();
        }
    }
}

/// The addresses that a status names, by host.
fn of_status(entry: &ServiceEntry) -> BTreeMap<Str, Vec<IpAddr>> {
    let mut addresses: BTreeMap<Str, Vec<IpAddr>> = BTreeMap::new();
    for address in &entry.status.addresses {
        if let Ok(ip) = address.value.parse() {
            addresses.entry(address.host.clone()).or_default().push(ip);
        }
    }
    addresses
}

/// The addresses that are left.
struct Pool {
    used: BTreeSet<IpAddr>,
    ipv4: Range,
    ipv6: Range,
}

impl Pool {
    /// All addresses but those that some ServiceEntry has.
    fn new(snapshot: &Snapshot, features: &Features) -> Self {
        let listed = snapshot.service_entries.iter().flat_map(|entry| {
            let status = entry.spec.status.addresses.iter().map(|address| &address.value);
            status.chain(&entry.spec.addresses).filter_map(|address| address.parse().ok())
        });
        let (ipv4, ipv6) =
            (features.pilot_ip_autoallocate_ipv4_prefix, features.pilot_ip_autoallocate_ipv6_prefix);
        Self {
            used: listed.collect(),
            ipv4: Range::new(ipv4.address.to_bits().into(), u32::BITS - u32::from(ipv4.length)),
            ipv6: Range::new(ipv6.address.to_bits(), u128::BITS - u32::from(ipv6.length)),
        }
    }

    /// The next address of each family.
    fn next(&mut self) -> Vec<IpAddr> {
        let Self { used, ipv4, ipv6 } = self;
        let ipv4 =
            ipv4.next(used, |bits| Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or_default()).into());
        let ipv6 = ipv6.next(used, |bits| Ipv6Addr::from_bits(bits).into());
        ipv4.into_iter().chain(ipv6).collect()
    }
}

/// What is left of a range: as bits of addresses, without the network's own.
struct Range {
    next: u128,
    last: u128,
}

impl Range {
    fn new(address: u128, host_bits: u32) -> Self {
        let hosts = u128::MAX.checked_shl(host_bits).map_or(u128::MAX, |network| !network);
        Self { next: address.saturating_add(1), last: address | hosts }
    }

    /// The next address that nobody has, if there is one.
    fn next(&mut self, used: &BTreeSet<IpAddr>, address: impl Fn(u128) -> IpAddr) -> Option<IpAddr> {
        while self.next <= self.last {
            let candidate = address(self.next);
            // The very last address of IPv6 ends the range, too.
            let Some(next) = self.next.checked_add(1) else {
                self.last = 0;
                return (!used.contains(&candidate)).then_some(candidate);
            };
            self.next = next;
            if !used.contains(&candidate) {
                return Some(candidate);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::admit;
    use crate::limits::Limits;
    use crate::mesh::{Mesh, Services};
    use crate::options::Options;
    use crate::text::SourceFile;
    fn entry(name: &str, rest: &str) -> String {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {{name: {name}, namespace: a}}\n\
             spec: {{ports: [{{number: 80, name: http, protocol: HTTP}}], location: MESH_EXTERNAL, {rest}}}\n---\n"
        )
    }

    fn services(text: &str) -> Services {
        let reading = Snapshot::read([SourceFile::new("test", text)], &Limits::DEFAULT);
        Mesh::new(admit(reading.snapshot, &Options::default()), Options::default()).services
    }

    fn addresses(services: &Services, host: &str) -> Vec<String> {
        let id = services.lookup(host, "a");
        let service = id.and_then(|id| services.get(id));
        service.iter().flat_map(|s| &s.auto_allocated).map(ToString::to_string).collect()
    }

    #[test]
    fn free_addresses_are_given_in_the_order_of_names() {
        let taken = format!(
            "{}status: {{addresses: [{{host: c.x, value: 240.240.0.1}}]}}\n---\n",
            entry("c", "hosts: [c.x], resolution: DNS").trim_end_matches("---\n")
        );
        let text = entry("b", "hosts: [b.x], resolution: DNS")
            + &entry("a", "hosts: [a.x], resolution: STATIC")
            + &taken;
        let services = services(&text);
        assert_eq!(addresses(&services, "a.x"), ["240.240.0.2", "2001:2::1"]);
        assert_eq!(addresses(&services, "b.x"), ["240.240.0.3", "2001:2::2"]);
        assert_eq!(addresses(&services, "c.x"), ["240.240.0.1"]);
    }

    #[test]
    fn what_has_addresses_or_no_resolution_gets_none() {
        let text = entry("a", "hosts: [a.x], resolution: STATIC, addresses: [10.0.0.1]")
            + &entry("b", "hosts: [b.x], resolution: NONE")
            + &entry("c", "hosts: ['*.x'], resolution: STATIC")
            + &entry("d", "hosts: ['*.y'], resolution: DYNAMIC_DNS");
        let services = services(&text);
        assert!(addresses(&services, "a.x").is_empty());
        assert!(addresses(&services, "b.x").is_empty());
        assert!(addresses(&services, "*.x").is_empty());
        assert_eq!(addresses(&services, "*.y"), ["240.240.0.1", "2001:2::1"]);
    }
}
