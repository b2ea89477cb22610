//! `deny-overrides-allow`: a DENY that matches all that an ALLOW admits.

use std::sync::Arc;

use crate::hash::HashMap;
use crate::lint::clauses::RuleClauses;
use crate::lint::enforced::Enforced;
use crate::lint::inclusion::covers;
use crate::lint::{Context, Rule, enforced};
use crate::mesh::ServiceId;
use crate::mesh::attachment::{Attach, refers_to_nothing};
use crate::problem::{Code, Problem};
use crate::snapshot::Object;
use crate::snapshot::security::{Action, AuthorizationPolicy};

pub(super) const RULE: Rule =
    Rule::new(Code::DenyOverridesAllow, include_str!("deny_overrides_allow.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = at_waypoints(cx);
    if cx.objects_name_waypoints {
        found.extend(at_ztunnel(cx));
    }
    found
}

/// A policy with its rules.
struct Policy<'m> {
    object: &'m Arc<Object<AuthorizationPolicy>>,
    rules: Vec<RuleClauses<'m>>,
}

impl<'m> Policy<'m> {
    fn new(object: &'m Arc<Object<AuthorizationPolicy>>) -> Self {
        Self { object, rules: crate::lint::clauses::rules(&object.spec).collect() }
    }

    /// The first rule that certainly matches all that another one does.
    fn covering(&self, narrow: &RuleClauses<'_>) -> Option<usize> {
        self.rules.iter().find(|rule| covers(rule, narrow)).map(|rule| rule.position)
    }
}

/// Policies that waypoints enforce: an ALLOW has to be overridden for every Service that it is for.
fn at_waypoints(cx: &Context<'_>) -> Vec<Problem> {
    let with = |action| {
        let real = cx.enforced().iter().filter(move |policy| policy.action() == action && policy.is_real());
        real.filter(|policy| !policy.policy.spec.rules.is_empty() && !policy.services.is_empty())
    };
    let denies: Vec<(Policy<'_>, &Enforced<'_>)> =
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
        let denies: Vec<&Policy<'_>> =
            everywhere.filter_map(|i| denies.get(*i)).map(|(policy, _)| policy).collect();
        found.extend(overridden(allow.policy, &rules, &denies));
    }
    found
}

/// Policies without `targetRefs`, which ztunnel enforces. Those about HTTP it enforces otherwise than they are written.
fn at_ztunnel(cx: &Context<'_>) -> Vec<Problem> {
    let all = cx.snapshot.authorization_policies.iter();
    let real = all.filter(|policy| {
        refers_to_nothing(&***policy) && !enforced::is_dry_run(policy) && !policy.spec.rules.is_empty()
    });
    let is_plain = |policy: &Policy<'_>| {
        policy.rules.iter().flat_map(RuleClauses::all).all(|clause| !clause.is_http())
    };
    let plain: Vec<Policy<'_>> = real.map(Policy::new).filter(is_plain).collect();
    let with = |action| plain.iter().filter(move |policy| policy.object.spec.action == action);
    let root = &cx.mesh.config.root_namespace;
    let mut found = Vec::new();
    for allow in with(Action::Allow) {
        let reaches = |deny: &&Policy<'_>| {
            let (deny, allow) = (&**deny.object, &**allow.object);
            let same = deny.meta.namespace == allow.meta.namespace;
            let wide = deny.selector().is_none_or(|labels| {
                allow.selector().is_some_and(|narrow| labels.is_subset(narrow))
            });
            (same || deny.meta.namespace == *root) && wide
        };
        let denies: Vec<&Policy<'_>> = with(Action::Deny).filter(reaches).collect();
        let problem = overridden(allow.object, &allow.rules, &denies);
        found.extend(problem.filter(|_| cx.ambient().under(&**allow.object).next().is_some()));
    }
    found
}

/// The finding where each rule of an ALLOW is covered by a rule of a DENY.
fn overridden(
    allow: &Arc<Object<AuthorizationPolicy>>,
    rules: &[RuleClauses<'_>],
    denies: &[&Policy<'_>],
) -> Option<Problem> {
    let mut decisive: Vec<(&Policy<'_>, usize)> = Vec::new();
    for rule in rules {
        let (deny, position) =
            denies.iter().find_map(|deny| Some((*deny, deny.covering(rule)?)))?;
        if !decisive.iter().any(|(other, at)| Arc::ptr_eq(other.object, deny.object) && *at == position) {
            decisive.push((deny, position));
        }
    }
    let ((deny, position), others) = decisive.split_first()?;
    let (meta, of) = (&allow.meta, &deny.object.meta);
    let message = format!(
        "DENY is looked at before ALLOW, and `{}` denies all that `{}` of namespace `{}` allows: nobody is let in",
        of.name, meta.name, meta.namespace
    );
    let everything = deny.object.spec.rules.get(*position).is_some_and(|rule| {
        rule.from.is_empty() && rule.to.is_empty() && rule.when.is_empty()
    });
    let help = if everything {
        "for a default deny, write a policy of action ALLOW without rules"
    } else {
        "deny less, or remove one of the two policies"
    };
    let problem = Problem::new(Code::DenyOverridesAllow, message)
        .on(deny.object.object_ref())
        .field(format!("spec.rules[{position}]"))
        .help(help)
        .related_object(allow.object_ref(), "spec.rules", "what this policy allows is denied");
    Some(others.iter().fold(problem, |problem, (other, at)| {
        problem.related_object(
            other.object.object_ref(),
            format!("spec.rules[{at}]"),
            "this rule denies a part of it",
        )
    }))
}
