//! `principal-form`: principals that nobody has.

use crate::lint::clauses::{self, Clause};
use crate::lint::pattern::Pattern;
use crate::lint::{Context, Rule, scope};
use crate::mesh::attachment::refers_to_nothing;
use crate::problem::{Change, Code, Fix, Problem};
use crate::resources::authz::attribute::Caller;
use crate::snapshot::ObjectRef;

pub(super) const RULE: Rule = Rule::new(Code::PrincipalForm, include_str!("principal_form.md"), check);

/// The trust domain that stands for the mesh's, except at ztunnel.
const LOCAL: &str = "cluster.local/";
/// What principals are without, and certificates have.
const SPIFFE: &str = "spiffe://";

fn check(cx: &Context<'_>) -> Vec<Problem> {
    // Elsewhere it stands for whatever the mesh's trust domains are. Where it is an alias, another cluster may
    // have it.
    let config = &cx.mesh.config;
    let mut domains = config.trust_domain_aliases.iter().chain([&config.trust_domain]);
    let is_local = domains.any(|domain| domain == "cluster.local" || domain.is_empty());
    let knows_no_local = cx.objects_name_waypoints && !is_local;
    let mut found = Vec::new();
    for policy in &cx.snapshot.authorization_policies {
        let rules: Vec<_> = clauses::rules(&policy.spec).collect();
        let clauses = rules.iter().flat_map(|rule| rule.all()).filter(|c| c.is_by(&Caller::Principal));
        let is_at_ztunnel = knows_no_local && refers_to_nothing(&**policy);
        let is_literal = is_at_ztunnel && cx.ambient().under(&**policy).next().is_some();
        let mut wrong = Vec::new();
        for list in clauses.flat_map(Clause::lists) {
            for (principal, field) in list.each() {
                if !may_match(principal) {
                    wrong.push(problem(policy.object_ref(), field, principal));
                } else if let Some(rest) = principal.strip_prefix(LOCAL).filter(|_| is_literal) {
                    wrong.push(local(cx, policy.object_ref(), field, rest));
                }
            }
        }
        if !wrong.is_empty() && scope::is_for_ambient(cx, &**policy) {
            found.extend(wrong);
        }
    }
    found
}

fn problem(object: ObjectRef, field: String, principal: &str) -> Problem {
    let message = format!(
        "a principal is `<trust domain>/ns/<namespace>/sa/<account>`: nobody has the principal `{principal}`"
    );
    let problem = Problem::new(Code::PrincipalForm, message).on(object.clone()).field(field.as_str());
    match principal.strip_prefix(SPIFFE).filter(|rest| may_match(rest)) {
        Some(rest) => {
            let help = format!("write `{rest}`");
            problem.help(help.as_str()).fix(Fix::new(help, object, field, Change::Set(rest.to_owned())))
        }
        None => problem.help("write the whole principal, or `*` for what stands before or behind it"),
    }
}

/// A principal that means the mesh's trust domain and is compared as it stands.
fn local(cx: &Context<'_>, object: ObjectRef, field: String, rest: &str) -> Problem {
    let domain = &cx.mesh.config.trust_domain;
    let message = format!(
        "ztunnel does not know that `cluster.local` stands for the mesh's trust domain, which is `{domain}`: \
         nobody has the principal `{LOCAL}{rest}`"
    );
    let mended = format!("{domain}/{rest}");
    let help = format!("write `{mended}`");
    let fix = Fix::new(help.as_str(), object.clone(), field.as_str(), Change::Set(mended));
    Problem::new(Code::PrincipalForm, message).on(object).field(field).help(help).fix(fix)
}

/// What stands between the slashes of a principal; nothing where it is a name.
const PARTS: [Option<&str>; 5] = [None, Some("ns"), None, Some("sa"), None];

/// Whether anybody may have this principal.
fn may_match(value: &str) -> bool {
    let pattern = Pattern::of(value);
    let literal = pattern.literal();
    if literal.contains('*') {
        return false;
    }
    let parts: Vec<&str> = literal.split('/').collect();
    match pattern {
        Pattern::Present => true,
        Pattern::Exact(_) => {
            parts.len() == PARTS.len() && parts.iter().zip(PARTS).all(|(part, is)| fits(part, is))
        }
        Pattern::Prefix(_) => begins(&parts),
        Pattern::Suffix(_) => ends(&parts),
    }
}

/// Whether a whole part is what it has to be.
fn fits(part: &str, expected: Option<&str>) -> bool {
    expected.map_or(!part.is_empty(), |expected| part == expected)
}

/// Whether a principal may begin so: the last part is the beginning of one.
fn begins(parts: &[&str]) -> bool {
    let Some((last, whole)) = parts.split_last() else { return true };
    let expected = PARTS.get(whole.len());
    whole.iter().zip(PARTS).all(|(part, expected)| fits(part, expected))
        && expected.is_some_and(|expected| expected.is_none_or(|word| word.starts_with(last)))
}

/// Whether a principal may end so: the first part is the end of one.
fn ends(parts: &[&str]) -> bool {
    let Some((first, whole)) = parts.split_first() else { return true };
    let expected = PARTS.len().checked_sub(parts.len()).and_then(|at| PARTS.get(at));
    whole.iter().rev().zip(PARTS.into_iter().rev()).all(|(part, expected)| fits(part, expected))
        && expected.is_some_and(|expected| expected.is_none_or(|word| word.ends_with(first)))
}

#[cfg(test)]
mod tests {
    use super::may_match;

    #[test]
    fn principals_have_five_parts() {
        let right = [
            "cluster.local/ns/web/sa/front",
            "*",
            "cluster.local/ns/shop/*",
            "cluster.local/ns/sh*",
            "*/ns/web/sa/batch",
            "*/sa/batch",
            "*batch",
            "clus*",
            "cluster.local/*",
        ];
        for principal in right {
            assert!(may_match(principal), "{principal}");
        }
        let wrong = [
            "spiffe://cluster.local/ns/web/sa/front",
            "ns/web/sa/front",
            "cluster.local/web/front",
            "cluster.local/ns/*/sa/front",
            "web/front",
            "front",
            "ns/web/*",
            "*/web/front",
            "cluster.local/ns/web/sa/",
            "*cluster.local/ns/web/sa/front/x",
            "spiffe://*",
            "",
        ];
        for principal in wrong {
            assert!(!may_match(principal), "{principal}");
        }
    }
}
