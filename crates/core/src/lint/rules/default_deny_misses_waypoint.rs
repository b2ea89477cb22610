//! `default-deny-misses-waypoint`: a default deny that waypoints do not read.

use std::collections::{BTreeMap, BTreeSet};

use crate::hash::HashSet;
use crate::lint::ambient::Way;
use crate::lint::list::few;
use crate::lint::{Context, Rule, enforced};
use crate::mesh::attachment::refers_to_nothing;
use crate::mesh::{ServiceId, WaypointName};
use crate::problem::{Code, Problem};
use crate::snapshot::Object;
use crate::snapshot::security::{Action, AuthorizationPolicy};

pub(super) const RULE: Rule =
    Rule::new(Code::DefaultDenyMissesWaypoint, include_str!("default_deny_misses_waypoint.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let policies = cx.snapshot.authorization_policies.iter().filter(|policy| is_default_deny(policy));
    let policies: Vec<_> = policies.collect();
    if policies.is_empty() {
        return Vec::new();
    }
    let guarded = Guarded::new(cx);
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

/// What waypoints let only those in for whom a policy allows.
pub(super) struct Guarded<'m> {
    services: HashSet<ServiceId>,
    /// The waypoints that do so whatever is called.
    waypoints: HashSet<&'m WaypointName>,
}

impl<'m> Guarded<'m> {
    pub(super) fn new(cx: &Context<'m>) -> Self {
        let guards = || {
            let real = cx.enforced().iter().filter(|policy| policy.is_real());
            real.filter(|policy| matches!(policy.action(), Action::Allow | Action::Custom))
        };
        Self {
            services: guards().flat_map(|policy| policy.services.iter().map(|(id, _)| *id)).collect(),
            waypoints: guards().flat_map(|policy| policy.waypoints.iter().map(|w| &w.name)).collect(),
        }
    }

    pub(super) fn has(&self, way: &Way<'_>) -> bool {
        match way.service {
            Some((id, _)) => self.services.contains(&id),
            None => self.waypoints.contains(&way.waypoint.name),
        }
    }
}

/// The ways to what is behind a default deny by which waypoints let everybody in.
fn missed<'a, 'm>(
    cx: &'a Context<'m>,
    policy: &'a Object<AuthorizationPolicy>,
    guarded: &Guarded<'m>,
) -> Vec<&'a Way<'m>> {
    let ways = cx.ambient().under(policy).flat_map(|destination| &destination.ways);
    ways.filter(|way| !guarded.has(way)).collect()
}

fn problem(cx: &Context<'_>, policy: &Object<AuthorizationPolicy>, missed: &[&Way<'_>]) -> Problem {
    let behind = missed.iter().filter_map(|way| Some(way.service?.1.object_name()));
    let behind: BTreeSet<_> = behind.collect();
    let behind = if behind.is_empty() { "the workloads behind it".to_owned() } else { few(behind) };
    let waypoints: BTreeMap<_, _> = missed.iter().map(|way| (&way.waypoint.name, way.waypoint)).collect();
    let names = few(waypoints.keys());
    let message = format!(
        "waypoints do not read this default deny: {names} has no policy for {behind}, and lets in every client"
    );
    let help = if cx.objects_name_waypoints {
        "for waypoints, add the same policy with `targetRefs` to the Gateway, or in the root namespace to \
         GatewayClass `istio-waypoint`"
    } else {
        "leave out the selector, or select the waypoint's pods by `istio.io/gateway-name`"
    };
    let field = if policy.spec.selector.is_some() { "spec.selector" } else { "spec" };
    let problem = Problem::new(Code::DefaultDenyMissesWaypoint, message)
        .on(policy.object_ref())
        .field(field)
        .help(help);
    waypoints.into_values().take(5).fold(problem, |problem, waypoint| {
        problem.related_object(waypoint.gateway.object_ref(), "", "this waypoint lets in every client")
    })
}
