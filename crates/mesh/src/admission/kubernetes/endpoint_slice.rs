//! EndpointSlices.

use super::common::{self, Seen};
use crate::admission::check::Checker;
use crate::problem::Code;
use crate::snapshot::kubernetes::{Endpoint, EndpointPort, EndpointSlice};
use crate::snapshot::names;

const ADDRESS_TYPES: [&str; 3] = ["FQDN", "IPv4", "IPv6"];
/// Of a type that is gone: those that are stored stay.
const OLD_ADDRESS_TYPE: &str = "IP";
const MAX_ENDPOINTS: usize = 1_000;
const MAX_ADDRESSES: usize = 100;
const MAX_PORTS: usize = 20_000;

pub(super) fn check(c: &Checker<'_>, slice: &EndpointSlice) {
    let of = slice.address_type.as_str();
    let field = &c.field("addressType");
    if of.is_empty() {
        field.fault(
            Code::MissingField,
            "the EndpointSlice does not say of what type its addresses are",
            "add `addressType: IPv4`, or `IPv6` or `FQDN`",
        );
    } else if of != OLD_ADDRESS_TYPE {
        common::one_of(field, of, &ADDRESS_TYPES);
    }
    at_most(&c.field("endpoints"), slice.endpoints.len(), MAX_ENDPOINTS, "endpoints");
    at_most(&c.field("ports"), slice.ports.len(), MAX_PORTS, "ports");
    c.each("endpoints", &slice.endpoints, |c, found| endpoint(c, of, found));
    ports(c, &slice.ports);
}

fn at_most(c: &Checker<'_>, count: usize, most: usize, things: &str) {
    if count > most {
        c.fault(
            Code::InvalidValue,
            format!("there are {count} {things}, more than {most}"),
            "divide them among several EndpointSlices",
        );
    }
}

fn endpoint(c: &Checker<'_>, of: &str, endpoint: &Endpoint) {
    let addresses = &c.field("addresses");
    if endpoint.addresses.is_empty() {
        addresses.fault(Code::MissingField, "the endpoint has no address", "add one, or remove the endpoint");
    }
    at_most(addresses, endpoint.addresses.len(), MAX_ADDRESSES, "addresses");
    c.each("addresses", &endpoint.addresses, |c, text| address(c, of, text));
    common::label(&c.field("hostname"), endpoint.hostname.as_deref().unwrap_or_default());
    common::subdomain(&c.field("nodeName"), endpoint.node_name.as_deref().unwrap_or_default());
}

fn address(c: &Checker<'_>, of: &str, text: &str) {
    if of == "FQDN" {
        let has_dot = text.trim_end_matches('.').contains('.');
        if !has_dot || names::check_subdomain(text.strip_suffix('.').unwrap_or(text)).is_err() {
            c.fault(
                Code::InvalidValue,
                format!("`{text}` is not a fully qualified name, as `addressType: FQDN` asks for"),
                "write a name in lower case with a domain, such as `db.example.com`",
            );
        }
        return;
    }
    let Some(found) = common::is_address(c, text) else { return };
    common::reachable(c, found);
    if matches!(of, "IPv4" | "IPv6") && of != common::family(found) {
        c.fault(
            Code::ConflictingFields,
            format!("`{text}` is not an address of {of}, as `addressType` says"),
            "put addresses of the other family into an EndpointSlice of their own",
        );
    }
}

fn ports(c: &Checker<'_>, ports: &[EndpointPort]) {
    let mut names = Seen::new();
    c.each("ports", ports, |c, port| {
        let name = port.name.as_deref().unwrap_or_default();
        common::label(&c.field("name"), name);
        if !names.insert(name) {
            c.field("name").fault(
                Code::ConflictingFields,
                if name.is_empty() {
                    "two ports have no name".to_owned()
                } else {
                    format!("the name `{name}` stands here twice")
                },
                "give each port the name that the Service's port has",
            );
        }
        if let Some(protocol) = &port.protocol {
            common::protocol(c, protocol);
        }
        common::app_protocol(c, port.app_protocol.as_ref());
    });
}
