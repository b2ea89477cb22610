//! Rules of policies that decide nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Tally, overlap};
use crate::hash::HashMap;
use crate::lint::Context;
use crate::lint::clauses::RuleClauses;
use crate::lint::enforced::Enforced;
use crate::mesh::attachment::target_references;
use crate::mesh::{Service, Waypoint, WaypointName};
use crate::snapshot::security::{Action, AuthorizationPolicy};
use crate::snapshot::{Cause, FieldPath, Object};
use crate::trace::classes::Destination;
use crate::trace::classes::idle::{Chains, Idle, Prover, rules_elsewhere};
use crate::well_known::WAYPOINT_CLASS;

/// The rules of policies of a waypoint or a Service, that hold together.
type Together = Vec<usize>;

/// Nobody has so many rules for one Service, and each is compared with all others.
const MAX_RULES: usize = 100;

/// Rules of policies that decide nothing, in any chain of any waypoint: by rule, with why.
pub(crate) fn policies(cx: &Context<'_>) -> BTreeMap<Cause, Idle> {
    let all: Vec<Policy<'_, '_>> =
        cx.enforced().iter().filter_map(|enforced| Policy::new(cx, enforced)).collect();
    let mut tally = Tally::default();
    for together in together(cx, &all) {
        let rules: Vec<(&Policy<'_, '_>, &RuleClauses<'_>)> = together
            .iter()
            .filter_map(|at| all.get(*at))
            .flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)))
            .collect();
        if rules.len() > MAX_RULES {
            continue;
        }
        for (policy, rule) in rules.iter().filter(|(policy, _)| policy.is_only_here) {
            let mut others = rules.iter().filter(|(_, other)| !std::ptr::eq(*other, *rule));
            let may_leave_nothing = |(other, wide): &(&Policy<'_, '_>, &RuleClauses<'_>)| {
                other.may_replace(policy) && overlap::of_rules(wide, rule)
            };
            if others.any(may_leave_nothing) {
                tally.add(policy.cause(rule));
            }
        }
    }
    ask(cx, &all, &mut tally);
    tally.idle()
}

/// A policy that is enforced, with its rules.
struct Policy<'a, 'm> {
    enforced: &'a Enforced<'m>,
    rules: Vec<RuleClauses<'m>>,
    /// Whether only waypoints enforce it.
    is_only_here: bool,
}

impl<'a, 'm> Policy<'a, 'm> {
    fn new(cx: &Context<'m>, enforced: &'a Enforced<'m>) -> Option<Self> {
        let decides = enforced.is_real() && matches!(enforced.action(), Action::Allow | Action::Deny);
        decides.then(|| Self {
            enforced,
            rules: enforced.rules().collect(),
            is_only_here: is_only_for_waypoints(cx, enforced.policy),
        })
    }

    /// Whether its rules may do what those of another one do, or come before them.
    fn may_replace(&self, other: &Self) -> bool {
        self.enforced.action() == Action::Deny || other.enforced.action() == Action::Allow
    }

    fn cause(&self, rule: &RuleClauses<'_>) -> Cause {
        let field = FieldPath::at("spec.rules[]", [rule.position]);
        Cause::new(self.enforced.policy.object_ref(), field)
    }
}

/// Whether a policy names its targets, and none of them is another gateway.
fn is_only_for_waypoints(cx: &Context<'_>, policy: &Arc<Object<AuthorizationPolicy>>) -> bool {
    let references = target_references(&**policy);
    let is_waypoint = |name: &str| {
        let name = WaypointName::new(policy.meta.namespace.clone(), name);
        cx.mesh.waypoints.iter().any(|waypoint| waypoint.name == name)
    };
    !references.is_empty()
        && references.iter().all(|reference| match reference.kind.as_str() {
            "Gateway" => is_waypoint(&reference.name),
            "GatewayClass" => reference.name == WAYPOINT_CLASS,
            _ => true,
        })
}

/// The policies that hold together somewhere, by their positions, each combination once.
fn together(cx: &Context<'_>, all: &[Policy<'_, '_>]) -> Vec<Together> {
    let mut of_services: HashMap<_, Together> = HashMap::default();
    let mut of_waypoints: BTreeMap<&WaypointName, Together> = BTreeMap::new();
    for (at, policy) in all.iter().enumerate() {
        for (service, _) in &policy.enforced.services {
            of_services.entry(*service).or_default().push(at);
        }
        for waypoint in policy.enforced.waypoints.iter().filter(|waypoint| !waypoint.workloads.is_empty()) {
            of_waypoints.entry(&waypoint.name).or_default().push(at);
        }
    }
    let services = cx.mesh.services.iter().filter_map(|(id, _)| of_services.get(&id).cloned());
    let mut combinations: Vec<Together> = services.chain(of_waypoints.into_values()).collect();
    combinations.sort_unstable();
    combinations.dedup();
    combinations
}

/// Asks all chains that a rule is in which may decide nothing.
fn ask<'m>(cx: &Context<'m>, all: &[Policy<'_, 'm>], tally: &mut Tally) {
    let mut prover = Prover::default();
    let mut waypoints: BTreeMap<&WaypointName, Option<Chains<'_>>> = BTreeMap::new();
    for policy in all {
        if !policy.is_open(tally) {
            continue;
        }
        for waypoint in cx.mesh.waypoints.iter().filter(|waypoint| policy.is_at(cx, waypoint)) {
            if !policy.is_open(tally) {
                break;
            }
            let chains = waypoints.entry(&waypoint.name).or_insert_with(|| {
                let resources = cx.resources_of(waypoint)?;
                rules_elsewhere(resources).iter().for_each(|cause| tally.decides(cause));
                Chains::new(resources)
            });
            match chains {
                Some(chains) => policy.ask(cx, waypoint, (chains, &mut prover), tally),
                None => policy.rules.iter().for_each(|rule| tally.decides(&policy.cause(rule))),
            }
        }
    }
}

impl<'m> Policy<'_, 'm> {
    fn is_open(&self, tally: &Tally) -> bool {
        self.rules.iter().any(|rule| tally.is_open(&self.cause(rule)))
    }

    /// Whether a waypoint has it in any chain.
    fn is_at(&self, cx: &Context<'m>, waypoint: &Waypoint) -> bool {
        let serves = |service| cx.waypoint_of(service).is_some_and(|other| std::ptr::eq(other, waypoint));
        self.enforced.waypoints.iter().any(|other| std::ptr::eq(*other, waypoint))
            || self.enforced.services.iter().any(|(service, _)| serves(*service))
    }

    fn ask(
        &self,
        cx: &Context<'m>,
        waypoint: &Waypoint,
        (chains, prover): (&Chains<'_>, &mut Prover),
        tally: &mut Tally,
    ) {
        for service in self.enforced.services(cx) {
            for (port, chain) in chains.of_service(&service.hostname) {
                if !self.is_open(tally) {
                    return;
                }
                let found = prover.rules(&chain, destination(service, port));
                found.iter().for_each(|element| tally.note(element));
            }
        }
        let whatever = self.enforced.waypoints.iter().any(|other| std::ptr::eq(*other, waypoint));
        if whatever && !waypoint.workloads.is_empty() {
            for chain in chains.of_workloads() {
                prover.rules(&chain, None).iter().for_each(|element| tally.note(element));
            }
        }
    }
}

/// What connections to a Service are meant for; not known where it has several addresses.
fn destination(service: &Service, port: u16) -> Option<Destination> {
    match service.addresses.as_slice() {
        [only] => Some(Destination { address: only.ip, port }),
        _ => None,
    }
}
