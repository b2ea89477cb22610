//! `waypoint-traffic`: waypoints that are not for the traffic of those that name them, each once.

use std::collections::BTreeSet;

use crate::Str;
use crate::lint::naming::{self, User, by_label, by_waypoint, label};
use crate::lint::{Context, Releases, Rule, list};
use crate::mesh::WaypointName;
use crate::mesh::waypoint::{RefusalReason, Traffic, WAYPOINT_FOR};
use crate::nearest::{did_you_mean, nearest};
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::{self, Kind, Object, ObjectRef};

use super::client_side_waypoint::clients;

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    replaces: &[Code::WaypointTraffic],
    ..Rule::new(Code::WaypointTraffic, include_str!("waypoint_traffic.md"), check)
};

const VALUES: [&str; 4] = ["service", "workload", "all", "none"];

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let users = cx.users();
    let clients = clients(cx, users);
    let refused = users.iter().filter(|user| is_refused(user) && !clients.contains(&user.object));
    by_waypoint(refused).into_iter().filter_map(|(name, users)| problem(cx, name, &users)).collect()
}

fn is_refused(user: &User<'_>) -> bool {
    user.refusal.is_some_and(|refusal| matches!(refusal.reason, RefusalReason::Traffic(_)))
}

fn problem(cx: &Context<'_>, name: &WaypointName, users: &[&User<'_>]) -> Option<Problem> {
    let gateway = naming::gateway(cx, name)?;
    let (object, value) = waypoint_for(cx, gateway);
    // A namespace's waypoint for workloads is as it should be where no Service of the namespace has an
    // address.
    let is_reached = |user: &&&User<'_>| user.naming.object == user.object || has_address(cx, &user.object);
    let affected: Vec<&User<'_>> = users.iter().filter(is_reached).copied().collect();
    let traffic: BTreeSet<&str> = affected.iter().map(|user| user.traffic.as_str()).collect();
    if affected.is_empty() {
        return None;
    }
    let objects = list::few(affected.iter().map(|user| &user.object));
    let is_word = VALUES.contains(&value.as_str());
    let message = if is_word {
        let traffic = traffic.into_iter().collect::<Vec<_>>().join("s and ");
        format!(
            "waypoint `{name}` is for `{value}`, not for traffic to {traffic}s: clients reach {objects} \
             directly, without it"
        )
    } else {
        format!(
            "`{value}` is none of `service`, `workload`, `all` and `none`: waypoint `{name}` serves nothing, \
             clients reach {objects} directly"
        )
    };
    let problem = Problem::new(Code::WaypointTraffic, message)
        .on(object)
        .field(label(WAYPOINT_FOR))
        .help(advice(&value, &affected));
    let labels = by_label(affected).into_keys().take(5);
    Some(labels.fold(problem, |problem, label| {
        problem.related_object(label.object.clone(), label.field(), "names the waypoint")
    }))
}

/// What a Gateway is for, and the object that says so: itself, or its class.
fn waypoint_for(cx: &Context<'_>, gateway: &Object<Gateway>) -> (ObjectRef, Str) {
    if let Some(value) = gateway.meta.labels.get(WAYPOINT_FOR) {
        return (gateway.object_ref(), value.clone());
    }
    let class = snapshot::find(&cx.snapshot.gateway_classes, "", &gateway.spec.gateway_class_name);
    let of_class =
        class.and_then(|class| Some((class.object_ref(), class.meta.labels.get(WAYPOINT_FOR)?.clone())));
    of_class.unwrap_or_else(|| (gateway.object_ref(), Str::new_static("service")))
}

/// Whether a Service has an address that clients call; workloads have.
fn has_address(cx: &Context<'_>, object: &ObjectRef) -> bool {
    let mut services = cx.services_of(object);
    !matches!(object.kind, Kind::Service | Kind::ServiceEntry)
        || services.any(|(_, service)| !service.addresses.is_empty() || !service.auto_allocated.is_empty())
}

fn advice(value: &str, users: &[&User<'_>]) -> String {
    if let Some(near) = nearest(value, VALUES.into_iter()).filter(|near| *near != value) {
        return did_you_mean([near]);
    }
    let on_pods = users.iter().all(|user| user.traffic == Traffic::Workload);
    let advice = format!("label the Gateway `{WAYPOINT_FOR}: all`");
    if on_pods {
        format!("{advice}, or label the Service instead: few clients call pods by their own addresses")
    } else {
        format!("{advice}, or name another waypoint")
    }
}
