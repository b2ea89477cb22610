//! Addresses for ServiceEntries that have none, as istiod's allocator gives them:
//! <https://istio.io/latest/docs/ops/configuration/traffic-management/dns-proxy/#address-auto-allocation>.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Service, ServiceSource};
use crate::Str;
use crate::features::Features;
use crate::mesh::age;
use crate::rules::Rules;
use crate::snapshot::networking::ServiceEntry;
use crate::snapshot::networking::service_entry::{gets_addresses, host_gets_addresses};
use crate::snapshot::{Object, Snapshot};

/// Gives every Service of a ServiceEntry without addresses its own: what the status says, unless another one
/// has that, else the next free ones, in the order of the entries' namespaces and names.
pub(super) fn allocate(
    snapshot: &Snapshot,
    (rules, features): (&Rules, &Features),
    services: &mut [Service],
) {
    let mut pool = Pool::new(snapshot, features);
    let entries = snapshot.service_entries.iter().filter(|entry| gets_addresses(entry));
    let mut entries: Vec<Entry<'_>> = entries.map(|entry| Entry::new(entry)).collect();
    let conflicts = conflicts(snapshot, &entries, &pool);
    entries.iter_mut().for_each(|entry| entry.complete(&mut pool));
    resolve(conflicts, snapshot, &mut entries, &mut pool, rules);
    let given: BTreeMap<_, _> = entries.iter().map(|entry| (key(entry.object), &entry.addresses)).collect();
    for service in services {
        if let ServiceSource::ServiceEntry(entry) = &service.source
            && let Some(addresses) = given.get(&key(entry)).and_then(|hosts| hosts.get(&service.hostname))
        {
            // One of each family, IPv4 first; the last one counts.
            let of = |ipv4: bool| addresses.iter().rev().find(move |ip| ip.is_ipv4() == ipv4).copied();
            service.auto_allocated = of(true).into_iter().chain(of(false)).collect();
        }
    }
}

/// A ServiceEntry that gets addresses.
struct Entry<'s> {
    object: &'s Object<ServiceEntry>,
    /// By host.
    addresses: BTreeMap<Str, Vec<IpAddr>>,
}

impl<'s> Entry<'s> {
    /// One with what its status says.
    fn new(object: &'s Object<ServiceEntry>) -> Self {
        Self { object, addresses: of_status(&object.spec) }
    }

    /// The hosts that get addresses.
    fn hosts(&self) -> impl Iterator<Item = &'s Str> + use<'s> {
        let spec = &self.object.spec;
        spec.hosts.iter().filter(|host| host_gets_addresses(host, spec))
    }

    /// Gives the next free addresses to hosts that have none.
    fn complete(&mut self, pool: &mut Pool) {
        for host in self.hosts() {
            self.addresses.entry(host.clone()).or_insert_with(|| pool.next());
        }
    }

    /// Those of its addresses that are among these.
    fn among<'a>(&'a self, wanted: &'a BTreeSet<IpAddr>) -> impl Iterator<Item = &'a IpAddr> {
        self.addresses.values().flatten().filter(|ip| wanted.contains(ip))
    }
}

fn key(entry: &Object<ServiceEntry>) -> (&str, &str) {
    (&entry.meta.namespace, &entry.meta.name)
}

/// The addresses that an entry lists itself.
fn listed(entry: &ServiceEntry) -> impl Iterator<Item = IpAddr> {
    entry.addresses.iter().filter_map(|address| address.parse().ok())
}

/// What each ServiceEntry, in the order of namespaces and names, has of addresses that one before it has,
/// too: as far as they are of those that are given. (The order is a map's in Istio.)
fn conflicts(snapshot: &Snapshot, entries: &[Entry<'_>], pool: &Pool) -> Vec<BTreeSet<IpAddr>> {
    let mut owners: BTreeMap<IpAddr, (&str, &str)> = BTreeMap::new();
    let given: BTreeMap<_, _> = entries.iter().map(|entry| (key(entry.object), &entry.addresses)).collect();
    let mut conflicts = Vec::new();
    for object in &snapshot.service_entries {
        let own = key(object);
        let of_status: Vec<IpAddr> =
            given.get(&own).into_iter().flat_map(|a| a.values().flatten()).copied().collect();
        for addresses in [listed(&object.spec).collect(), of_status] {
            let mut is_taken = |ip: &IpAddr| pool.gives(*ip) && *owners.entry(*ip).or_insert(own) != own;
            let taken: BTreeSet<IpAddr> = addresses.into_iter().filter(|ip| is_taken(ip)).collect();
            if !taken.is_empty() {
                conflicts.push(taken);
            }
        }
    }
    conflicts
}

/// Gives new addresses to all hosts of ServiceEntries whose status names one that another has. The oldest of
/// them keeps it, unless some entry lists it itself; of those of one second the first by namespace and name,
/// where Istio leaves it to chance.
fn resolve(
    conflicts: Vec<BTreeSet<IpAddr>>,
    snapshot: &Snapshot,
    entries: &mut [Entry<'_>],
    pool: &mut Pool,
    rules: &Rules,
) {
    if conflicts.is_empty() {
        return;
    }
    let users: BTreeSet<IpAddr> =
        snapshot.service_entries.iter().flat_map(|entry| listed(&entry.spec)).collect();
    // By position. What is given anew nobody else has.
    let mut holders: BTreeMap<IpAddr, BTreeSet<usize>> = BTreeMap::new();
    for (position, entry) in entries.iter().enumerate() {
        for ip in entry.addresses.values().flatten() {
            holders.entry(*ip).or_default().insert(position);
        }
    }
    for addresses in conflicts {
        let of_address = |ip| holders.remove(ip).unwrap_or_default();
        let rivals: BTreeSet<usize> = addresses.iter().flat_map(of_address).collect();
        let is_rival = |position: &usize| entries.get(*position)?.among(&addresses).next().map(|_| *position);
        let mut rivals: Vec<usize> = rivals.iter().filter_map(is_rival).collect();
        rivals.sort_by_key(|position| {
            entries.get(*position).map(|entry| age::created(&entry.object.meta, rules))
        });
        let is_free = !addresses.iter().any(|ip| users.contains(ip));
        for (rank, position) in rivals.into_iter().enumerate() {
            let Some(entry) = entries.get_mut(position) else { continue };
            if rank > 0 || !is_free {
                entry.addresses.clear();
                entry.complete(pool);
            }
            for ip in entry.among(&addresses) {
                holders.entry(*ip).or_default().insert(position);
            }
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

    /// Whether an address is one of those that are given to ServiceEntries.
    fn gives(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => self.ipv4.contains(ip.to_bits().into()),
            IpAddr::V6(ip) => self.ipv6.contains(ip.to_bits()),
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
    first: u128,
    next: u128,
    last: u128,
}

impl Range {
    fn new(address: u128, host_bits: u32) -> Self {
        let hosts = u128::MAX.checked_shl(host_bits).map_or(u128::MAX, |network| !network);
        Self { first: address, next: address.saturating_add(1), last: address | hosts }
    }

    /// Whether it had this address at first.
    const fn contains(&self, bits: u128) -> bool {
        self.first <= bits && bits <= self.last
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
    fn the_oldest_keeps_an_address_that_several_have() {
        let with_status = |name: &str, created: &str, value: &str| {
            let text = entry(name, &format!("hosts: [{name}.x, {name}.y], resolution: DNS"));
            let text = text.replace("namespace: a", &format!("namespace: a, creationTimestamp: '{created}'"));
            let status = format!("status: {{addresses: [{{host: {name}.x, value: {value}}}]}}\n---\n");
            text.replace("---\n", &status)
        };
        let text = with_status("a", "2024-01-02T00:00:00Z", "240.240.0.1")
            + &with_status("b", "2024-01-01T00:00:00Z", "240.240.0.1")
            + &with_status("c", "2024-01-01T00:00:00Z", "240.240.0.9")
            + &with_status("d", "2024-01-01T00:00:00Z", "10.0.0.1")
            + &with_status("e", "2024-01-02T00:00:00Z", "10.0.0.1")
            + &entry("f", "hosts: [f.x], resolution: STATIC, addresses: [240.240.0.9]");
        let services = services(&text);
        let first = |host| addresses(&services, host).into_iter().next().unwrap_or_default();
        assert_eq!(first("b.x"), "240.240.0.1");
        // What hosts without addresses were given comes before.
        assert_eq!(["a.y", "b.y", "c.y"].map(first), ["240.240.0.8", "240.240.0.3", "240.240.0.11"]);
        assert_eq!(["a.x", "c.x"].map(first), ["240.240.0.7", "240.240.0.10"], "whoever lists it keeps it");
        assert_eq!(["d.x", "e.x"].map(first), ["10.0.0.1", "10.0.0.1"], "nobody looks at others' addresses");
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
