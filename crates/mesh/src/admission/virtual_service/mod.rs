//! VirtualService.

mod action;
mod destination;
mod headers;
mod l4;
mod matches;
mod unreachable;

use super::check::Checker;
use super::common::{self, Exporter};
use super::{istio_metadata, syntax};
use crate::Str;
use crate::problem::Code;
use crate::snapshot::Meta;
use crate::snapshot::networking::VirtualService;
use crate::snapshot::networking::virtual_service::HttpRoute;

/// The gateway that stands for all sidecars and waypoints.
const MESH: &str = "mesh";

pub(super) fn check(root: &Checker<'_>, meta: &Meta, service: &VirtualService) {
    istio_metadata::check(root, meta, None);
    let c = &root.field("spec");
    let is_delegate = service.hosts.is_empty();
    if is_delegate {
        delegate_has_only_http(c, service);
    }
    gateways(c, &service.gateways);
    let bound = Bound::of(c, service);
    if !bound.to_gateway {
        no_claims(c, service);
    }
    hosts(c, service, bound);
    if service.http.is_empty() && service.tcp.is_empty() && service.tls.is_empty() {
        c.missing("there has to be a route: `http`, `tcp` or `tls`");
    }
    c.each("http", &service.http, |c, route| http_route(c, route, is_delegate));
    c.each("tls", &service.tls, |c, route| l4::tls_route(c, route, service, bound));
    c.each("tcp", &service.tcp, l4::tcp_route);
    common::export_to(c, &meta.namespace, &service.export_to, Exporter::Other);
    unreachable::check(c, service);
}

/// What a VirtualService is for.
#[derive(Clone, Copy)]
struct Bound {
    to_mesh: bool,
    to_gateway: bool,
    /// Gateways only: its hosts may then be those that gateways make for SNI.
    only_to_gateways: bool,
}

impl Bound {
    fn of(c: &Checker<'_>, service: &VirtualService) -> Self {
        let mesh = service.gateways.is_empty() || service.gateways.iter().any(|gateway| gateway == MESH);
        let other = service.gateways.iter().any(|gateway| gateway != MESH);
        let only_to_gateways = !mesh;
        let to_gateway = if c.rules.any_gateway_counts { other } else { only_to_gateways };
        Self { to_mesh: mesh, to_gateway, only_to_gateways: only_to_gateways && !c.rules.any_gateway_counts }
    }
}

fn delegate_has_only_http(c: &Checker<'_>, service: &VirtualService) {
    let others = [
        ("gateways", service.gateways.is_empty()),
        ("tls", service.tls.is_empty()),
        ("tcp", service.tcp.is_empty()),
    ];
    for (name, _) in others.into_iter().filter(|(_, empty)| !empty) {
        c.field(name).conflict("a VirtualService without hosts is a delegate, and has only `http`");
    }
}

/// Names of gateways: `namespace/name`, `mesh`, or a host name as of old.
fn gateways(c: &Checker<'_>, gateways: &[Str]) {
    let field = c.field("gateways");
    for (index, gateway) in gateways.iter().enumerate() {
        let c = field.index(index);
        let Some((namespace, name)) = gateway.split_once('/') else {
            if gateway.contains('.') {
                c.warn(
                    Code::Deprecated,
                    format!("`{gateway}` is better written `namespace/name`"),
                    "write the Gateway's namespace and name",
                );
            }
            if let Err(refusal) = syntax::host_name(gateway) {
                c.invalid(refusal);
            }
            // By accident the webhook stops here, and what follows is not looked at.
            return;
        };
        if !syntax::is_dns_label(namespace) || !syntax::is_dns_label(name) {
            c.invalid(format!("`{gateway}` is no gateway: `namespace/name`"));
        }
    }
}

/// Claims of a token can only be matched by gateways.
fn no_claims(c: &Checker<'_>, service: &VirtualService) {
    c.each("http", &service.http, |c, route| {
        c.each("match", &route.matches, |c, request| {
            for (name, headers) in
                [("headers", &request.headers), ("withoutHeaders", &request.without_headers)]
            {
                let c = c.field(name);
                for header in headers.keys().filter(|header| headers::is_claim(&c, header)) {
                    c.key(header).conflict("only gateways can match claims of a token");
                }
            }
        });
    });
}

fn hosts(c: &Checker<'_>, service: &VirtualService, bound: Bound) {
    let sni = bound.only_to_gateways && l4::has_sni_hosts(service);
    let mut valid = true;
    c.each("hosts", &service.hosts, |c, host| {
        if let Err(refusal) = l4::host(host, sni) {
            if !syntax::is_ip(host) {
                c.invalid(refusal);
                valid = false;
            }
        } else if bound.to_mesh && host == "*" {
            c.invalid("`*` is no host for the mesh");
            valid = false;
        }
    });
    if valid {
        duplicate_hosts(c, &service.hosts);
    }
}

/// No host may cover another.
fn duplicate_hosts(c: &Checker<'_>, hosts: &[Str]) {
    let mut exact = std::collections::BTreeSet::new();
    let wildcards: Vec<(usize, &Str)> =
        hosts.iter().enumerate().filter(|(_, host)| syntax::is_wildcard(host)).collect();
    let field = c.field("hosts");
    for (index, host) in hosts.iter().enumerate() {
        let covered = wildcards
            .iter()
            .find(|(other, wildcard)| *other != index && syntax::hosts_overlap(wildcard, host));
        if let Some((_, other)) = covered {
            field.index(index).conflict(format!("`{host}` and `{other}` overlap"));
        } else if !exact.insert(host) {
            field.index(index).conflict(format!("`{host}` stands here twice"));
        }
    }
}

fn http_route(c: &Checker<'_>, route: &HttpRoute, is_delegate: bool) {
    action::conflicts(c, route, is_delegate);
    matches::check(c, route, is_delegate);
    c.some("headers", route.headers.as_ref(), |c, operations| headers::check(c, operations, true));
    action::check(c, route);
    destination::http(c, &route.route);
    c.some("timeout", route.timeout.as_ref(), common::duration);
}
