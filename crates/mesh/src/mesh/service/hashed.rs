//! Addresses that Istio computes from the names of ServiceEntries without any, where nothing allocates
//! them. Nobody but proxies that ask for them know of these.
//!
//! Source: `autoAllocateIPs` of Istio's control plane, which has a place for each address and looks for an
//! empty one by double hashing. Of names that ask for one place the first gets it: their order is a map's
//! there, and that of their ServiceEntries' namespaces and names here.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::{Resolution, Service};
use crate::Str;
use crate::mesh::derive::fnv32;
use crate::rules::HashedAddresses;

/// The divisor of the second hash.
const PRIME: u32 = 65_011;
/// How many numbers the last part of an address has: 255 is left out.
const LAST_PART: u32 = 255;

/// Gives the addresses.
pub(super) fn assign(services: &mut [Service], how: HashedAddresses) {
    let mut places: BTreeMap<u32, usize> = BTreeMap::new();
    let wanting = |service: &Service| {
        !service.is_kubernetes()
            && service.addresses.is_empty()
            && !service.hostname.starts_with('*')
            && service.resolution != Resolution::Passthrough
    };
    for (position, service) in services.iter().enumerate().filter(|(_, service)| wanting(service)) {
        if let Some(place) = empty(&places, fnv32(&key(service)), how) {
            places.insert(place, position);
        }
    }
    let mut numbers = Numbers { how, of_key: BTreeMap::new(), skipped: 0 };
    for (place, position) in places {
        if let Some(service) = services.get_mut(position) {
            service.hashed_addresses = addresses(numbers.next(place, key(service)));
        }
    }
}

fn key(service: &Service) -> String {
    format!("{}/{}", service.namespace, service.hostname)
}

/// The place of a name; none if all are taken.
fn empty(places: &BTreeMap<u32, usize>, hash: u32, how: HashedAddresses) -> Option<u32> {
    let (count, modulus) = match how {
        HashedAddresses::ByNumber => (255 * 255, 255 * 255),
        // By accident the last place is never looked for again.
        HashedAddresses::ByPlace => (256 * 254, 256 * 254 - 1),
    };
    let step = PRIME - hash % PRIME;
    let others = (1..count).map(|i| hash.wrapping_add(step.wrapping_mul(i)) % modulus);
    std::iter::once(hash % count).chain(others).find(|place| !places.contains_key(place))
}

/// The numbers of places, which become the last two parts of addresses.
struct Numbers {
    how: HashedAddresses,
    of_key: BTreeMap<String, u32>,
    /// How many numbers were left out, or places have none of their own.
    skipped: u32,
}

impl Numbers {
    /// The number of the next place that is taken.
    fn next(&mut self, place: u32, key: String) -> u32 {
        let known = self.of_key.get(&key).copied();
        let number = match self.how {
            HashedAddresses::ByNumber => {
                // Services of one name have one number.
                self.skipped += u32::from(known.is_some());
                let ordinal = place + 1 - self.skipped;
                ordinal + (ordinal.saturating_sub(1)) / (LAST_PART - 1)
            }
            HashedAddresses::ByPlace => {
                // 255 is left out only where a place that is taken would have it.
                self.skipped += u32::from((place + 1 + self.skipped).is_multiple_of(LAST_PART));
                place + 1 + self.skipped
            }
        };
        *self.of_key.entry(key).or_insert(number)
    }
}

/// The addresses of a number, IPv4 first.
fn addresses(number: u32) -> Vec<IpAddr> {
    let (third, fourth) = (number / LAST_PART, number % LAST_PART);
    let byte = |part: u32| u8::try_from(part).unwrap_or_default();
    let ipv4 = IpAddr::from(Ipv4Addr::new(240, 240, byte(third), byte(fourth)));
    let third = if third == 0 { Str::default() } else { smol_str::format_smolstr!("{third:x}") };
    // By accident two numbers may have one address of IPv6.
    let ipv6 = format!("2001:2::f0f0:{third}{fourth:x}").parse().ok();
    std::iter::once(ipv4).chain(ipv6).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_place_that_its_hash_says_or_the_next_that_is_empty() {
        let mut places = BTreeMap::new();
        let first = empty(&places, 70_000, HashedAddresses::ByPlace);
        assert_eq!(first, Some(70_000 - 65_024));
        places.insert(70_000 - 65_024, 0);
        let step = 65_011 - 70_000 % 65_011;
        let second = empty(&places, 70_000, HashedAddresses::ByPlace);
        assert_eq!(second, Some((70_000 + step) % 65_023));
    }

    #[test]
    fn no_address_ends_in_255() {
        let of = |how, place| Numbers { how, of_key: BTreeMap::new(), skipped: 0 }.next(place, String::new());
        assert_eq!([0, 253, 254].map(|place| of(HashedAddresses::ByNumber, place)), [1, 254, 256]);
        assert_eq!([0, 253, 254, 255].map(|place| of(HashedAddresses::ByPlace, place)), [1, 254, 256, 256]);
        let texts = |number| addresses(number).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(texts(1), ["240.240.0.1", "2001:2::f0f0:1"]);
        assert_eq!(texts(513), ["240.240.2.3", "2001:2::f0f0:23"]);
    }
}
