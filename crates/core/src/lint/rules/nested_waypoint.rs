//! `nested-waypoint`: routes that lead to a Service with routes or policies of its own, which do not hold for
//! what comes that way, or to a waypoint itself.

use std::collections::BTreeSet;

use crate::Str;
use crate::hash::HashMap;
use crate::lint::list;
use crate::lint::routing::{Edge, Routed, Router, Share};
use crate::lint::{Context, Rule};
use crate::mesh::virtual_service::VirtualService;
use crate::mesh::workload::{GATEWAY_NAME, OLD_GATEWAY_NAME};
use crate::mesh::{ServiceId, Waypoint, hostname};
use crate::plan::Scope;
use crate::plan::routes::reach::{self, Reach};
use crate::problem::{Code, Problem};
use crate::rules::Attachment;
use crate::snapshot::ObjectRef;

/// That a waypoint's own Service is not in the snapshot says less than that it is no destination.
pub(super) const RULE: Rule = Rule {
    replaces: &[Code::UnknownDestination],
    ..Rule::new(Code::NestedWaypoint, include_str!("nested_waypoint.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let waypoints: HashMap<Str, &Waypoint> = cx
        .mesh
        .waypoints
        .iter()
        .map(|waypoint| (hostname::of_service(&waypoint.name.name, &waypoint.name.namespace), waypoint))
        .collect();
    let mut found = Vec::new();
    for router in cx.routers() {
        let mut told = BTreeSet::new();
        for edge in &router.edges {
            if told.contains(&edge.host) {
                continue;
            }
            let waypoint = waypoints.get(&edge.host).filter(|waypoint| is_its_own(cx, &edge.host, waypoint));
            let problem = match waypoint {
                Some(waypoint) => Some(to_waypoint(router, edge, waypoint)),
                None if edge.share == Share::Some => to_service(cx, router, edge),
                None => None,
            };
            if let Some(problem) = problem {
                told.insert(&edge.host);
                found.push(problem);
            }
        }
    }
    let unknown = cx.problems.iter().filter(|problem| problem.code == Code::UnknownDestination);
    let others = unknown
        .filter(|problem| !found.iter().any(|f| f.object == problem.object && f.field == problem.field));
    let others: Vec<Problem> = others.cloned().collect();
    found.extend(others);
    found
}

/// Whether the Service with a waypoint's host is the waypoint's own; it need not be in the snapshot.
fn is_its_own(cx: &Context<'_>, host: &str, waypoint: &Waypoint) -> bool {
    let services = &cx.mesh.services;
    services.with_hostname(host).iter().filter_map(|id| services.get(*id)).all(|service| {
        [GATEWAY_NAME, OLD_GATEWAY_NAME].iter().any(|label| {
            service.selector.get(label) == Some(&waypoint.name.name)
                || service.labels.get(label) == Some(&waypoint.name.name)
        })
    })
}

fn to_waypoint(router: &Router<'_>, edge: &Edge<'_>, waypoint: &Waypoint) -> Problem {
    let message = format!(
        "the route leads to the waypoint `{}` itself, which serves nothing at that address: requests fail",
        waypoint.name
    );
    Problem::new(Code::NestedWaypoint, message)
        .on(router.object.clone())
        .field(edge.host_field())
        .help(
            "lead the route to the Service or host that is meant: the label `istio.io/use-waypoint` alone \
             brings its requests to the waypoint",
        )
        .related_object(waypoint.gateway.object_ref(), "", "the waypoint")
}

/// What a destination has that does not hold for requests that a route brings.
fn to_service(cx: &Context<'_>, router: &Router<'_>, edge: &Edge<'_>) -> Option<Problem> {
    let from = cx.routing().of(&router.object).find(|routed| routed.service.hostname != edge.host)?;
    let id = cx.mesh.services.visible(&edge.host, &from.waypoint.name.namespace)?;
    let waypoint = cx.waypoint_of(id)?;
    if cx.mesh.rules.waypoints.attachment == Attachment::ServiceAccount {
        return refused(router, edge, from, waypoint);
    }
    let lost = lost(cx, router, edge, from, id);
    if lost.is_empty() {
        return None;
    }
    let names: Vec<String> = lost.iter().map(|(object, _)| object.to_string()).collect();
    let message = format!(
        "a waypoint routes once: what this route sends to `{}` goes to its endpoints, and {} {} not hold for it",
        edge.host,
        list::plain(&names),
        if lost.len() > 1 { "do" } else { "does" },
    );
    let mut problem = Problem::new(Code::NestedWaypoint, message)
        .on(router.object.clone())
        .field(edge.host_field())
        .help(format!(
            "say in this route, or in policies for {}, what is to hold for these requests",
            from.service.source.object()
        ));
    for (object, what) in lost {
        problem = problem.related_object(object, "", what);
    }
    Some(problem)
}

/// In 1.18 ztunnels take connections for a workload with a waypoint from that waypoint only.
fn refused(router: &Router<'_>, edge: &Edge<'_>, from: &Routed<'_>, waypoint: &Waypoint) -> Option<Problem> {
    if waypoint.name == from.waypoint.name {
        return None;
    }
    let message = format!(
        "`{}` has a waypoint of its own, `{}`, and is called without it: its ztunnel refuses these connections",
        edge.host, waypoint.name
    );
    Some(
        Problem::new(Code::NestedWaypoint, message)
            .on(router.object.clone())
            .field(edge.host_field())
            .help("use one waypoint for both, or route to Services that share this one's waypoint")
            .related_object(waypoint.gateway.object_ref(), "", "the destination's waypoint"),
    )
}

/// The routes and policies for a destination that are not also for the Service that requests were sent to.
fn lost(
    cx: &Context<'_>,
    router: &Router<'_>,
    edge: &Edge<'_>,
    from: &Routed<'_>,
    to: ServiceId,
) -> Vec<(ObjectRef, &'static str)> {
    let routes = routes_there(cx, edge, to).into_iter().flat_map(|routes| &routes.origins).filter(|origin| {
        **origin != router.object && !from.routes.iter().any(|routes| routes.origins.contains(origin))
    });
    let authorization = |id| cx.authorization_of(id).into_iter().map(|bound| bound.object.object_ref());
    let authentication = |id| cx.authentication_of(id).into_iter().map(|bound| bound.object.object_ref());
    let held: Vec<ObjectRef> = authorization(from.id).chain(authentication(from.id)).collect();
    let policies = authorization(to).chain(authentication(to)).filter(|policy| !held.contains(policy));
    let mut all: Vec<(ObjectRef, &'static str)> =
        routes.map(|route| (route.clone(), "a route of the destination")).collect();
    all.extend(policies.map(|policy| (policy, "a policy for the destination")));
    all.sort();
    all.dedup();
    all
}

/// What would route at the destination's own waypoint, for the port that requests are sent to.
fn routes_there<'m>(cx: &Context<'m>, edge: &Edge<'_>, to: ServiceId) -> Vec<&'m VirtualService> {
    let Some((service, waypoint)) = cx.mesh.services.get(to).zip(cx.waypoint_of(to)) else {
        return Vec::new();
    };
    let scope = Scope { mesh: cx.mesh, waypoint, rules: cx.mesh.rules };
    let takes = |routes: &VirtualService, port: u32| match edge.is_http {
        true => reach::of_requests(scope, routes, port) != Reach::Nothing,
        false => reach::of_connections(scope, routes, service, port) != Reach::Nothing,
    };
    let ports: Vec<u32> = match edge.port {
        Some(port) => vec![port],
        None => service.ports.iter().map(|port| port.number).collect(),
    };
    let mut routes = cx.routes_of(to);
    routes.retain(|routes| ports.iter().any(|port| takes(routes, *port)));
    routes
}
