//! InferencePool: what its schema asks. Nobody else validates it.

use std::collections::BTreeSet;

use super::check::Checker;
use super::gateway_api;
use super::syntax;
use crate::schema::{Limit, What};
use crate::snapshot::Kind;
use crate::snapshot::inference::{EndpointPickerRef, InferencePool, PoolSelector, TargetPort};

/// The schema's limits.
const MAX_LABELS: Limit = Limit::of(Kind::InferencePool, "spec.selector.matchLabels", What::MaxEntries);
const LONGEST_LABEL: Limit = Limit::of(Kind::InferencePool, "spec.selector.matchLabels[]", What::MaxLength);
const MAX_PORTS: Limit = Limit::of(Kind::InferencePool, "spec.targetPorts", What::MaxItems);
const LONGEST_NAME: Limit = Limit::of(Kind::InferencePool, "spec.endpointPickerRef.name", What::MaxLength);

pub(super) fn check(root: &Checker<'_>, pool: &InferencePool) {
    let c = &root.field("spec");
    selector(&c.field("selector").field("matchLabels"), &pool.selector);
    target_ports(&c.field("targetPorts"), &pool.target_ports);
    endpoint_picker(&c.field("endpointPickerRef"), &pool.endpoint_picker_ref);
}

fn selector(c: &Checker<'_>, selector: &PoolSelector) {
    if selector.match_labels.is_empty() {
        c.missing("there has to be a label");
    }
    c.at_most(selector.match_labels.len(), MAX_LABELS, "labels");
    for (key, value) in &selector.match_labels {
        let c = &c.key(key);
        c.shorter("the value of a label", value, LONGEST_LABEL);
        if let Err(refusal) = syntax::label(key, value) {
            c.invalid(refusal);
        }
    }
}

fn target_ports(c: &Checker<'_>, ports: &[TargetPort]) {
    if ports.is_empty() {
        c.missing("there has to be a port");
    }
    c.at_most(ports.len(), MAX_PORTS, "ports");
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let c = &c.index(index);
        number(c, port);
        if !seen.insert(port.number) {
            c.conflict(format!("port {} stands here twice", port.number));
        }
    }
}

fn number(c: &Checker<'_>, port: &TargetPort) {
    if !(1..=65535).contains(&port.number) {
        c.field("number").invalid(format!("port {} is not between 1 and 65535", port.number));
    }
}

fn endpoint_picker(c: &Checker<'_>, picker: &EndpointPickerRef) {
    gateway_api::group(c, picker.group.as_deref().unwrap_or_default());
    gateway_api::kind(c, picker.kind());
    gateway_api::text(c, "name", &picker.name, LONGEST_NAME);
    match &picker.port {
        Some(port) => number(&c.field("port"), port),
        None if picker.kind() == "Service" => c.field("port").missing("a Service needs a port"),
        None => {}
    }
}
