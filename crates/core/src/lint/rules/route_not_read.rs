//! `route-not-read`: VirtualServices and DestinationRules for a Service that its waypoint does not read.

mod destination_rule;

use std::collections::BTreeMap;

use crate::Str;
use crate::hash::HashMap;
use crate::lint::routing::Routed;
use crate::lint::{Context, Rule};
use crate::mesh::hostname::resolve;
use crate::mesh::virtual_service::{MESH_GATEWAY, VirtualService};
use crate::mesh::waypoint::WaypointName;
use crate::problem::{Code, Problem, Severity};
use crate::snapshot::{Object, ObjectRef, networking};

pub(super) const RULE: Rule = Rule::new(Code::RouteNotRead, include_str!("route_not_read.md"), check);

/// The Services behind waypoints by their hostnames.
type Served<'a, 'm> = HashMap<&'a str, Vec<&'a Routed<'m>>>;

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut served = Served::default();
    for routed in cx.routing().services() {
        served.entry(&routed.service.hostname).or_default().push(routed);
    }
    let of_mesh: BTreeMap<&ObjectRef, &VirtualService> =
        cx.mesh.virtual_services.iter().filter_map(|vs| Some((vs.origins.first()?, vs))).collect();
    let mut found = Vec::new();
    for object in &cx.snapshot.virtual_services {
        let name = object.object_ref();
        let problem = match of_mesh.get(&name) {
            Some(vs) => unread(cx, object, vs, &served),
            None => names_waypoint(cx, object).or_else(|| only_for_gateways(object, &served)),
        };
        found.extend(problem);
    }
    found.extend(destination_rule::check(cx, &served));
    found
}

fn problem(object: ObjectRef, field: impl Into<String>, message: String) -> Problem {
    Problem::new(Code::RouteNotRead, message).on(object).field(field)
}

/// A waypoint among the gateways of a VirtualService that is not for the mesh.
fn names_waypoint(cx: &Context<'_>, object: &Object<networking::VirtualService>) -> Option<Problem> {
    let waypoint_of = |gateway: &str| {
        let (namespace, name) = gateway.split_once('/').unwrap_or((&object.meta.namespace, gateway));
        cx.mesh.waypoint(&WaypointName::new(namespace, name))
    };
    let mut gateways = object.spec.gateways.iter().enumerate();
    let (i, waypoint) = gateways.find_map(|(i, gateway)| Some((i, waypoint_of(gateway)?)))?;
    let message = format!(
        "a waypoint is none of the gateways that a VirtualService can name: `{}` does not read this one",
        waypoint.name
    );
    Some(
        problem(object.object_ref(), format!("spec.gateways[{i}]"), message)
            .help(format!("write `{MESH_GATEWAY}`, or leave `gateways` out"))
            .related_object(waypoint.gateway.object_ref(), "", "the waypoint"),
    )
}

/// A VirtualService for gateways only, with the host of a Service that nothing routes in the mesh.
fn only_for_gateways(
    object: &Object<networking::VirtualService>,
    served: &Served<'_, '_>,
) -> Option<Problem> {
    if object.spec.gateways.is_empty() {
        return None;
    }
    let mut hosts = object.spec.hosts.iter().map(|host| resolve(host, &object.meta.namespace));
    let (host, routed) = hosts.find_map(|host| {
        let routed = served.get(host.as_str())?;
        let mut unrouted = routed.iter().filter(|r| r.service.is_kubernetes() && r.routes.is_empty());
        unrouted.next().map(|routed| (host.clone(), *routed))
    })?;
    let message = format!(
        "`gateways` leaves out `{MESH_GATEWAY}`, so that the waypoint `{}` of `{host}` does not read these routes",
        routed.waypoint.name
    );
    let problem = problem(object.object_ref(), "spec.gateways", message)
        .help(format!("add `{MESH_GATEWAY}` to `gateways`"))
        .related_object(routed.service.source.object(), "", "the Service");
    // Beside names for clients outside it may just be there for completeness.
    let is_mesh_host = |host: &Str| served.contains_key(resolve(host, &object.meta.namespace).as_str());
    let only_mesh_hosts = object.spec.hosts.iter().all(is_mesh_host);
    Some(if only_mesh_hosts { problem } else { problem.severity(Severity::Note) })
}

/// A VirtualService for the mesh that no waypoint of its hosts reads.
fn unread(
    cx: &Context<'_>,
    object: &Object<networking::VirtualService>,
    vs: &VirtualService,
    served: &Served<'_, '_>,
) -> Option<Problem> {
    let name = object.object_ref();
    let is_read = |routed: &Routed<'_>| routed.routes.iter().any(|routes| routes.origins.contains(&name));
    let sidecars = cx.has_sidecars(&vs.namespace);
    vs.hosts.iter().enumerate().find_map(|(i, host)| {
        let routed = served.get(host.as_str())?;
        if sidecars || routed.iter().any(|routed| is_read(routed)) {
            return None;
        }
        let Routed { waypoint, service, .. } = routed.first()?;
        let (field, message, help) = if !vs.export_to.allows(&waypoint.name.namespace) {
            let field = if object.spec.export_to.is_empty() { "" } else { "spec.exportTo" };
            let message = format!(
                "the VirtualService is not exported to namespace `{}`, where the waypoint of `{host}` is: it \
                 does not read these routes",
                waypoint.name.namespace
            );
            (field.to_owned(), message, format!("export it to `{}`", waypoint.name.namespace))
        } else if vs.namespace != service.namespace && vs.namespace != waypoint.name.namespace {
            let message = format!(
                "the waypoint `{}` of `{host}` reads the routes of the Service's namespace and of its own, \
                 not of namespace `{}`",
                waypoint.name, vs.namespace
            );
            (format!("spec.hosts[{i}]"), message, format!("move it to namespace `{}`", service.namespace))
        } else {
            return None;
        };
        let problem = problem(name.clone(), field, message).help(help);
        Some(problem.related_object(service.source.object(), "", "the Service"))
    })
}
