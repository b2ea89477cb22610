//! TLS and TCP routes of a VirtualService.

use super::{Bound, destination};
use crate::Str;
use crate::admission::check::Checker;
use crate::admission::common;
use crate::admission::syntax::{self, Refusal};
use crate::problem::Code;
use crate::snapshot::Labels;
use crate::snapshot::networking::VirtualService;
use crate::snapshot::networking::virtual_service::{TcpRoute, TlsRoute};

/// What AUTO_PASSTHROUGH gateways make of a Service's port:
/// `outbound_.80_._.reviews.default.svc.cluster.local`.
const SNI_PREFIX: &str = "outbound_";

pub(super) fn has_sni_hosts(service: &VirtualService) -> bool {
    service.tls.iter().flat_map(|route| &route.matches).any(|request| !request.sni_hosts.is_empty())
}

/// A host name; where `sni` says so, also one that a gateway makes.
pub(super) fn host(name: &str, sni: bool) -> Refusal {
    if !sni || !name.starts_with(SNI_PREFIX) {
        return syntax::wildcard_host_name(name);
    }
    let parts: Vec<&str> = name.split('_').collect();
    let [_, port, _, host, ..] = parts.as_slice() else {
        return Err(format!("`{name}` is not `outbound_.<port>_._.<host>`"));
    };
    let has_port = port.bytes().any(|b| b.is_ascii_digit());
    let has_host = host.bytes().any(|b| b.is_ascii_alphabetic());
    if has_port && has_host { Ok(()) } else { Err(format!("`{name}` is not `outbound_.<port>_._.<host>`")) }
}

pub(super) fn tls_route(c: &Checker<'_>, route: &TlsRoute, service: &VirtualService, bound: Bound) {
    if route.matches.is_empty() {
        c.field("match").missing("a TLS route needs a match");
    }
    c.each("match", &route.matches, |c, request| {
        if request.sni_hosts.is_empty() {
            c.field("sniHosts").missing("a match of TLS needs a host");
        }
        c.each("sniHosts", &request.sni_hosts, |c, name| sni_host(c, name, service, bound));
        connection(c, &request.destination_subnets, request.port, &request.source_labels, &request.gateways);
    });
    if route.route.is_empty() {
        c.field("route").missing("a TLS route needs a destination");
    }
    destination::l4(c, &route.route);
}

fn sni_host(c: &Checker<'_>, name: &str, service: &VirtualService, bound: Bound) {
    match host(name, bound.only_to_gateways) {
        Err(_) if syntax::is_ip(name) => {
            c.warn(
                Code::Ineffective,
                "an IP address is no server name: most clients do not send it",
                "name a host, or match by port in `tcp`",
            );
        }
        Err(refusal) => c.invalid(refusal),
        Ok(()) if service.hosts.iter().any(|host| syntax::host_is_within(name, host)) => {}
        Ok(()) => c.conflict(format!("`{name}` is none of the VirtualService's hosts")),
    }
}

pub(super) fn tcp_route(c: &Checker<'_>, route: &TcpRoute) {
    c.each("match", &route.matches, |c, request| {
        connection(c, &request.destination_subnets, request.port, &request.source_labels, &request.gateways);
    });
    if route.route.is_empty() {
        c.field("route").missing("a TCP route needs a destination");
    }
    destination::l4(c, &route.route);
}

/// What matches of TLS and TCP have in common.
fn connection(c: &Checker<'_>, subnets: &[Str], port: u32, source_labels: &Labels, gateways: &[Str]) {
    c.each("destinationSubnets", subnets, |c, subnet| {
        if !syntax::is_ip_or_cidr(subnet) {
            c.invalid(format!("`{subnet}` is neither an IP address nor a range of them"));
        }
    });
    if port != 0 {
        common::port(&c.field("port"), port);
    }
    common::labels(&c.field("sourceLabels"), source_labels);
    super::gateways(c, gateways);
}
