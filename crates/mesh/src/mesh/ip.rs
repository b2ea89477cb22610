//! Addresses as texts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address as it is displayed. Thousands of them are written, and what `Display` does for each IPv4
/// address is most of that work.
pub fn text<T: for<'t> From<&'t str>>(ip: IpAddr) -> T {
    match ip {
        IpAddr::V4(ip) => ipv4(ip),
        IpAddr::V6(ip) => T::from(&ip.to_string()),
    }
}

/// The first address of the range that an address is in.
pub fn first(ip: IpAddr, prefix_len: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let host_bits = 32_u32.saturating_sub(prefix_len.into());
            Ipv4Addr::from_bits(ip.to_bits() & u32::MAX.checked_shl(host_bits).unwrap_or_default()).into()
        }
        IpAddr::V6(ip) => {
            let host_bits = 128_u32.saturating_sub(prefix_len.into());
            Ipv6Addr::from_bits(ip.to_bits() & u128::MAX.checked_shl(host_bits).unwrap_or_default()).into()
        }
    }
}

fn ipv4<T: for<'t> From<&'t str>>(ip: Ipv4Addr) -> T {
    let mut text = [0; "255.255.255.255".len()];
    let room = text.len();
    let mut rest = text.iter_mut();
    let mut put = |byte: u8| rest.next().into_iter().for_each(|place| *place = byte);
    for (position, octet) in ip.octets().into_iter().enumerate() {
        if position > 0 {
            put(b'.');
        }
        if octet >= 100 {
            put(b'0' + octet / 100);
        }
        if octet >= 10 {
            put(b'0' + octet / 10 % 10);
        }
        put(b'0' + octet % 10);
    }
    let length = room - rest.len();
    let written = text.get(..length).and_then(|text| str::from_utf8(text).ok());
    T::from(written.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Str;

    #[test]
    fn ranges_start_where_the_host_bits_are_zero() {
        let of = |ip: &str, prefix_len| first(ip.parse().unwrap(), prefix_len).to_string();
        assert_eq!(of("10.1.2.3", 8), "10.0.0.0");
        assert_eq!(of("10.1.2.3", 0), "0.0.0.0");
        assert_eq!(of("10.1.2.3", 32), "10.1.2.3");
        assert_eq!(of("fd00::1:2", 112), "fd00::1:0");
    }

    #[test]
    fn texts_are_what_is_displayed() {
        for octet in 0..=255 {
            let ip = IpAddr::from([octet, 255 - octet, 0, octet]);
            assert_eq!(text::<Str>(ip), ip.to_string());
        }
        for ip in ["fd00::1", "::", "::ffff:1.2.3.4"] {
            assert_eq!(text::<String>(ip.parse().unwrap()), ip);
        }
    }
}
