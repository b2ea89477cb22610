//! `ignored-match`: conditions of routes that waypoints leave out, or that cannot hold there.

mod gateway_api;
mod virtual_service;

use crate::lint::{Context, Rule, gateway_routes};
use crate::problem::{Code, Problem};
use crate::snapshot::ObjectRef;

pub(super) const RULE: Rule = Rule::new(Code::IgnoredMatch, include_str!("ignored_match.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let routed = |name: &ObjectRef| cx.routing().has(name);
    let objects = cx.snapshot.virtual_services.iter().filter(|object| routed(&object.object_ref()));
    let mut found: Vec<Problem> =
        objects.flat_map(|object| virtual_service::Conditions::new(cx, object).check()).collect();
    for route in gateway_routes::all(cx.snapshot).filter(|route| routed(&route.object)) {
        found.extend(gateway_api::check(cx, &route));
    }
    found
}

fn problem(object: &ObjectRef, field: String, message: impl Into<String>) -> Problem {
    Problem::new(Code::IgnoredMatch, message).on(object.clone()).field(field)
}
