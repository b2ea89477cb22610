//! `principal-form`: principals that nobody has.

use crate::lint::clauses::{self, Clause};
use crate::lint::pattern::Pattern;
use crate::lint::{Context, Rule, scope};
use crate::problem::{Change, Code, Fix, Problem};
use crate::resources::authz::attribute::Caller;
use crate::snapshot::ObjectRef;

pub(super) const RULE: Rule = Rule::new(Code::PrincipalForm, include_str!("principal_form.md"), check);

/// What principals are without, and certificates have.
const SPIFFE: &str = "spiffe://";

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for policy in &cx.snapshot.authorization_policies {
        let rules: Vec<_> = clauses::rules(&policy.spec).collect();
        let clauses = rules.iter().flat_map(|rule| rule.all()).filter(|c| c.is_by(&Caller::Principal));
        let mut wrong = Vec::new();
        for list in clauses.flat_map(Clause::lists) {
            let values = list.each().filter(|(principal, _)| !may_match(principal));
            wrong.extend(values.map(|(principal, field)| problem(policy.object_ref(), field, principal)));
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
