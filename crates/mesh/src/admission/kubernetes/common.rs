//! What several of Kubernetes' kinds share: addresses, ports, names, labels, choices.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use crate::Str;
use crate::admission::check::Checker;
use crate::nearest::did_you_mean;
use crate::problem::Code;
use crate::snapshot::Labels;
use crate::snapshot::names::{self, NameError};

/// What a port may speak.
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// An address as the API server has always read it: numbers of IPv4 may start with zeros, an IPv4 address
/// that is written as one of IPv6 is one of IPv4, and there are no zones.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    match text.parse::<IpAddr>() {
        Ok(address) => Some(address.to_canonical()),
        Err(_) => ipv4_with_zeros(text).map(IpAddr::V4),
    }
}

fn ipv4_with_zeros(text: &str) -> Option<Ipv4Addr> {
    let mut numbers = text.split('.').map(|number| {
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| number.trim_start_matches('0')).and_then(|digits| match digits {
            "" => Some(0),
            digits => digits.parse::<u8>().ok(),
        })
    });
    let mut next = || numbers.next().flatten();
    let address = Ipv4Addr::new(next()?, next()?, next()?, next()?);
    numbers.next().is_none().then_some(address)
}

/// The family of an address, as the API names it.
pub(super) fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "IPv4" } else { "IPv6" }
}

/// An address. An object with one that is none is refused.
pub(super) fn is_address(c: &Checker<'_>, text: &str) -> Option<IpAddr> {
    let found = address(text);
    if found.is_none() {
        c.refuse(
            Code::InvalidValue,
            format!("`{text}` is not an IP address"),
            "write an address such as `10.0.0.7` or `fd00::7`",
        );
    }
    found
}

/// An address that others can be sent to.
pub(super) fn is_reachable(c: &Checker<'_>, text: &str) {
    if let Some(address) = is_address(c, text) {
        reachable(c, address);
    }
}

/// Whether an address is no special one.
pub(super) fn reachable(c: &Checker<'_>, address: IpAddr) {
    let special = match address {
        _ if address.is_unspecified() => "unspecified",
        _ if address.is_loopback() => "loopback",
        IpAddr::V4(v4) if v4.is_link_local() => "link-local",
        IpAddr::V6(v6) if v6.is_unicast_link_local() => "link-local",
        IpAddr::V4(v4) if matches!(v4.octets(), [224, 0, 0, _]) => "link-local multicast",
        IpAddr::V6(v6) if matches!(v6.segments(), [0xff02, ..]) => "link-local multicast",
        _ => return,
    };
    c.fault(
        Code::InvalidValue,
        format!("`{address}` is a {special} address, which nothing else can be sent to"),
        "write the address that others reach it at",
    );
}

/// Addresses of which there is at most one of each family.
pub(super) fn one_of_each_family(c: &Checker<'_>, addresses: impl Iterator<Item = IpAddr>) {
    let mut families = Seen::new();
    if !addresses.map(family).all(|family| families.insert(family)) {
        c.fault(
            Code::ConflictingFields,
            "there are several addresses of one IP family",
            "keep one address of IPv4 and one of IPv6 at most",
        );
    }
}

/// The number of a port.
pub(super) fn port(c: &Checker<'_>, port: i64) {
    if !(1..=65535).contains(&port) {
        c.fault(
            Code::InvalidValue,
            format!("port {port} is not between 1 and 65535"),
            "write the number of a port, from 1 to 65535",
        );
    }
}

/// The name of a port that may be meant by it instead of by its number.
pub(super) fn port_name(c: &Checker<'_>, name: &str) {
    let help = if name.parse::<u16>().is_ok() {
        "a number in quotes is a name: write it without them"
    } else {
        "write a name of at most 15 lower-case letters, digits and `-`"
    };
    named(c, name, names::check_port(name), help);
}

/// What a port speaks below its application's protocol.
pub(super) fn protocol(c: &Checker<'_>, protocol: &str) {
    one_of(&c.field("protocol"), protocol, &PROTOCOLS);
}

/// The application's protocol of a port.
pub(super) fn app_protocol(c: &Checker<'_>, protocol: Option<&Str>) {
    c.some("appProtocol", protocol, |c, protocol| {
        let help = "write a name such as `http`, or one with a domain such as `kubernetes.io/h2c`";
        named(c, protocol, names::check_key(protocol), help);
    });
}

/// One of the values that there are.
pub(super) fn one_of(c: &Checker<'_>, value: &str, values: &[&str]) {
    if !values.contains(&value) {
        let all: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
        let same = values.iter().find(|other| other.eq_ignore_ascii_case(value));
        let help = match same {
            Some(same) => did_you_mean([same]),
            None => format!("write one of {}", all.join(", ")),
        };
        c.fault(Code::InvalidValue, format!("`{value}` is not supported, only {}", all.join(", ")), help);
    }
}

/// A DNS label, if anything is written.
pub(super) fn label(c: &Checker<'_>, text: &str) {
    if !text.is_empty() {
        named(c, text, names::check_label(text), "write a name of lower-case letters, digits and `-`");
    }
}

/// A DNS name, if anything is written.
pub(super) fn subdomain(c: &Checker<'_>, text: &str) {
    if !text.is_empty() {
        named(c, text, names::check_subdomain(text), "write a name as DNS has it, in lower case");
    }
}

/// Labels, of a selector or of what a template makes.
pub(super) fn labels(c: &Checker<'_>, labels: &Labels) {
    for (key, value) in labels {
        let c = &c.key(key);
        named(c, key, names::check_key(key), "write a key as labels have it: `name` or `prefix/name`");
        named(c, value, names::check_value(value), "write a value that a label can have");
    }
}

/// A name whose form was checked.
fn named(c: &Checker<'_>, name: &str, checked: Result<(), NameError>, help: &str) {
    if let Err(error) = checked {
        let shown: String = name.chars().take(80).collect();
        c.fault(Code::InvalidValue, format!("`{shown}` {error}"), help);
    }
}

/// What a list has had so far. Most lists have one element, of which nothing is allocated.
pub(super) struct Seen<T> {
    first: Option<T>,
    others: BTreeSet<T>,
}

impl<T: Ord> Seen<T> {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { first: None, others: BTreeSet::new() }
    }

    /// Adds a value. Says whether it is a new one.
    pub(super) fn insert(&mut self, value: T) -> bool {
        match &self.first {
            None => {
                self.first = Some(value);
                true
            }
            Some(first) => *first != value && self.others.insert(value),
        }
    }
}

/// Something that stands there once, told by its value: an empty one is not told.
pub(super) fn once<'v>(c: &Checker<'_>, seen: &mut Seen<&'v str>, value: &'v str, what: &str) {
    if !value.is_empty() && !seen.insert(value) {
        c.fault(
            Code::ConflictingFields,
            format!("the {what} `{value}` stands here twice"),
            "give each its own",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_api_server_reads_them() {
        for (text, read) in [
            ("10.0.0.7", "10.0.0.7"),
            ("010.0.00.007", "10.0.0.7"),
            ("fd00::7", "fd00::7"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
        ] {
            assert_eq!(address(text).map(|address| address.to_string()).as_deref(), Some(read), "{text}");
        }
        for text in
            ["", "300.1.2.3", "10.0.0", "10.0.0.0.1", "10.0.0.", "fe80::1%eth0", "a.b.c.d", "10.0.0.+1"]
        {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
