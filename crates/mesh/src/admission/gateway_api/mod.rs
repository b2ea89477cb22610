//! Kinds of the Gateway API: what their schemas ask.
//!
//! Nobody but the API server validates them: there is no webhook. The schemas that came with 1.18 (v0.7) have
//! types, enumerations, lengths and patterns; those of 1.31 have rules in CEL too.

mod filter;
mod gateway;
mod policy;
mod reference;
mod route;

pub(super) use gateway::{gateway, gateway_class, listener_set};
pub(super) use policy::{backend_tls_policy, reference_grant, x_backend_traffic_policy};
pub(super) use reference::{group, kind};
pub(super) use route::{grpc_route, http_route, tcp_route, tls_route};

use super::check::Checker;
use crate::Str;
use crate::schema::Limit;

/// A list's length.
fn at_most<T>(c: &Checker<'_>, name: &'static str, list: &[T], most: Limit) {
    if let Some(most) = most.length(c.column).filter(|most| list.len() > *most) {
        c.field(name).invalid(format!("there are more than {most}"));
    }
}

/// Labels of lower-case letters, digits and `-`, joined by dots.
fn is_subdomain(text: &str) -> bool {
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        edge(bytes.first())
            && edge(bytes.last())
            && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// A host name, which may start with the label `*` where `wildcard` says so.
fn host_name(c: &Checker<'_>, host: &str, wildcard: bool) {
    let name = host.strip_prefix("*.").filter(|_| wildcard).unwrap_or(host);
    if host.len() > 253 || !is_subdomain(name) {
        c.invalid(format!("`{host}` is no host name"));
    }
}

/// Host names of a route.
fn host_names(c: &Checker<'_>, hosts: &[Str], most: Limit) {
    at_most(c, "hostnames", hosts, most);
    c.each("hostnames", hosts, |c, host| host_name(c, host, true));
}

/// A required text of limited length.
pub(super) fn text(c: &Checker<'_>, name: &'static str, text: &str, longest: Limit) {
    if text.is_empty() {
        c.field(name).missing("this is required");
    } else {
        c.field(name).shorter("this", text, longest);
    }
}
