//! `not-a-waypoint`: `istio.io/use-waypoint` names a Gateway that is no waypoint.

use std::collections::BTreeSet;

use crate::lint::naming::{self, User, by_label, by_waypoint};
use crate::lint::{Context, Releases, Rule, list};
use crate::mesh::WaypointName;
use crate::nearest::{did_you_mean, nearest};
use crate::problem::{Change, Code, Fix, Problem, Severity};
use crate::release::Release;
use crate::snapshot;
use crate::well_known::{EAST_WEST_CLASS, REMOTE_CLASS, WAYPOINT_CLASS, WAYPOINT_CONTROLLER};

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::NotAWaypoint, include_str!("not_a_waypoint.md"), check)
};

/// Classes of waypoints that others than Istio run.
const OTHERS: [&str; 4] = [
    "kgateway-waypoint",
    "enterprise-kgateway-waypoint",
    "gloo-waypoint",
    "enterprise-agentgateway-waypoint",
];
/// Istio's classes of Gateways that are no waypoints.
const GATEWAYS: [&str; 3] = [REMOTE_CLASS, EAST_WEST_CLASS, "istio-agentgateway"];

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let users = cx.users();
    by_waypoint(users).into_iter().filter_map(|(name, users)| problem(cx, name, &users)).collect()
}

fn problem(cx: &Context<'_>, name: &WaypointName, users: &[&User<'_>]) -> Option<Problem> {
    let gateway = naming::gateway(cx, name).filter(|_| cx.mesh.waypoint(name).is_none())?;
    let class = &gateway.spec.gateway_class_name;
    let controller = snapshot::find(&cx.snapshot.gateway_classes, "", class)
        .map(|object| object.spec.controller_name.as_str());
    let features = &cx.mesh.options.features;
    let is_for_gateways =
        GATEWAYS.contains(&class.as_str()) || *class == features.pilot_gateway_api_default_gatewayclass_name;
    let affected = list::few(users.iter().map(|user| &user.object).collect::<BTreeSet<_>>());
    let problem = match controller {
        // Another implementation may well serve them.
        Some(controller) if !controller.starts_with("istio.io/") => other(name, &format!("`{controller}`")),
        None if OTHERS.contains(&class.as_str()) => other(name, &format!("class `{class}`")),
        _ => {
            let why = match controller {
                Some(controller) => format!("its class `{class}` is one of `{controller}`"),
                None if is_for_gateways => {
                    format!("its class `{class}` is not for waypoints")
                }
                None => format!("there is no GatewayClass `{class}`"),
            };
            Problem::new(
                Code::NotAWaypoint,
                format!("Gateway `{name}` is no waypoint, {why}: no waypoint serves {affected}"),
            )
        }
    };
    let problem = problem.on(gateway.object_ref()).field("spec.gatewayClassName");
    let near = nearest(class, std::iter::once(WAYPOINT_CLASS)).filter(|_| controller.is_none());
    let problem = match near {
        Some(near) => problem.help(did_you_mean([near])).fix(Fix::new(
            format!("write `{near}`"),
            gateway.object_ref(),
            "spec.gatewayClassName",
            Change::Set(near.to_owned()),
        )),
        None if controller.is_none() && !is_for_gateways => problem.help(format!(
            "use the class `{WAYPOINT_CLASS}`, or add the GatewayClass with `controllerName: {WAYPOINT_CONTROLLER}`"
        )),
        None => problem.help(format!("name a Gateway of class `{WAYPOINT_CLASS}`")),
    };
    let labels = by_label(users.iter().copied()).into_keys().take(5);
    Some(labels.fold(problem, |problem, label| {
        problem.related_object(label.object.clone(), label.field(), "names the Gateway")
    }))
}

/// A waypoint of somebody else's: nothing is wrong, and nothing is known of it.
fn other(name: &WaypointName, whose: &str) -> Problem {
    let message =
        format!("Gateway `{name}` is run by {whose}, not by Istio: it gets no configuration of Istio's");
    Problem::new(Code::NotAWaypoint, message).severity(Severity::Note)
}
