//! References of the Gateway API: to parents, backends and others.

use std::collections::BTreeSet;

use super::{at_most, is_subdomain, text};
use crate::Str;
use crate::admission::check::Checker;
use crate::admission::syntax;
use crate::schema::{Limit, What};
use crate::snapshot::Kind;
use crate::snapshot::gateway_api::filter::LocalObjectReference;
use crate::snapshot::gateway_api::route::{BackendObjectReference, BackendRef, ParentReference};
use crate::well_known::GATEWAY_GROUP;

/// The schemas' limits.
const MAX_PARENTS: Limit = Limit::of(Kind::HttpRoute, "spec.parentRefs", What::MaxItems);
const LONGEST_NAME: Limit = Limit::of(Kind::HttpRoute, "spec.parentRefs.name", What::MaxLength);
const MAX_WEIGHT: Limit = Limit::of(Kind::HttpRoute, "spec.rules.backendRefs.weight", What::Max);

pub(super) fn parents(c: &Checker<'_>, parents: &[ParentReference]) {
    at_most(c, "parentRefs", parents, MAX_PARENTS);
    c.each("parentRefs", parents, |c, parent| {
        group(c, parent.group.as_deref().unwrap_or(GATEWAY_GROUP));
        kind(c, parent.kind.as_deref().unwrap_or("Gateway"));
        text(c, "name", &parent.name, LONGEST_NAME);
        namespace(c, parent.namespace.as_deref());
        port(c, parent.port);
        if let Some(section) = parent.section_name.as_deref().filter(|section| !is_subdomain(section)) {
            c.field("sectionName").invalid(format!("`{section}` is no name of a section"));
        }
    });
    // Each is compared with each.
    if c.rules.schema_rules && MAX_PARENTS.length(c.column).is_none_or(|most| parents.len() <= most) {
        distinct(c, parents);
    }
}

/// Two references to one parent differ in section or port, and both say it.
fn distinct(c: &Checker<'_>, parents: &[ParentReference]) {
    type Parent<'p> = (Option<&'p str>, Option<&'p str>, Option<&'p str>, &'p str);
    let field = c.field("parentRefs");
    let mut seen: Vec<(Parent<'_>, &str, i32)> = Vec::new();
    for (index, parent) in parents.iter().enumerate() {
        let object: Parent<'_> = (
            parent.group.as_deref(),
            parent.kind.as_deref(),
            parent.namespace.as_deref().filter(|namespace| !namespace.is_empty()),
            parent.name.as_str(),
        );
        let (section, port) =
            (parent.section_name.as_deref().unwrap_or_default(), parent.port.unwrap_or_default());
        for (_, other_section, other_port) in seen.iter().filter(|(other, _, _)| *other == object) {
            let same = section == *other_section && port == *other_port;
            let unlike = section.is_empty() != other_section.is_empty() || (port == 0) != (*other_port == 0);
            if same || unlike {
                field.index(index).conflict("two references to one parent need different sections or ports");
            }
        }
        seen.push((object, section, port));
    }
}

pub(super) fn backend(c: &Checker<'_>, backend: &BackendRef) {
    let most = MAX_WEIGHT.in_release(c.column).unwrap_or(i64::MAX);
    if backend.weight.is_some_and(|weight| !(0..=most).contains(&i64::from(weight))) {
        c.field("weight").invalid(format!("the weight is not between 0 and {most}"));
    }
    let object = BackendObjectReference {
        group: backend.group.clone(),
        kind: backend.kind.clone(),
        name: backend.name.clone(),
        namespace: backend.namespace.clone(),
        port: backend.port,
    };
    backend_object(c, &object);
}

pub(super) fn backend_object(c: &Checker<'_>, backend: &BackendObjectReference) {
    let (backend_group, backend_kind) =
        (backend.group.as_deref().unwrap_or_default(), backend.kind.as_deref().unwrap_or("Service"));
    group(c, backend_group);
    kind(c, backend_kind);
    text(c, "name", &backend.name, LONGEST_NAME);
    namespace(c, backend.namespace.as_deref());
    port(c, backend.port);
    if c.rules.schema_rules && backend_group.is_empty() && backend_kind == "Service" && backend.port.is_none()
    {
        c.field("port").missing("a Service needs a port");
    }
}

pub(super) fn local_object(c: &Checker<'_>, object: &LocalObjectReference) {
    group(c, &object.group);
    kind(c, &object.kind);
    text(c, "name", &object.name, LONGEST_NAME);
}

pub(in crate::admission) fn group(c: &Checker<'_>, group: &str) {
    if !group.is_empty() && !is_subdomain(group) {
        c.field("group").invalid(format!("`{group}` is no API group"));
    }
}

pub(in crate::admission) fn kind(c: &Checker<'_>, kind: &str) {
    if !syntax::is_dns_label(kind) || kind.starts_with(|first: char| first.is_ascii_digit()) {
        c.field("kind").invalid(format!("`{kind}` is no kind"));
    }
}

pub(super) fn namespace(c: &Checker<'_>, namespace: Option<&str>) {
    if let Some(namespace) =
        namespace.filter(|name| name.len() > 63 || name.contains('.') || !is_subdomain(name))
    {
        c.field("namespace").invalid(format!("`{namespace}` is no namespace"));
    }
}

pub(super) fn port(c: &Checker<'_>, port: Option<i32>) {
    if let Some(port) = port.filter(|port| !(1..=65535).contains(port)) {
        c.field("port").invalid(format!("port {port} is not between 1 and 65535"));
    }
}

/// Names that may stand in a list once, as its schema says (`x-kubernetes-list-type: map`).
pub(super) fn unique<'n>(c: &Checker<'_>, names: impl Iterator<Item = &'n Str>) {
    let mut seen = BTreeSet::new();
    for (index, name) in names.enumerate() {
        if !seen.insert(name) {
            c.index(index).conflict(format!("`{name}` stands here twice"));
        }
    }
}
