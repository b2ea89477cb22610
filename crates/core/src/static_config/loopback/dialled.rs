//! What is dialled, and where it goes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use envoy::inside::{self, Visit};
use envoy::{Message, Name};

use super::socket;
use crate::Str;

/// Where addresses go whose own place is taken, or that have none.
const POOL: u32 = u32::from_be_bytes([127, 254, 0, 1]);
/// The waypoint's own, and what is no address of anybody.
const RESERVED: &[Ipv4Addr] =
    &[Ipv4Addr::new(127, 0, 0, 0), Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 255, 255, 255)];

/// What is dialled.
#[derive(Debug, Default)]
pub(super) struct Dialled {
    addresses: BTreeSet<IpAddr>,
    names: BTreeSet<Str>,
}

impl Visit for Dialled {
    fn message(&mut self, name: &str, wire: &[u8]) {
        let Some(socket) = socket(name, wire) else { return };
        match socket.address.parse() {
            Ok(ip) => _ = self.addresses.insert(ip),
            Err(_) => _ = self.names.insert(socket.address.into()),
        }
    }

    fn text(&mut self, _name: &str, text: &str) {
        if let Ok(address) = text.parse::<SocketAddr>() {
            self.addresses.insert(address.ip());
        }
    }
}

impl Dialled {
    /// Adds every address of endpoints, and those that their metadata names.
    pub(super) fn by<M: Message + Name>(&mut self, endpoints: &M) {
        // What can't be looked into was not made here: nothing is known of it, and it is bound to 127.0.0.1.
        let _ = inside::visit(endpoints, self);
    }

    /// Adds addresses.
    pub(super) fn extend(&mut self, addresses: impl IntoIterator<Item = IpAddr>) {
        self.addresses.extend(addresses);
    }

    /// Gives everyone an address, in order.
    pub(super) fn map(self) -> BTreeMap<Str, Ipv4Addr> {
        let mut taken: BTreeSet<Ipv4Addr> = RESERVED.iter().copied().collect();
        let mut mapped = BTreeMap::new();
        let mut homeless: Vec<Str> = Vec::new();
        let (local, others): (Vec<IpAddr>, Vec<IpAddr>) =
            self.addresses.into_iter().partition(|ip| ip.is_ipv4() && ip.is_loopback());
        // Who is there already stays, even among the reserved: nobody else is to move in.
        for ip in local {
            if let IpAddr::V4(ip) = ip {
                taken.insert(ip);
                mapped.insert(Str::from(ip.to_string()), ip);
            }
        }
        for ip in others {
            match ip {
                IpAddr::V4(v4) if taken.insert(natural(v4)) => {
                    mapped.insert(Str::from(ip.to_string()), natural(v4));
                }
                _ => homeless.push(ip.to_string().into()),
            }
        }
        let mut next = POOL;
        for address in homeless.into_iter().chain(self.names) {
            while !taken.insert(Ipv4Addr::from(next)) {
                next = next.wrapping_add(1);
            }
            mapped.insert(address, Ipv4Addr::from(next));
        }
        mapped
    }
}

fn natural(ip: Ipv4Addr) -> Ipv4Addr {
    let [_, b, c, d] = ip.octets();
    Ipv4Addr::new(127, b, c, d)
}

#[cfg(test)]
pub(super) fn map(addresses: &[&str], names: &[&str]) -> BTreeMap<Str, Ipv4Addr> {
    let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
    Dialled { addresses, names: names.iter().map(|name| Str::from(*name)).collect() }.map()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_octet_changes_and_collisions_move() {
        let mapped =
            map(&["192.244.1.6", "10.244.1.6", "fd00::1", "127.0.0.1", "10.0.0.1"], &["api.example"]);
        let of = |address: &str| mapped[address].to_string();
        assert_eq!(of("10.244.1.6"), "127.244.1.6");
        assert_eq!(of("127.0.0.1"), "127.0.0.1");
        // In the order of the addresses: 10.0.0.1 would be the waypoint itself.
        assert_eq!(of("10.0.0.1"), "127.254.0.1");
        assert_eq!(of("192.244.1.6"), "127.254.0.2");
        assert_eq!(of("fd00::1"), "127.254.0.3");
        assert_eq!(of("api.example"), "127.254.0.4");
    }
}
