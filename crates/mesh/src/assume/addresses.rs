//! Addresses that tell at a glance that they are assumed: of ranges that no network uses.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::{count, is_new, names, note};
use crate::Str;
use crate::problem::Problem;
use crate::snapshot::Snapshot;
use crate::snapshot::kubernetes::Service;

/// A range of addresses to choose from: the first, and how many there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    first: IpAddr,
    size: u32,
}

/// `240.241.0.0/16`, beside the range that Istio allocates from.
const OF_SERVICES: Range = Range { first: IpAddr::V4(Ipv4Addr::new(240, 241, 0, 0)), size: 1 << 16 };
/// `2001:2:0:241::/97`, of the range for benchmarks.
const OF_SERVICES_IPV6: Range =
    Range { first: IpAddr::V6(Ipv6Addr::new(0x2001, 2, 0, 0x241, 0, 0, 0, 0)), size: 1 << 31 };
/// `240.242.0.0/15`.
pub(super) const OF_PODS: Range = Range { first: IpAddr::V4(Ipv4Addr::new(240, 242, 0, 0)), size: 1 << 17 };

impl Range {
    /// The n-th address.
    fn at(self, n: u32) -> IpAddr {
        match self.first {
            IpAddr::V4(first) => Ipv4Addr::from_bits(first.to_bits() + n).into(),
            IpAddr::V6(first) => Ipv6Addr::from_bits(first.to_bits() + u128::from(n)).into(),
        }
    }
}

/// How many addresses a name says that it would like, before it takes any.
const WISHES: u32 = 64;

/// Gives each name its address: the name alone says which. Where two names say the same address, the second
/// in the order in which they are asked for (by namespace and name) gets its next wish, which its name alone
/// says as well: so an object that is added may move one that wishes for the same address and comes later,
/// and hardly ever a third. Of a thousand Services some eight share a wish with another.
#[derive(Debug)]
pub(super) struct Addresses {
    range: Range,
    given: BTreeSet<u32>,
}

impl Addresses {
    pub(super) fn new(range: Range) -> Self {
        Self { range, given: BTreeSet::new() }
    }

    /// The address of an object; none if all are given.
    pub(super) fn of(&mut self, namespace: &str, name: &str) -> Option<IpAddr> {
        // The first and the last address of a range are no host's.
        let usable = self.range.size - 2;
        let wish = |attempt| hash(namespace, name, attempt) % usable;
        let wishes = (0..WISHES).map(wish);
        let any = (0..usable).map(|step| (wish(0) + step) % usable);
        let free = wishes.chain(any).map(|n| 1 + n).find(|n| !self.given.contains(n))?;
        self.given.insert(free);
        Some(self.range.at(free))
    }
}

/// FNV-1a (<http://www.isthe.com/chongo/tech/comp/fnv/>): the same on every machine and in every version. No
/// name ends in what is added for further attempts.
fn hash(namespace: &str, name: &str, attempt: u32) -> u32 {
    let again = (attempt > 0).then_some(attempt.to_be_bytes());
    let bytes = namespace.bytes().chain([b'/']).chain(name.bytes()).chain(again.into_iter().flatten());
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The addresses that Services without any get, by their position in the snapshot.
#[derive(Debug)]
pub(super) struct OfServices {
    given: Vec<(usize, Vec<Str>)>,
    names: Vec<String>,
}

/// Finds the Services that a cluster would give an address.
pub(super) fn of_services(snapshot: &Snapshot) -> OfServices {
    let mut ipv4 = Addresses::new(OF_SERVICES);
    let mut ipv6 = Addresses::new(OF_SERVICES_IPV6);
    let mut found = OfServices { given: Vec::new(), names: Vec::new() };
    for (position, object) in snapshot.services.iter().enumerate() {
        let (meta, spec) = (&object.meta, &object.spec);
        if !is_new(meta) || !lacks_address(spec) {
            continue;
        }
        let families: &[Str] =
            if spec.ip_families.is_empty() { &[Str::new_static("IPv4")] } else { &spec.ip_families };
        let address = |family: &Str| {
            let pool = if family == "IPv6" { &mut ipv6 } else { &mut ipv4 };
            pool.of(&meta.namespace, &meta.name).map(|address| Str::from(address.to_string()))
        };
        let addresses: Vec<Str> = families.iter().filter_map(address).collect();
        if !addresses.is_empty() {
            found.given.push((position, addresses));
            found.names.push(format!("{}/{}", meta.namespace, meta.name));
        }
    }
    found
}

fn lacks_address(service: &Service) -> bool {
    service.cluster_ip.is_empty() && service.cluster_ips.is_empty() && service.service_type != "ExternalName"
}

impl OfServices {
    pub(super) fn note(&self) -> Option<Problem> {
        let number = self.names.len();
        let message = || {
            let services = count(number, "Service");
            format!(
                "assumed addresses in 240.241.0.0/16 for {services} without `clusterIP`: {}",
                names(&self.names)
            )
        };
        (number > 0).then(|| note(message()))
    }

    pub(super) fn apply(self, snapshot: &mut Snapshot) {
        for (position, addresses) in self.given {
            let Some(service) = snapshot.services.get_mut(position) else { continue };
            let service = Arc::make_mut(service);
            service.meta.assume_address();
            let spec = &mut service.spec;
            spec.cluster_ip = addresses.first().cloned().unwrap_or_default();
            spec.cluster_ips = addresses;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_never_share_an_address() {
        let mut addresses = Addresses::new(Range { first: OF_SERVICES.first, size: 6 });
        let given: BTreeSet<Option<IpAddr>> = ["a", "b", "c", "d"].map(|name| addresses.of("n", name)).into();
        assert_eq!(given.len(), 4);
        assert!(!given.contains(&None));
        assert_eq!(addresses.of("n", "e"), None);
    }

    /// Names of a namespace and their addresses, given in the order of the names.
    fn given(names: &BTreeSet<String>) -> Vec<(String, Option<IpAddr>)> {
        let mut addresses = Addresses::new(OF_SERVICES);
        names.iter().map(|name| (name.clone(), addresses.of("shop", name))).collect()
    }

    #[test]
    fn an_added_object_moves_only_one_that_wishes_for_the_same_address() {
        let names: BTreeSet<String> = (0..1_000).map(|n| format!("service-{n}")).collect();
        let before = given(&names);
        let usable = OF_SERVICES.size - 2;
        let wish = |name: &str| hash("shop", name, 0) % usable;
        let mut moved = 0;
        for n in 0..200 {
            let added = format!("added-{n}");
            let mut more = names.clone();
            more.insert(added.clone());
            let after = given(&more);
            let others = after.iter().filter(|(name, _)| *name != added);
            let differing: Vec<&String> =
                others.zip(&before).filter(|(now, then)| now != then).map(|((name, _), _)| name).collect();
            assert!(differing.iter().all(|name| wish(name) == wish(&added)), "{added} moves {differing:?}");
            moved += differing.len();
        }
        assert!(moved <= 10, "{moved} of 200");
        let of_colliding = |first: &str, second: &str| {
            let mut addresses = Addresses::new(Range { first: OF_SERVICES.first, size: 3 });
            [addresses.of("n", first), addresses.of("n", second)]
        };
        assert_eq!(of_colliding("a", "b")[1], None, "there is no other");
    }
}
