//! Patches of route configurations, virtual hosts and routes.

use envoy::Encoded;
use envoy::config::route::v3::route::Action;
use envoy::config::route::v3::{Route, RouteConfiguration, VirtualHost};

use super::list;
use super::merge;
use super::patch::Patch;
use super::{Applied, Context};
use crate::snapshot::networking::envoy_filter::{PatchOperation, RouteMatchAction, VirtualHostMatch};

/// Patches a route configuration. Istio does this to the default ones only, those of ports without a
/// VirtualService.
pub(super) fn configuration(routes: &mut RouteConfiguration, context: Context<'_>, applied: &mut Applied) {
    for patch in context.of(&context.patches.route_configurations) {
        if patch.merges() && fits_configuration(&routes.name, patch) {
            merge::message(routes, patch);
            applied.by(&patch.cause);
        }
    }
    virtual_hosts(routes, context, applied);
}

/// Whether a patch is for the route configuration of this name: `inbound-vip|port|…`, or else it has no port.
fn fits_configuration<M>(name: &str, patch: &Patch<M>) -> bool {
    patch.route_match().is_none_or(|wanted| {
        let port = name.starts_with("inbound").then(|| name.split('|').nth(1)).flatten().unwrap_or(name);
        (wanted.name.is_empty() || wanted.name == name)
            && (wanted.port_number == 0 || port.parse() == Ok(wanted.port_number))
    })
}

fn virtual_hosts(routes: &mut RouteConfiguration, context: Context<'_>, applied: &mut Applied) {
    let name = routes.name.clone();
    let patches: Vec<_> =
        context.of(&context.patches.virtual_hosts).filter(|p| fits_configuration(&name, p)).collect();
    let http: Vec<_> = context.of(&context.patches.routes).filter(|p| fits_configuration(&name, p)).collect();
    let mut removed = Vec::new();
    for host in &mut routes.virtual_hosts {
        if patch_virtual_host(host, &patches, &http, applied) == Kept::No {
            removed.push(host.name.clone());
        }
    }
    for patch in patches.iter().filter(|p| p.operation == PatchOperation::Add) {
        routes.virtual_hosts.push(patch.value.clone());
        applied.by(&patch.cause);
    }
    routes.virtual_hosts.retain(|host| !removed.contains(&host.name));
}

/// Whether something stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Yes,
    No,
}

fn patch_virtual_host(
    host: &mut VirtualHost,
    patches: &[&Patch<VirtualHost>],
    routes: &[&Patch<Route>],
    applied: &mut Applied,
) -> Kept {
    for patch in patches {
        if !fits_host(host, patch) {
            continue;
        }
        match patch.operation {
            PatchOperation::Remove => {
                applied.by(&patch.cause);
                return Kept::No;
            }
            PatchOperation::Replace => *host = patch.value.clone(),
            _ if patch.merges() => merge::message(host, patch),
            _ => continue,
        }
        applied.by(&patch.cause);
    }
    patch_routes(host, routes, applied);
    Kept::Yes
}

fn fits_host<M>(host: &VirtualHost, patch: &Patch<M>) -> bool {
    host_match(patch).is_none_or(|wanted| {
        (wanted.name.is_empty() || wanted.name == host.name)
            && (wanted.domain_name.is_empty() || host.domains.iter().any(|d| *d == wanted.domain_name))
    })
}

fn host_match<M>(patch: &Patch<M>) -> Option<&VirtualHostMatch> {
    patch.route_match()?.vhost.as_ref()
}

fn patch_routes(host: &mut VirtualHost, patches: &[&Patch<Route>], applied: &mut Applied) {
    // All patches are matched with the host as it is now; they change its routes, not what is matched of it.
    let patches: Vec<_> = patches.iter().filter(|p| fits_host(host, p)).collect();
    if patches.is_empty() {
        return;
    }
    // What was made here, or comes from a patch, is not nested too deeply. What is removed keeps its place
    // until the end, but nothing fits there any more unless it fits everything.
    let mut routes: Vec<Option<Route>> =
        host.routes.iter().filter_map(|route| Some(Some(route.decode().ok()?))).collect();
    for slot in &mut routes {
        for patch in &patches {
            let Some(route) = slot.as_mut().filter(|route| fits_route(Some(route), patch)) else { continue };
            if patch.operation == PatchOperation::Remove {
                *slot = None;
                applied.by(&patch.cause);
                break;
            }
            if patch.merges() {
                merge::message(route, patch);
                applied.by(&patch.cause);
            }
        }
    }
    for patch in &patches {
        let anchored = host_match(patch).is_some_and(|h| h.route.is_some());
        let fits = |slot: &Option<Route>| fits_route(slot.as_ref(), patch);
        let placed = match patch.operation {
            PatchOperation::Replace => false,
            // First only if there is such a route at all.
            PatchOperation::InsertFirst if anchored && !routes.iter().any(fits) => false,
            operation => {
                list::place(&mut routes, operation, &Some(patch.value.clone()), anchored.then_some(&fits))
            }
        };
        if placed {
            applied.by(&patch.cause);
        }
    }
    host.routes = routes.into_iter().flatten().map(Encoded::from).collect();
}

/// Whether a patch is for this route of a host that it is for.
fn fits_route(route: Option<&Route>, patch: &Patch<Route>) -> bool {
    let Some(wanted) = host_match(patch).and_then(|host| host.route.as_ref()) else { return true };
    let Some(route) = route else { return false };
    let action = match &route.action {
        Some(Action::Route(_)) => RouteMatchAction::Route,
        Some(Action::Redirect(_)) => RouteMatchAction::Redirect,
        Some(Action::DirectResponse(_)) => RouteMatchAction::DirectResponse,
        // Actions that a match cannot name fit every name.
        _ => wanted.action,
    };
    (wanted.name.is_empty() || wanted.name == route.name)
        && (wanted.action == RouteMatchAction::Any || wanted.action == action)
}
