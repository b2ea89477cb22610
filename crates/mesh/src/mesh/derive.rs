//! What a cluster would have chosen and a snapshot may lack: names of pods, addresses.
//!
//! The values are made from the objects' names, so that they are always the same.

use std::net::{IpAddr, Ipv4Addr};

use crate::Str;

/// FNV-1a, 32 bits.
pub(crate) fn fnv32(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// FNV-1a, 64 bits.
pub fn fnv64(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The characters of Kubernetes' generated names: no vowels, nothing that looks like another.
const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// As many safe characters as asked for, made from a text.
pub(crate) fn safe_suffix(text: &str, length: usize) -> Str {
    let mut rest = fnv64(text);
    let mut next = || {
        let digit = usize::try_from(rest % SAFE.len() as u64).unwrap_or_default();
        rest /= SAFE.len() as u64;
        SAFE.get(digit).map_or('b', |c| char::from(*c))
    };
    (0..length).map(|_| next()).collect()
}

/// The IPv4 address of a pod that has none yet.
pub(crate) fn pod_address(namespace: &str, name: &str) -> IpAddr {
    let [.., third, fourth] = fnv32(&format!("pod/{namespace}/{name}")).to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(10, 244, third, fourth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_fnv_1a() {
        assert_eq!([fnv32(""), fnv32("a"), fnv32("foobar")], [0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968]);
        assert_eq!(fnv64("foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(safe_suffix("waypoint", 5), "tkvdp");
        assert_eq!(safe_suffix("default/waypoint-istio-waypoint", 10), "gkmmt6bl8r");
    }

    #[test]
    fn pods_have_addresses_of_the_pod_network() {
        assert_eq!(pod_address("default", "patchy-no-ip-8xgfw9xgq4-d56z6").to_string(), "10.244.125.48");
    }
}
