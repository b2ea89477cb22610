//! `waypoint-not-ready`: labels that name a waypoint which is not there, each once, and waypoints without an
//! address.

use crate::lint::naming::{self, Naming, User, affected, by_label, by_waypoint};
use crate::lint::{Context, Releases, Rule, list};
use crate::mesh::WaypointName;
use crate::mesh::waypoint::{RefusalReason, USE_WAYPOINT, USE_WAYPOINT_NAMESPACE};
use crate::nearest::{did_you_mean, nearest};
use crate::problem::{Change, Code, Fix, Problem};
use crate::release::Release;
use crate::snapshot::{Kind, ObjectRef};

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    replaces: &[Code::WaypointNotReady],
    ..Rule::new(Code::WaypointNotReady, include_str!("waypoint_not_ready.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let users = cx.users();
    let is_unready =
        |user: &&User<'_>| user.refusal.is_some_and(|refusal| refusal.reason == RefusalReason::NotReady);
    let (there, missing): (Vec<_>, Vec<_>) =
        users.iter().filter(is_unready).partition(|user| naming::gateway(cx, &user.waypoint).is_some());
    let mut found: Vec<Problem> = by_waypoint(there)
        .into_iter()
        .filter_map(|(name, users)| without_address(cx, name, &users))
        .collect();
    found.extend(by_label(missing).into_iter().filter_map(|(naming, users)| not_there(cx, naming, &users)));
    found
}

/// A waypoint whose status has no address. That it has none because a Service has its name, or because it is
/// no waypoint, is told by other rules.
fn without_address(cx: &Context<'_>, name: &WaypointName, users: &[&User<'_>]) -> Option<Problem> {
    let waypoint = cx.mesh.waypoint(name)?;
    if naming::namesake(cx, &waypoint.gateway).is_some() {
        return None;
    }
    let message = format!(
        "waypoint `{name}` has no address in its status: until it has, clients reach {} without it",
        affected(users)
    );
    let problem = Problem::new(Code::WaypointNotReady, message)
        .on(naming::gateway_ref(name))
        .field("status.addresses")
        .help("see why the Gateway is not programmed: its conditions say it");
    Some(by_label(users.iter().copied()).into_keys().fold(problem, |problem, naming| {
        problem.related_object(naming.object.clone(), naming.field(), "names the waypoint")
    }))
}

/// A label that names a Gateway which does not exist. One that could not be read was told of already.
fn not_there(cx: &Context<'_>, naming: &Naming, users: &[&User<'_>]) -> Option<Problem> {
    let name = &users.first()?.waypoint;
    let gateway = naming::gateway_ref(name);
    let was_refused = |problem: &Problem| problem.is_error() && problem.object.as_ref() == Some(&gateway);
    if cx.problems.iter().any(was_refused) {
        return None;
    }
    let affected = affected(users);
    let message = if name.name.is_empty() {
        format!("the label is empty: no waypoint serves {affected}, not even that of the namespace")
    } else {
        format!("there is no Gateway `{name}`: clients reach {affected} directly, without a waypoint")
    };
    let problem =
        Problem::new(Code::WaypointNotReady, message).on(naming.object.clone()).field(naming.field());
    Some(advise(cx, naming, name, problem))
}

/// What was meant.
fn advise(cx: &Context<'_>, naming: &Naming, name: &WaypointName, problem: Problem) -> Problem {
    let (object, field) = (naming.object.clone(), naming.field());
    if name.name.is_empty() {
        return problem
            .help("name a waypoint, write `none`, or remove the label for the namespace's waypoint");
    }
    if naming.key == USE_WAYPOINT && name.name.eq_ignore_ascii_case("none") {
        let fix = Fix::new("write `none`", object, field, Change::Set("none".into()));
        return problem.help("only `none` in lower case stands for no waypoint").fix(fix);
    }
    let waypoints = || cx.mesh.waypoints.iter();
    let same_name = waypoints().find(|waypoint| waypoint.name.name == name.name);
    if let Some(other) = same_name {
        let namespace = &other.name.namespace;
        return problem
            .help(format!(
                "add the label `{USE_WAYPOINT_NAMESPACE}: {namespace}` if `{}` is meant",
                other.name
            ))
            .related_object(other.gateway.object_ref(), "metadata.name", "this waypoint has the name");
    }
    let in_namespace = waypoints().filter(|waypoint| waypoint.name.namespace == name.namespace);
    let near = nearest(&name.name, in_namespace.clone().map(|waypoint| waypoint.name.name.as_str()));
    if let Some(near) = near {
        return problem.help(did_you_mean([near])).related_object(
            ObjectRef::new(Kind::Gateway, name.namespace.clone(), near),
            "metadata.name",
            "a waypoint with a similar name",
        );
    }
    let is_istios = |other: &ObjectRef| {
        other.kind == Kind::IstioGateway && (&other.namespace, &other.name) == (&name.namespace, &name.name)
    };
    if cx.reading.passed_over.iter().any(|other| is_istios(&other.object)) {
        return problem.help(
            "the Gateway of this name is one of `networking.istio.io`: a waypoint is a Gateway of \
             `gateway.networking.k8s.io`",
        );
    }
    let there: Vec<&str> = in_namespace.map(|waypoint| waypoint.name.name.as_str()).collect();
    problem.help(if there.is_empty() {
        format!("add a Gateway `{name}` of class `istio-waypoint`, or remove the label")
    } else {
        format!("the waypoints of namespace `{}` are {}", name.namespace, list::few(there))
    })
}
