//! `default-deny-misses-waypoint`: a default deny that waypoints do not read.

use std::collections::BTreeMap;

use crate::hash::HashSet;
use crate::lint::ambient::Way;
use crate::lint::list::few;
use crate::lint::{Context, Rule, enforced};
use crate::mesh::{Service, ServiceId};
use crate::mesh::attachment::refers_to_nothing;
use crate::problem::{Code, Problem};
use crate::snapshot::Object;
use crate::snapshot::security::{Action, AuthorizationPolicy};

pub(super) const RULE: Rule = Rule::new(
    Code::DefaultDenyMissesWaypoint,
    include_str!("default_deny_misses_waypoint.md"),
    check,
);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let policies = cx.snapshot.authorization_policies.iter().filter(|policy| is_default_deny(policy));
    let policies: Vec<_> = policies.collect();
    if policies.is_empty() {
        return Vec::new();
    }
    let guarded = guarded(cx);
    let problems = policies.into_iter().filter_map(|policy| {
        let missed = missed(cx, policy, &guarded);
        (!missed.is_empty()).then(|| problem(cx, policy, &missed))
    });
    problems.collect()
}

/// Whether a policy without `targetRefs` lets nobody in.
pub(super) fn is_default_deny(policy: &Object<AuthorizationPolicy>) -> bool {
    policy.spec.action == Action::Allow
        && policy.spec.rules.is_empty()
        && refers_to_nothing(policy)
        && !enforced::is_dry_run(policy)
}

/// The Services whose waypoints let in only whom a policy allows.
pub(super) fn guarded(cx: &Context<'_>) -> HashSet<ServiceId> {
    let guards = cx.enforced().iter().filter(|policy| {
        matches!(policy.action(), Action::Allow | Action::Custom) && policy.is_real()
    });
    guards.flat_map(|policy| policy.services.iter().map(|(id, _)| *id)).collect()
}

/// The Services that are behind a default deny, and whose waypoints let everybody in.
pub(super) fn missed<'m>(
    cx: &Context<'m>,
    policy: &Object<AuthorizationPolicy>,
    guarded: &HashSet<ServiceId>,
) -> BTreeMap<ServiceId, (&'m Service, Way<'m>)> {
    let ways = cx.ambient().under(policy).flat_map(|destination| &destination.ways);
    let of_services = ways.filter_map(|way| Some((way.service?, *way)));
    let missed = of_services.filter(|((id, _), _)| !guarded.contains(id));
    missed.map(|((id, service), way)| (id, (service, way))).collect()
}

fn problem(
    cx: &Context<'_>,
    policy: &Object<AuthorizationPolicy>,
    missed: &BTreeMap<ServiceId, (&Service, Way<'_>)>,
) -> Problem {
    let services = few(missed.values().map(|(service, _)| service.object_name()));
    let mut waypoints: Vec<_> = missed.values().map(|(_, way)| &way.waypoint.gateway).collect();
    waypoints.sort_by_key(|gateway| (&gateway.meta.namespace, &gateway.meta.name));
    waypoints.dedup_by_key(|gateway| (&gateway.meta.namespace, &gateway.meta.name));
    let names = few(waypoints.iter().map(|g| format!("{}/{}", g.meta.namespace, g.meta.name)));
    let message = format!(
        "waypoints do not read this default deny: {names} has no policy for {services}, and lets in every client"
    );
    let help = if cx.objects_name_waypoints {
        "for waypoints, add the same policy with `targetRefs` to the Gateway, or in the root namespace to GatewayClass \
         `istio-waypoint`"
    } else {
        "leave out the selector, or select the waypoint's pods by `istio.io/gateway-name`"
    };
    let problem = Problem::new(Code::DefaultDenyMissesWaypoint, message).on(policy.object_ref()).help(help);
    waypoints.into_iter().take(5).fold(problem, |problem, gateway| {
        problem.related_object(gateway.object_ref(), "", "this waypoint lets in every client")
    })
}
