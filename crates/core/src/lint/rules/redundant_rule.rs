//! `redundant-rule`: a rule of a policy that others of the same action cover.

use std::collections::BTreeSet;

use crate::lint::idle::Idle;
use crate::lint::{Context, Rule, list};
use crate::problem::{Code, Problem};
use crate::snapshot::security::Action;
use crate::snapshot::{Cause, ObjectRef};

pub(super) const RULE: Rule = Rule::new(Code::RedundantRule, include_str!("redundant_rule.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut told: BTreeSet<&Cause> = BTreeSet::new();
    let mut found = Vec::new();
    // Of two that are the same the later one is told, and the other one is needed then.
    for (cause, idle) in cx.idle_policies().iter().rev() {
        let Idle::Covered(by) = idle else { continue };
        if !by.iter().any(|other| told.contains(other)) {
            told.insert(cause);
            found.push(problem(cause, by, action(cx, &cause.object)));
        }
    }
    found
}

fn action(cx: &Context<'_>, policy: &ObjectRef) -> Action {
    let enforced = cx.enforced().iter().find(|enforced| enforced.policy.object_ref() == *policy);
    enforced.map_or(Action::Allow, |enforced| enforced.action())
}

fn problem(cause: &Cause, by: &[Cause], action: Action) -> Problem {
    let does = match (action, by.len()) {
        (Action::Deny, 1) => "denies",
        (Action::Deny, _) => "together deny",
        (_, 1) => "allows",
        (_, _) => "together allow",
    };
    let name = |other: &Cause| {
        let field = format!("`{}`", other.field);
        if other.object == cause.object { field } else { format!("{field} of {}", other.object) }
    };
    let names: Vec<String> = by.iter().map(name).collect();
    let message = format!("{} {does} all that this rule does: it adds nothing", list::plain(&names));
    let mut problem = Problem::new(Code::RedundantRule, message)
        .on(cause.object.clone())
        .field(cause.field.to_string())
        .help("remove this rule; or, if this one is what is meant, the broader one");
    for other in by {
        problem = problem.related_object(other.object.clone(), other.field.to_string(), "the broader rule");
    }
    problem
}
