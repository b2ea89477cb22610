//! `unused-waypoint`: waypoints that run for no traffic.

use std::collections::BTreeSet;

use crate::lint::naming;
use crate::lint::{Context, Rule};
use crate::mesh::waypoint::{FOR_SERVICE_ACCOUNT, USE_WAYPOINT};
use crate::mesh::{Waypoint, WaypointName};
use crate::problem::{Code, Problem};

pub(super) const RULE: Rule = Rule {
    replaces: &[Code::UnusedWaypoint],
    ..Rule::new(Code::UnusedWaypoint, include_str!("unused_waypoint.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let users = cx.users();
    let named: BTreeSet<&WaypointName> = users.iter().map(|user| &user.waypoint).collect();
    let unused = cx.mesh.waypoints.iter().filter(|waypoint| {
        // Why it does not serve those that name it, or a service account, is told otherwise.
        let is_of_account =
            cx.objects_name_waypoints && waypoint.gateway.meta.annotations.contains_key(FOR_SERVICE_ACCOUNT);
        waypoint.serves_nothing() && !named.contains(&waypoint.name) && !is_of_account
    });
    unused.map(|waypoint| problem(cx, waypoint)).collect()
}

fn problem(cx: &Context<'_>, waypoint: &Waypoint) -> Problem {
    let name = &waypoint.name;
    let namespace = &name.namespace;
    let (message, help) = if !cx.objects_name_waypoints {
        let whose = match &waypoint.for_service_account {
            Some(account) => format!("service account `{account}` of namespace `{namespace}`"),
            None => format!("namespace `{namespace}`"),
        };
        let message = format!("waypoint `{name}` serves nothing: no pod of {whose} runs");
        (message, "remove the Gateway, or add the pods to the snapshot".to_owned())
    } else if names(cx, name) {
        let message = format!(
            "waypoint `{name}` serves nothing: namespace `{namespace}` names it, and nothing there takes its traffic"
        );
        (message, "remove the Gateway, or add the Services that it is for".to_owned())
    } else {
        let message = format!("nothing names waypoint `{name}`: it runs for no traffic");
        let help = format!(
            "label a Service or a Namespace with `{USE_WAYPOINT}: {}`, or remove the Gateway",
            name.name
        );
        (message, help)
    };
    Problem::new(Code::UnusedWaypoint, message)
        .on(waypoint.gateway.object_ref())
        .field("metadata.name")
        .help(help)
}

/// Whether the waypoint's own Namespace names it.
fn names(cx: &Context<'_>, name: &WaypointName) -> bool {
    naming::namespace_labels(cx, &name.namespace).get(USE_WAYPOINT) == Some(&name.name)
}
