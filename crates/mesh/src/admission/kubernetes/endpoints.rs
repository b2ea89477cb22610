//! v1 Endpoints.

use super::common::{self, Seen};
use crate::admission::check::Checker;
use crate::problem::Code;
use crate::snapshot::kubernetes::{EndpointAddress, EndpointPort, EndpointSubset, Endpoints};

pub(super) fn check(c: &Checker<'_>, endpoints: &Endpoints) {
    c.each("subsets", &endpoints.subsets, subset);
}

fn subset(c: &Checker<'_>, subset: &EndpointSubset) {
    if subset.addresses.is_empty() && subset.not_ready_addresses.is_empty() {
        c.fault(
            Code::MissingField,
            "the subset has neither `addresses` nor `notReadyAddresses`",
            "add an address, or remove the subset",
        );
    }
    c.each("addresses", &subset.addresses, address);
    c.each("notReadyAddresses", &subset.not_ready_addresses, address);
    let mut names = Seen::new();
    c.each("ports", &subset.ports, |c, found| port(c, &mut names, found, subset.ports.len()));
}

fn address(c: &Checker<'_>, address: &EndpointAddress) {
    common::is_reachable(&c.field("ip"), &address.ip);
    common::label(&c.field("hostname"), &address.hostname);
    common::subdomain(&c.field("nodeName"), address.node_name.as_deref().unwrap_or_default());
}

fn port<'p>(c: &Checker<'_>, names: &mut Seen<&'p str>, port: &'p EndpointPort, count: usize) {
    let name = port.name.as_deref().unwrap_or_default();
    let field = &c.field("name");
    if name.is_empty() && count > 1 {
        field.fault(
            Code::MissingField,
            "the port has no name, which each of several ports needs",
            "give it the name that the Service's port has",
        );
    }
    common::label(field, name);
    common::once(field, names, name, "name");
    common::port(&c.field("port"), port.port.unwrap_or_default().into());
    if let Some(protocol) = &port.protocol {
        common::protocol(c, protocol);
    }
    common::app_protocol(c, port.app_protocol.as_ref());
}
