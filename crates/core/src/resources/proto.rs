//! Values of the snapshot as Envoy's messages write them.

use std::net::IpAddr;

use envoy::google::protobuf;

use crate::snapshot::Duration;

/// A span of time.
pub(crate) const fn duration(span: Duration) -> protobuf::Duration {
    protobuf::Duration { seconds: span.secs(), nanos: span.subsec_nanos() }
}

/// An address. Thousands of them are written, and what `Display` does for each IPv4 address is most of that work.
pub(crate) fn ip_text(ip: IpAddr) -> String {
    let IpAddr::V4(ip) = ip else { return ip.to_string() };
    let mut text = String::with_capacity("255.255.255.255".len());
    for (i, octet) in ip.octets().into_iter().enumerate() {
        if i > 0 {
            text.push('.');
        }
        let digit = |value: u8| char::from(b'0' + value % 10);
        if octet >= 100 {
            text.push(digit(octet / 100));
        }
        if octet >= 10 {
            text.push(digit(octet / 10));
        }
        text.push(digit(octet));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_everywhere() {
        for octet in 0..=255 {
            let ip = IpAddr::from([octet, 255 - octet, 0, octet]);
            assert_eq!(ip_text(ip), ip.to_string());
        }
        assert_eq!(ip_text(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])), "::1");
    }
}
