//! `waypoint-as-source`: a waypoint's own identity in what it enforces.

use crate::hash::HashSet;
use crate::lint::clauses::{Clause, List};
use crate::lint::rule::Releases;
use crate::lint::{Context, Rule};
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::resources::authz::attribute::Caller;
use crate::snapshot::security::Action;

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::WaypointAsSource, include_str!("waypoint_as_source.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let accounts = Accounts::new(cx);
    let mut found = Vec::new();
    for enforced in cx.enforced() {
        let namespace = enforced.policy.meta.namespace.as_str();
        let rules: Vec<_> = enforced.rules().collect();
        for clause in rules.iter().flat_map(|rule| rule.all()) {
            for list in clause.lists().into_iter().filter(|list| accounts.are_all(clause, *list, namespace)) {
                let consequence = match (list.is_negative(), enforced.action()) {
                    (false, Action::Allow) => "nobody is let in by the rule",
                    (false, Action::Deny) => "nobody is kept out by the rule",
                    (true, Action::Deny) => "the rule denies all clients",
                    (true, Action::Allow) => "the rule lets in all clients",
                    _ => "the rule does not tell clients apart",
                };
                let message = format!(
                    "a waypoint sees its clients as the source, never itself or another waypoint (`{}`): {consequence}",
                    list.values.first().map_or("", |value| value.as_str()),
                );
                let problem = Problem::new(Code::WaypointAsSource, message)
                    .on(enforced.policy.object_ref())
                    .field(list.field())
                    .help("name the clients here; what is about the waypoint goes into a policy with a `selector`, for ztunnel");
                found.push(problem);
            }
        }
    }
    found
}

/// The service accounts that only waypoints have, as `/ns/NAMESPACE/sa/NAME`.
struct Accounts(HashSet<String>);

impl Accounts {
    fn new(cx: &Context<'_>) -> Self {
        let waypoints = cx.mesh.waypoints.iter();
        let mut own: HashSet<String> = waypoints
            .map(|waypoint| account(&waypoint.name.namespace, &waypoint.proxy.service_account))
            .collect();
        for (_, workload) in cx.mesh.workloads.iter().filter(|(_, workload)| workload.gateway().is_none()) {
            if !own.is_empty() {
                own.remove(&account(&workload.namespace, &workload.service_account));
            }
        }
        Self(own)
    }

    /// Whether all values of a list are such accounts.
    fn are_all(&self, clause: &Clause<'_>, list: List<'_>, namespace: &str) -> bool {
        let of_value = |value: &str| {
            if clause.is_by(&Caller::Principal) {
                value
                    .split_once('/')
                    .filter(|(domain, _)| !domain.is_empty())
                    .map(|(_, rest)| format!("/{rest}"))
            } else if clause.is_by(&Caller::ServiceAccount) {
                let (namespace, name) = value.split_once('/').unwrap_or((namespace, value));
                Some(account(namespace, name))
            } else {
                None
            }
        };
        let is_own = |value: &str| of_value(value).is_some_and(|account| self.0.contains(&account));
        !list.is_empty() && list.values.iter().all(|value| is_own(value))
    }
}

fn account(namespace: &str, name: &str) -> String {
    format!("/ns/{namespace}/sa/{name}")
}
