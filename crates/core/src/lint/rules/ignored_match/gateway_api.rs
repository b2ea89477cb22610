//! Hostnames, sections and ports of routes of the Gateway API.

use super::problem;
use crate::Str;
use crate::lint::Context;
use crate::lint::gateway_routes::{self, GatewayRoute};
use crate::mesh::Service;
use crate::problem::{Problem, Severity};
use crate::snapshot::gateway_api::route::ParentReference;
use crate::snapshot::{Kind, ObjectRef};

pub(super) fn check(cx: &Context<'_>, route: &GatewayRoute<'_>) -> Vec<Problem> {
    let mut found: Vec<Problem> = match route.object.kind {
        Kind::TlsRoute => server_names(cx, route),
        _ => hostnames(cx, route),
    }
    .into_iter()
    .collect();
    for (i, reference) in route.parents.iter().enumerate() {
        let Some(parent) = gateway_routes::parent(cx.mesh.rules, reference, &route.object.namespace) else {
            continue;
        };
        if parent.kind != Kind::Gateway {
            found.extend(section(cx, route, reference, &parent, &format!("spec.parentRefs[{i}]")));
        }
    }
    found
}

/// Hostnames of a route of HTTP: they are compared at gateways only.
fn hostnames(cx: &Context<'_>, route: &GatewayRoute<'_>) -> Option<Problem> {
    if route.hostnames.is_empty() {
        return None;
    }
    let services: Vec<&Service> = cx.routing().of(&route.object).map(|routed| routed.service).collect();
    let is_own = |name: &Str| {
        services.iter().any(|service| {
            service.hostname == *name
                || service.hostname.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'))
        })
    };
    let message = "hostnames of a route for a Service are not compared with anything: the route holds for \
                   requests to the Service with any host";
    let problem = problem(&route.object, "spec.hostnames".to_owned(), message).help(
        "leave them out; what is to hold for one host only can match a header of its own, or a \
         VirtualService's `authority`",
    );
    let is_harmless =
        route.hostnames.iter().all(is_own) || !gateway_routes::is_only_for_mesh(cx.mesh.rules, route);
    Some(if is_harmless { problem.severity(Severity::Note) } else { problem })
}

/// Hostnames of a TLSRoute: they have to be the Service's own.
fn server_names(cx: &Context<'_>, route: &GatewayRoute<'_>) -> Option<Problem> {
    if route.hostnames.is_empty() || !cx.mesh.rules.listeners.tcp_routing {
        return None;
    }
    let mut first = None;
    for routed in cx.routing().of(&route.object) {
        let hostname = &routed.service.hostname;
        first = first.or(Some(hostname));
        let own = routed.routes.iter().filter(|routes| routes.origins.contains(&route.object));
        let takes = own.flat_map(|routes| &routes.tls).any(|rule| {
            let mut matches = rule.matches.iter();
            rule.matches.is_empty()
                || matches.any(|m| matches!(m.sni_hosts.as_slice(), [only] if only == hostname))
        });
        if takes {
            return None;
        }
    }
    let message = format!(
        "a waypoint does not look at the name that a client asks for: the route counts only if its hostname \
         is the Service's own, `{}`, so that no connection takes it",
        first?
    );
    Some(problem(&route.object, "spec.hostnames".to_owned(), message).help("leave `hostnames` out"))
}

/// A section or port of a parent that does not narrow the route, though the Service has several ports.
fn section(
    cx: &Context<'_>,
    route: &GatewayRoute<'_>,
    reference: &ParentReference,
    parent: &ObjectRef,
    at: &str,
) -> Option<Problem> {
    cx.services_of(parent).find(|(_, service)| service.ports.len() > 1)?;
    let rules = cx.mesh.rules;
    if reference.port.is_some() && !rules.gateway_api.parent_ports {
        let release = rules.release;
        let message =
            format!("release {release} does not look at the port of a parent: the route holds for all ports");
        return Some(
            problem(&route.object, format!("{at}.port"), message).help("leave it out, if that is meant"),
        );
    }
    let is_named = reference.section_name.as_ref().is_some_and(|name| !name.is_empty());
    (is_named && reference.port.is_none()).then(|| {
        let message =
            format!("Istio does not look at the section of {parent}: the route holds for all its ports");
        problem(&route.object, format!("{at}.sectionName"), message)
            .help("name the port by its number, as `port`")
    })
}
