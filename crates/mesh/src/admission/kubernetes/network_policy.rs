//! NetworkPolicies.

use super::common;
use crate::admission::check::Checker;
use crate::admission::syntax;
use crate::problem::Code;
use crate::snapshot::message::IntOrString;
use crate::snapshot::network_policy::{IpBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use crate::snapshot::selector::LabelSelector;

const POLICY_TYPES: [&str; 2] = ["Ingress", "Egress"];
const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];

pub(super) fn check(c: &Checker<'_>, policy: &NetworkPolicy) {
    selector(&c.field("podSelector"), &policy.pod_selector);
    c.each("policyTypes", &policy.policy_types, |c, of| common::one_of(c, of, &POLICY_TYPES));
    c.each("ingress", &policy.ingress, |c, rule| {
        c.each("ports", &rule.ports, port);
        c.each("from", &rule.from, peer);
    });
    c.each("egress", &policy.egress, |c, rule| {
        c.each("ports", &rule.ports, port);
        c.each("to", &rule.to, peer);
    });
}

fn port(c: &Checker<'_>, port: &NetworkPolicyPort) {
    if let Some(protocol) = &port.protocol {
        common::protocol(c, protocol);
    }
    let field = &c.field("port");
    match &port.port {
        Some(IntOrString::Int(number)) => common::port(field, *number),
        Some(IntOrString::Name(name)) => common::port_name(field, name),
        None => {}
    }
    let Some(end) = port.end_port else { return };
    match &port.port {
        Some(IntOrString::Int(first)) if *first <= i64::from(end) => {
            common::port(&c.field("endPort"), i64::from(end));
        }
        Some(IntOrString::Int(first)) => c.field("endPort").fault(
            Code::InvalidValue,
            format!("the last port, {end}, is before the first, {first}"),
            "write the smaller number as `port`",
        ),
        _ => c.field("endPort").fault(
            Code::ConflictingFields,
            "a range of ports needs the number of its first as `port`",
            "write that number, or leave `endPort` out",
        ),
    }
}

fn peer(c: &Checker<'_>, peer: &NetworkPolicyPeer) {
    c.some("podSelector", peer.pod_selector.as_ref(), selector);
    c.some("namespaceSelector", peer.namespace_selector.as_ref(), selector);
    c.some("ipBlock", peer.ip_block.as_ref(), ip_block);
    let selects = peer.pod_selector.is_some() || peer.namespace_selector.is_some();
    if peer.ip_block.is_some() && selects {
        c.field("ipBlock").fault(
            Code::ConflictingFields,
            "a peer is either selected by labels or in a block of addresses",
            "make two peers of it",
        );
    } else if peer.ip_block.is_none() && !selects {
        c.fault(
            Code::MissingField,
            "the peer says nothing",
            "give it a `podSelector`, a `namespaceSelector` or an `ipBlock`",
        );
    }
}

fn ip_block(c: &Checker<'_>, block: &IpBlock) {
    cidr(&c.field("cidr"), &block.cidr);
    c.each("except", &block.except, |c, text| cidr(c, text));
}

fn cidr(c: &Checker<'_>, text: &str) {
    if !syntax::is_cidr(text) {
        c.fault(
            Code::InvalidValue,
            format!("`{text}` is no block of addresses"),
            "write an address and the length of its prefix, such as `10.0.0.0/8`",
        );
    }
}

fn selector(c: &Checker<'_>, selector: &LabelSelector) {
    common::labels(&c.field("matchLabels"), &selector.match_labels);
    c.each("matchExpressions", &selector.match_expressions, |c, expression| {
        common::one_of(&c.field("operator"), &expression.operator, &OPERATORS);
        let has_values = !expression.values.is_empty();
        let values = &c.field("values");
        match expression.operator.as_str() {
            "In" | "NotIn" if !has_values => {
                values.fault(Code::MissingField, "the operator needs values", "list at least one");
            }
            "Exists" | "DoesNotExist" if has_values => {
                values.fault(Code::ConflictingFields, "the operator takes no values", "leave them out");
            }
            _ => {}
        }
    });
}
