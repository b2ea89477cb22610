//! `deny-overrides-allow`: a DENY that matches all that an ALLOW admits.

mod proved;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::hash::HashMap;
use crate::lint::clauses::{self, RuleClauses};
use crate::lint::enforced::Enforced;
use crate::lint::inclusion::covers;
use crate::lint::list::few;
use crate::lint::{Context, Rule, enforced};
use crate::mesh::ServiceId;
use crate::mesh::attachment::{Attach, refers_to_nothing};
use crate::problem::{Code, Problem};
use crate::snapshot::security::{Action, AuthorizationPolicy};
use crate::snapshot::{Object, ObjectRef};

pub(super) const RULE: Rule =
    Rule::new(Code::DenyOverridesAllow, include_str!("deny_overrides_allow.md"), check);

/// How many policies that are overridden are shown.
const MAX_TOLD: usize = 5;

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = at_waypoints(cx);
    let rules = proved::add(cx, &mut found);
    if cx.objects_name_waypoints {
        found.extend(at_ztunnel(cx));
    }
    let mut problems = problems(found);
    problems.extend(rules);
    problems
}

/// A policy with its rules.
struct Policy<'m> {
    object: &'m Arc<Object<AuthorizationPolicy>>,
    rules: Vec<RuleClauses<'m>>,
}

impl<'m> Policy<'m> {
    fn new(object: &'m Arc<Object<AuthorizationPolicy>>) -> Self {
        Self { object, rules: clauses::rules(&object.spec).collect() }
    }

    /// The first rule that certainly matches all that another one does.
    fn covering(&self, narrow: &RuleClauses<'_>) -> Option<usize> {
        self.rules.iter().find(|rule| covers(rule, narrow)).map(|rule| rule.position)
    }
}

/// Policies that waypoints enforce: an ALLOW has to be overridden for every Service that it is for.
fn at_waypoints<'m>(cx: &Context<'m>) -> Vec<Overridden<'m>> {
    let with = |action| {
        let real = cx.enforced().iter().filter(move |policy| policy.action() == action && policy.is_real());
        real.filter(|policy| !policy.policy.spec.rules.is_empty() && !policy.services.is_empty())
    };
    let denies: Vec<(Policy<'m>, &Enforced<'m>)> =
        with(Action::Deny).map(|policy| (Policy::new(policy.policy), policy)).collect();
    let mut of_service: HashMap<ServiceId, Vec<usize>> = HashMap::default();
    for (i, (_, deny)) in denies.iter().enumerate() {
        for (id, _) in &deny.services {
            of_service.entry(*id).or_default().push(i);
        }
    }
    let mut found = Vec::new();
    for allow in with(Action::Allow) {
        let rules = Policy::new(allow.policy).rules;
        // Of several Services the first tells which policies can override it at all.
        let Some((first, others)) = allow.services.split_first() else { continue };
        let candidates = of_service.get(&first.0).into_iter().flatten();
        let everywhere = candidates.filter(|i| {
            others.iter().all(|(id, _)| of_service.get(id).is_some_and(|of_other| of_other.contains(*i)))
        });
        let denies: Vec<&Policy<'m>> =
            everywhere.filter_map(|i| denies.get(*i)).map(|(policy, _)| policy).collect();
        found.extend(Overridden::of(allow.policy, &rules, &denies));
    }
    found
}

/// Policies without `targetRefs`, which ztunnel enforces. Those about HTTP it enforces otherwise than they
/// are written.
fn at_ztunnel<'m>(cx: &Context<'m>) -> Vec<Overridden<'m>> {
    let all = cx.snapshot.authorization_policies.iter();
    let real = all.filter(|policy| {
        refers_to_nothing(&***policy) && !enforced::is_dry_run(policy) && !policy.spec.rules.is_empty()
    });
    let is_plain =
        |policy: &Policy<'_>| policy.rules.iter().flat_map(RuleClauses::all).all(|clause| !clause.is_http());
    let plain: Vec<Policy<'m>> = real.map(Policy::new).filter(is_plain).collect();
    let with = |action| plain.iter().filter(move |policy| policy.object.spec.action == action);
    let root = &cx.mesh.config.root_namespace;
    let mut found = Vec::new();
    for allow in with(Action::Allow) {
        let reaches = |deny: &&Policy<'_>| {
            let (deny, allow) = (&**deny.object, &**allow.object);
            let same = deny.meta.namespace == allow.meta.namespace;
            let wide = deny
                .selector()
                .is_none_or(|labels| allow.selector().is_some_and(|narrow| labels.is_subset(narrow)));
            (same || deny.meta.namespace == *root) && wide
        };
        let denies: Vec<&Policy<'m>> = with(Action::Deny).filter(reaches).collect();
        let overridden = Overridden::of(allow.object, &allow.rules, &denies);
        found.extend(overridden.filter(|_| cx.ambient().under(&**allow.object).next().is_some()));
    }
    found
}

/// An ALLOW, and the rules of DENY policies that cover its rules, each once.
struct Overridden<'m> {
    allow: &'m Arc<Object<AuthorizationPolicy>>,
    by: Vec<(&'m Arc<Object<AuthorizationPolicy>>, usize)>,
}

impl<'m> Overridden<'m> {
    /// Where each rule of an ALLOW is covered by a rule of a DENY.
    fn of(
        allow: &'m Arc<Object<AuthorizationPolicy>>,
        rules: &[RuleClauses<'_>],
        denies: &[&Policy<'m>],
    ) -> Option<Self> {
        let mut by: Vec<(&Arc<Object<AuthorizationPolicy>>, usize)> = Vec::new();
        for rule in rules {
            let found = denies.iter().find_map(|deny| Some((deny.object, deny.covering(rule)?)))?;
            if !by.iter().any(|(other, position)| Arc::ptr_eq(other, found.0) && *position == found.1) {
                by.push(found);
            }
        }
        Some(Self { allow, by })
    }
}

/// One finding for each rule that overrides others: the first of those that do it together.
fn problems(all: Vec<Overridden<'_>>) -> Vec<Problem> {
    let mut by_rule: BTreeMap<(ObjectRef, usize), Vec<Overridden<'_>>> = BTreeMap::new();
    for overridden in all {
        if let Some((deny, position)) = overridden.by.first() {
            by_rule.entry((deny.object_ref(), *position)).or_default().push(overridden);
        }
    }
    by_rule.into_iter().map(|((deny, position), overridden)| problem(deny, position, &overridden)).collect()
}

fn problem(deny: ObjectRef, position: usize, overridden: &[Overridden<'_>]) -> Problem {
    let names =
        few(overridden.iter().map(|one| format!("{}/{}", one.allow.meta.namespace, one.allow.meta.name)));
    let message = format!(
        "DENY is looked at before ALLOW, and this rule denies all that {names} allows: nobody is let in"
    );
    let rule = overridden.first().and_then(|one| one.by.first()?.0.spec.rules.get(position));
    let is_everything = rule.is_some_and(|r| r.from.is_empty() && r.to.is_empty() && r.when.is_empty());
    let help = if is_everything {
        "for a default deny, write a policy of action ALLOW without rules"
    } else {
        "deny less, or remove one of the two policies"
    };
    let mut problem = Problem::new(Code::DenyOverridesAllow, message)
        .on(deny)
        .field(format!("spec.rules[{position}]"))
        .help(help);
    for one in overridden.iter().take(MAX_TOLD) {
        problem =
            problem.related_object(one.allow.object_ref(), "spec.rules", "what this policy allows is denied");
        for (other, at) in one.by.iter().skip(1) {
            let field = format!("spec.rules[{at}]");
            problem = problem.related_object(other.object_ref(), field, "this rule denies a part of it");
        }
    }
    problem
}
