//! Gateway, ListenerSet and GatewayClass.

use std::collections::BTreeSet;

use super::reference::{group, kind, namespace, port, unique};
use super::{at_most, host_name, is_subdomain, text};
use crate::admission::check::Checker;
use crate::schema::{Limit, What};
use crate::snapshot::Kind;
use crate::snapshot::gateway_api::gateway::{FromNamespaces, Gateway, GatewayClass, Listener, ListenerSet};
use crate::well_known::GATEWAY_GROUP;

/// The schemas' limits.
const MAX_LISTENERS: Limit = Limit::of(Kind::Gateway, "spec.listeners", What::MaxItems);
const MAX_LISTENERS_OF_SET: Limit = Limit::of(Kind::ListenerSet, "spec.listeners", What::MaxItems);
const LONGEST_PARENT: Limit = Limit::of(Kind::ListenerSet, "spec.parentRef.name", What::MaxLength);
const MAX_KINDS: Limit = Limit::of(Kind::Gateway, "spec.listeners.allowedRoutes.kinds", What::MaxItems);
const LONGEST_NAME: Limit = Limit::of(Kind::Gateway, "spec.listeners.name", What::MaxLength);
const LONGEST_CLASS: Limit = Limit::of(Kind::Gateway, "spec.gatewayClassName", What::MaxLength);
const LONGEST_CONTROLLER: Limit = Limit::of(Kind::GatewayClass, "spec.controllerName", What::MaxLength);
const LONGEST_PROTOCOL: Limit = Limit::of(Kind::Gateway, "spec.listeners.protocol", What::MaxLength);
const LONGEST_SECRET: Limit =
    Limit::of(Kind::Gateway, "spec.listeners.tls.certificateRefs.name", What::MaxLength);

pub(in crate::admission) fn gateway(root: &Checker<'_>, gateway: &Gateway) {
    let c = &root.field("spec");
    text(c, "gatewayClassName", &gateway.gateway_class_name, LONGEST_CLASS);
    listeners(c, &gateway.listeners, MAX_LISTENERS);
}

pub(in crate::admission) fn listener_set(root: &Checker<'_>, set: &ListenerSet) {
    let c = &root.field("spec");
    let (parent, parent_ref) = (&set.parent_ref, &c.field("parentRef"));
    group(parent_ref, parent.group.as_deref().unwrap_or(GATEWAY_GROUP));
    kind(parent_ref, parent.kind.as_deref().unwrap_or("Gateway"));
    text(parent_ref, "name", &parent.name, LONGEST_PARENT);
    namespace(parent_ref, parent.namespace.as_deref());
    listeners(c, &set.listeners, MAX_LISTENERS_OF_SET);
}

fn listeners(c: &Checker<'_>, listeners: &[Listener], most: Limit) {
    if listeners.is_empty() {
        c.field("listeners").missing("there has to be a listener");
    }
    at_most(c, "listeners", listeners, most);
    unique(&c.field("listeners"), listeners.iter().map(|listener| &listener.name));
    c.each("listeners", listeners, listener);
    if c.rules.schema_rules {
        distinct(c, listeners);
    }
}

fn listener(c: &Checker<'_>, listener: &Listener) {
    text(c, "name", &listener.name, LONGEST_NAME);
    if !listener.name.is_empty() && !is_subdomain(&listener.name) {
        c.field("name").invalid(format!("`{}` is no name of a listener", listener.name));
    }
    port(c, Some(listener.port));
    text(c, "protocol", &listener.protocol, LONGEST_PROTOCOL);
    c.some("hostname", listener.hostname.as_ref(), |c, host| host_name(c, host, true));
    c.some("allowedRoutes", listener.allowed_routes.as_ref(), |c, routes| {
        at_most(c, "kinds", &routes.kinds, MAX_KINDS);
        c.each("kinds", &routes.kinds, |c, route| kind(c, &route.kind));
        let from = routes.namespaces.as_ref().and_then(|namespaces| namespaces.from);
        if from == Some(FromNamespaces::None) {
            c.field("namespaces").field("from").invalid("`None` is not one of All, Selector and Same");
        }
    });
    c.some("tls", listener.tls.as_ref(), |c, tls| {
        if !matches!(tls.mode.as_deref(), None | Some("Terminate" | "Passthrough")) {
            c.field("mode").invalid("the mode is neither Terminate nor Passthrough");
        }
        c.each("certificateRefs", &tls.certificate_refs, |c, reference| {
            text(c, "name", &reference.name, LONGEST_SECRET);
            namespace(c, reference.namespace.as_deref());
        });
        let terminates = tls.mode.as_deref() != Some("Passthrough");
        if c.rules.schema_rules && terminates && tls.certificate_refs.is_empty() && tls.options.is_empty() {
            c.missing("Terminate needs a certificate or options");
        }
    });
    if c.rules.schema_rules {
        protocol(c, listener);
    }
}

fn protocol(c: &Checker<'_>, listener: &Listener) {
    let mode = listener.tls.as_ref().map(|tls| tls.mode.as_deref().unwrap_or_default());
    match (listener.protocol.as_str(), mode) {
        ("HTTP" | "TCP" | "UDP", Some(_)) => c.field("tls").conflict("this protocol has no TLS"),
        ("HTTPS", Some("Passthrough")) => c.field("tls").conflict("HTTPS is always terminated"),
        ("TLS", None | Some("")) => c.field("tls").missing("TLS needs a mode"),
        _ => {}
    }
    let host = listener.hostname.as_deref().unwrap_or_default();
    if matches!(listener.protocol.as_str(), "TCP" | "UDP") && !host.is_empty() {
        c.field("hostname").conflict("this protocol has no host names");
    }
}

/// Listeners differ in port, protocol or host name.
fn distinct(c: &Checker<'_>, listeners: &[Listener]) {
    let mut seen = BTreeSet::new();
    c.each("listeners", listeners, |c, listener| {
        if !seen.insert((listener.port, listener.protocol.clone(), listener.hostname.clone())) {
            c.conflict("another listener has this port, protocol and host name");
        }
    });
}

pub(in crate::admission) fn gateway_class(root: &Checker<'_>, class: &GatewayClass) {
    let c = &root.field("spec");
    text(c, "controllerName", &class.controller_name, LONGEST_CONTROLLER);
    let name = &class.controller_name;
    let is_path = |path: &str| {
        !path.is_empty()
            && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&b))
    };
    let valid = name.split_once('/').is_some_and(|(domain, path)| is_subdomain(domain) && is_path(path));
    if !name.is_empty() && !valid {
        c.field("controllerName").invalid(format!("`{name}` is no name of a controller: `example.com/name`"));
    }
}
