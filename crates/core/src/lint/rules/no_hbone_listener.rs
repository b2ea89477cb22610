//! `no-hbone-listener`: waypoints that do not listen where ztunnels send.

use crate::lint::naming::{by_label, has_inbound_binding, hbone_listener};
use crate::lint::{Context, Releases, Rule};
use crate::mesh::Waypoint;
use crate::mesh::waypoint::RefusalReason;
use crate::problem::{Change, Code, Fix, Problem, Severity};
use crate::release::Release;
use crate::snapshot::ObjectRef;
use crate::snapshot::gateway_api::gateway::Listener;

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::NoHboneListener, include_str!("no_hbone_listener.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let users = cx.users();
    let without = cx.mesh.waypoints.iter().filter(|waypoint| {
        hbone_listener(&waypoint.gateway).is_none() && !has_inbound_binding(cx, &waypoint.gateway)
    });
    without
        .map(|waypoint| {
            let labels = by_label(users.iter().filter(|user| user.waypoint == waypoint.name)).into_keys();
            let is_denied = users.iter().any(|user| {
                let reason = user.refusal.map(|refusal| refusal.reason);
                user.waypoint == waypoint.name && reason == Some(RefusalReason::Denied)
            });
            labels.take(5).fold(problem(waypoint, is_denied), |problem, label| {
                problem.related_object(label.object.clone(), label.field(), "names the waypoint")
            })
        })
        .collect()
}

fn problem(waypoint: &Waypoint, is_denied: bool) -> Problem {
    let name = &waypoint.name;
    let object = waypoint.gateway.object_ref();
    let listeners = &waypoint.gateway.spec.listeners;
    let has = |is: fn(&Listener) -> bool| listeners.iter().position(is);
    let on_port = has(|listener| listener.port == 15008);
    let of_protocol = has(|listener| listener.protocol == "HBONE");
    let help = "add a listener of protocol `HBONE` on port 15008";
    let new = |message: String, field: String| {
        Problem::new(Code::NoHboneListener, message).on(object.clone()).field(field)
    };
    let fix = |field: &str, value: &str| {
        Fix::new(format!("write `{value}`"), ObjectRef::clone(&object), field, Change::Set(value.to_owned()))
    };
    match (on_port.and_then(|i| Some((i, listeners.get(i)?))), of_protocol) {
        // Connections arrive all the same; who may use the waypoint is not read from this listener.
        (Some((i, listener)), _) => {
            let field = format!("spec.listeners[{i}].protocol");
            let message = format!(
                "the listener of waypoint `{name}` on port 15008 has protocol `{}`, not `HBONE`: its \
                 `allowedRoutes` are not read, so that only namespace `{}` is admitted",
                listener.protocol, name.namespace
            );
            let fix = fix(&field, "HBONE");
            let severity = if is_denied { Severity::Warning } else { Severity::Note };
            new(message, field).severity(severity).help("write `HBONE`").fix(fix)
        }
        (None, Some(i)) => {
            let message = format!(
                "the HBONE listener of waypoint `{name}` is not on port 15008, where ztunnels send: no traffic reaches it"
            );
            new(message, format!("spec.listeners[{i}].port")).help("use port 15008")
        }
        (None, None) => {
            let message = format!(
                "waypoint `{name}` has no HBONE listener on port 15008, where ztunnels send: no traffic reaches it"
            );
            new(message, "spec.listeners".to_owned()).help(help)
        }
    }
}
