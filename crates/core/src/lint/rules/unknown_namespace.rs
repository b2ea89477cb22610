//! `unknown-namespace`: a policy names a namespace that is not there, near one that is.

use std::collections::BTreeSet;

use crate::lint::clauses;
use crate::lint::pattern::Pattern;
use crate::lint::{Context, Rule, scope};
use crate::nearest::nearest;
use crate::problem::{Change, Code, Fix, Problem};
use crate::resources::authz::attribute::{Attribute, Caller};
use crate::snapshot::ObjectRef;

pub(super) const RULE: Rule = Rule::new(Code::UnknownNamespace, include_str!("unknown_namespace.md"), check);

/// Every cluster has these.
const ALWAYS: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];
/// Shorter names are near to too many others.
const SHORTEST: usize = 4;

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let known = known(cx);
    let mut found = Vec::new();
    for policy in &cx.snapshot.authorization_policies {
        let mut wrong = Vec::new();
        for rule in clauses::rules(&policy.spec) {
            for clause in rule.all() {
                let Attribute::Caller(caller) = &clause.attribute else { continue };
                for (value, field) in clause.lists().iter().flat_map(clauses::List::each) {
                    let Some(named) = namespace(caller, value) else { continue };
                    if known.contains(named) {
                        continue;
                    }
                    if let Some(meant) = meant(named, &known) {
                        wrong.push(problem(policy.object_ref(), field, Slip { value, named, meant }));
                    }
                }
            }
        }
        if !wrong.is_empty() && scope::is_for_ambient(cx, &**policy) {
            found.extend(wrong);
        }
    }
    found
}

/// The namespaces that something is in.
fn known<'m>(cx: &Context<'m>) -> BTreeSet<&'m str> {
    let snapshot = cx.snapshot;
    let namespaces = snapshot.namespaces.iter().map(|namespace| namespace.meta.name.as_str());
    let services = cx.mesh.services.iter().map(|(_, service)| service.namespace.as_str());
    let workloads = cx.mesh.workloads.iter().map(|(_, workload)| workload.namespace.as_str());
    let gateways = snapshot.gateways.iter().map(|gateway| gateway.meta.namespace.as_str());
    let root = std::iter::once(cx.mesh.config.root_namespace.as_str());
    namespaces.chain(services).chain(workloads).chain(gateways).chain(root).chain(ALWAYS).collect()
}

/// The namespace that a value names, without wildcards.
fn namespace<'v>(caller: &Caller, value: &'v str) -> Option<&'v str> {
    let named = match caller {
        Caller::Namespace => value,
        Caller::ServiceAccount => value.split_once('/')?.0,
        Caller::Principal => {
            let literal = Pattern::of(value).literal();
            let (_, behind) = literal.split_once("/ns/")?;
            behind.split_once('/')?.0
        }
        _ => return None,
    };
    (!named.contains('*')).then_some(named)
}

/// The namespace that somebody may have meant: one that differs by a slip of the pen, not by a number or a
/// last letter as one of several does.
fn meant<'m>(named: &str, known: &BTreeSet<&'m str>) -> Option<&'m str> {
    let candidates =
        known.iter().copied().filter(|other| other.len() >= SHORTEST && !are_siblings(named, other));
    nearest(named, candidates).filter(|_| named.len() >= SHORTEST)
}

/// Whether names look like those of several of a kind: `team-a` and `team-b`, `shop` and `shop2`.
fn are_siblings(one: &str, other: &str) -> bool {
    let without_digits = |name: &str| name.replace(|c: char| c.is_ascii_digit(), "");
    let is_short = |rest: &str| rest.len() <= 2;
    let last = |name: &str| name.rsplit_once('-').map(|(first, last)| (first.to_owned(), last.to_owned()));
    let have_short_ends = match (last(one), last(other)) {
        (Some((first, end)), Some((other_first, other_end))) => {
            first == other_first && is_short(&end) && is_short(&other_end)
        }
        (Some((first, end)), None) => first == other && is_short(&end),
        (None, Some((first, end))) => first == one && is_short(&end),
        (None, None) => false,
    };
    have_short_ends || without_digits(one) == without_digits(other) || differs_in_one_letter(one, other)
}

/// Whether short names differ in a letter: they are as likely two words.
fn differs_in_one_letter(one: &str, other: &str) -> bool {
    let differing = one.chars().zip(other.chars()).filter(|(a, b)| a != b).count();
    one.len() == other.len() && one.len() <= 5 && differing == 1
}

/// What a value says, and what it may have meant.
struct Slip<'v> {
    value: &'v str,
    named: &'v str,
    meant: &'v str,
}

fn problem(object: ObjectRef, field: String, Slip { value, named, meant }: Slip<'_>) -> Problem {
    let mended = value.replacen(named, meant, 1);
    let help = format!("write `{mended}`, if namespace `{meant}` is meant");
    let fix = Fix::new(format!("write `{mended}`"), object.clone(), field.as_str(), Change::Set(mended));
    Problem::new(
        Code::UnknownNamespace,
        format!("there is no namespace `{named}`, but `{meant}`: nobody fits `{value}`"),
    )
    .on(object)
    .field(field)
    .help(help)
    .fix(fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_near_and_siblings_are_not() {
        let known = BTreeSet::from(["frontend", "web-store", "team-a", "shop", "payments"]);
        assert_eq!(meant("frontned", &known), Some("frontend"));
        assert_eq!(meant("webstore", &known), Some("web-store"));
        assert_eq!(meant("payment", &known), Some("payments"));
        for other in ["team-b", "shop2", "ship", "monitoring", "web"] {
            assert_eq!(meant(other, &known), None, "{other}");
        }
    }
}
