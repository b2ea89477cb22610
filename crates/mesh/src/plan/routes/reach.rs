//! How much of what arrives at a port of a Service a VirtualService takes: what is left for those behind it.

use super::{matches, tcp};
use crate::mesh::Service;
use crate::mesh::virtual_service::VirtualService;
use crate::plan::Scope;
use crate::snapshot::networking::virtual_service::HttpMatchRequest;

/// How much a VirtualService takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nothing: it has no rule for the port.
    Nothing,
    /// Some of it.
    Some,
    /// All of it.
    Everything,
}

/// How much of the requests to a port.
pub fn of_requests(scope: Scope<'_>, virtual_service: &VirtualService, port: u32) -> Reach {
    let mut reach = Reach::Nothing;
    for rule in &virtual_service.http {
        if rule.route.matches.is_empty() {
            return Reach::Everything;
        }
        for request in rule.route.matches.iter().filter(|request| matches::applies(scope, port, request)) {
            if matches::is_catch_all(request) {
                return Reach::Everything;
            }
            reach = Reach::Some;
        }
    }
    reach
}

/// The rule of a VirtualService, and the match in it if it has any, behind which nothing is sent for a port:
/// it takes everything.
pub fn last(scope: Scope<'_>, virtual_service: &VirtualService, port: u32) -> Option<(usize, Option<usize>)> {
    let ends = scope.rules.routes.ends_at_catch_all;
    let takes_all = |request: &HttpMatchRequest| {
        ends && matches::applies(scope, port, request) && matches::is_catch_all(request)
    };
    virtual_service.http.iter().enumerate().find_map(|(rule, http)| {
        let matches = &http.route.matches;
        if matches.is_empty() {
            return Some((rule, None));
        }
        Some((rule, Some(matches.iter().position(takes_all)?)))
    })
}

/// How much of the connections to a port, that is all or nothing.
pub fn of_connections(
    scope: Scope<'_>,
    virtual_service: &VirtualService,
    service: &Service,
    port: u32,
) -> Reach {
    let takes = scope.rules.listeners.tcp_routing && tcp::takes(virtual_service, service, port);
    if takes { Reach::Everything } else { Reach::Nothing }
}
