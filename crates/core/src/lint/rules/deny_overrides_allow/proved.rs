//! Rules of ALLOW policies at waypoints of which DENY rules, alone or together, leave nothing: proved for
//! every request.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{MAX_TOLD, Overridden};
use crate::lint::enforced::Enforced;
use crate::lint::idle::Idle;
use crate::lint::{Context, list};
use crate::problem::{Code, Problem};
use crate::snapshot::security::{Action, AuthorizationPolicy};
use crate::snapshot::{Cause, Object, ObjectRef};

/// Adds policies of which nothing is left to those that are `known`, and tells of other rules of which
/// nothing is.
pub(super) fn add<'m>(cx: &Context<'m>, known: &mut Vec<Overridden<'m>>) -> Vec<Problem> {
    let mut of_policies: BTreeMap<&ObjectRef, Vec<(&Cause, &[Cause])>> = BTreeMap::new();
    for (cause, idle) in cx.idle_policies() {
        if let Idle::Denied(by) = idle {
            of_policies.entry(&cause.object).or_default().push((cause, by));
        }
    }
    if of_policies.is_empty() {
        return Vec::new();
    }
    let enforced: BTreeMap<ObjectRef, &Enforced<'m>> =
        cx.enforced().iter().map(|enforced| (enforced.policy.object_ref(), enforced)).collect();
    let mut problems = Vec::new();
    for (policy, rules) in of_policies {
        let Some(allow) = enforced.get(policy).map(|enforced| enforced.policy) else { continue };
        if known.iter().any(|other| Arc::ptr_eq(other.allow, allow)) {
            continue;
        }
        if rules.len() < allow.spec.rules.len() {
            problems.extend(rules.into_iter().map(|(cause, by)| problem(cause, by)));
            continue;
        }
        let mut by: Vec<(&Arc<Object<AuthorizationPolicy>>, usize)> = Vec::new();
        for cause in rules.iter().flat_map(|(_, by)| *by) {
            let deny = enforced.get(&cause.object).filter(|deny| deny.action() == Action::Deny);
            let found = deny.and_then(|deny| Some((deny.policy, cause.field.position()?)));
            by.extend(
                found.filter(|(deny, rule)| {
                    !by.iter().any(|(other, at)| Arc::ptr_eq(other, deny) && at == rule)
                }),
            );
        }
        known.push(Overridden { allow, by });
    }
    problems
}

fn problem(cause: &Cause, by: &[Cause]) -> Problem {
    let names: Vec<String> = by.iter().map(|deny| format!("`{}` of {}", deny.field, deny.object)).collect();
    let (names, denies) = (list::plain(&names), if by.len() == 1 { "denies" } else { "together deny" });
    let message = format!(
        "DENY is looked at before ALLOW, and {names} {denies} all that this rule allows: it lets nobody in"
    );
    let mut problem = Problem::new(Code::DenyOverridesAllow, message)
        .on(cause.object.clone())
        .field(cause.field.to_string())
        .help("deny less, or remove this rule");
    for deny in by.iter().take(MAX_TOLD) {
        problem = problem.related_object(deny.object.clone(), deny.field.to_string(), "this rule denies it");
    }
    problem
}
