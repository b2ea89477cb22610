//! `unreachable-rule`: a match of a route that no request gets to.
//!
//! What Istio's webhook warns of is found before, matches that are the same by `overlapping-routes`; here is
//! what the routes of all chains prove.

use std::collections::BTreeMap;

use super::overlapping_routes::same_match;
use crate::lint::idle::{self, IdleMatch};
use crate::lint::{Context, Rule, list};
use crate::problem::{Code, Problem};
use crate::snapshot::{Cause, Kind, ObjectRef};

pub(super) const RULE: Rule = Rule {
    analyze: &["IST0130", "IST0131"],
    ..Rule::new(Code::UnreachableRule, include_str!("unreachable_rule.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let found = idle::routes(cx);
    if found.is_empty() {
        return Vec::new();
    }
    let repeated = same_match::repeated(cx);
    let is_new = |found: &&IdleMatch| {
        !repeated.contains_key(&found.cause) && !is_said(cx, found) && !is_of_others(found)
    };
    found.iter().filter(is_new).map(problem).collect()
}

/// Whether it was said before, of the match, its rule or each match of the rule.
fn is_said(cx: &Context<'_>, found: &IdleMatch) -> bool {
    let field = field(found);
    cx.problems.iter().any(|problem| {
        let is_near = |one: &str, other: &str| {
            one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        problem.code == Code::UnreachableRule
            && problem.object.as_ref() == Some(&found.cause.object)
            && (is_near(&field, &problem.field) || is_near(&problem.field, &field))
    })
}

/// Whether another VirtualService, or another kind of route, takes everything: that is said of the objects.
fn is_of_others(found: &IdleMatch) -> bool {
    let own = &found.cause.object;
    let is_virtual_service = |object: &ObjectRef| object.kind == Kind::VirtualService;
    found
        .by
        .iter()
        .any(|cause| cause.object != *own && (is_virtual_service(&cause.object) || is_virtual_service(own)))
}

/// The match, or the rule where that is all it has.
fn field(found: &IdleMatch) -> String {
    let field = found.cause.field.to_string();
    match field.split_once(".match") {
        Some((rule, _)) if found.is_rule => rule.to_owned(),
        _ => field,
    }
}

fn problem(found: &IdleMatch) -> Problem {
    let what = if found.is_rule { "rule" } else { "match" };
    let (take, they) = if found.by.len() == 1 { ("takes", "it") } else { ("together take", "they") };
    let message = format!("{} {take} all requests that this {what} would: it is never reached", names(found));
    let help = if found.cause.object.kind == Kind::VirtualService {
        format!("move this {what} before that, or remove it")
    } else {
        format!(
            "remove this {what}, or make its match narrower than what {they} ask: the order in the file does not count"
        )
    };
    let mut problem = Problem::new(Code::UnreachableRule, message)
        .on(found.cause.object.clone())
        .field(field(found))
        .help(help);
    for cause in found.by.iter().take(MAX_SHOWN) {
        problem = problem.related_object(cause.object.clone(), cause.field.to_string(), "what comes first");
    }
    problem
}

/// How many places are shown.
const MAX_SHOWN: usize = 5;

/// What comes first, by object.
fn names(found: &IdleMatch) -> String {
    let mut by_object: BTreeMap<&ObjectRef, Vec<&Cause>> = BTreeMap::new();
    for cause in &found.by {
        by_object.entry(&cause.object).or_default().push(cause);
    }
    let of_object = |(object, causes): (&ObjectRef, Vec<&Cause>)| {
        let fields = list::few(causes.iter().map(|cause| cause.field));
        if *object == found.cause.object { fields } else { format!("{fields} of {object}") }
    };
    let names: Vec<String> = by_object.into_iter().map(of_object).collect();
    list::plain(&names)
}
