//! Which policies hold for something, in the order in which they are looked at, and who enforces them.

use crate::Str;
use crate::lint::Context;
use crate::lint::references::{Referred, references, referred};
use crate::mesh::attachment::{Attach, Bound};
use crate::mesh::{ServiceId, Waypoint, WorkloadId};
use crate::snapshot::security::{Action, AuthorizationPolicy, RequestAuthentication};
use crate::snapshot::selector::PolicyTargetReference;
use crate::snapshot::{Meta, Object, ObjectRef, Resource};
use crate::ztunnel::policies::authorization::{Unsupported, Verdict, verdict};

use super::{Enforcer, PolicyLine, Reason, words};

/// What stands for the action of a RequestAuthentication.
pub(super) const JWT: Str = Str::new_static("JWT");

/// The policies that a waypoint enforces for a Service: CUSTOM, tokens, AUDIT, DENY, ALLOW.
pub(super) fn at_waypoint(cx: &Context<'_>, service: ServiceId, waypoint: &Waypoint) -> Vec<PolicyLine> {
    let enforcer = Enforcer::Waypoint(waypoint.name.to_string());
    let authorization = cx.authorization_of(service);
    let tokens = cx.authentication_of(service);
    let mut lines: Vec<PolicyLine> = authorization
        .iter()
        .map(|bound| authorization_line(bound.object, reason(bound), enforcer.clone()))
        .collect();
    lines.extend(
        tokens.iter().map(|bound| authentication_line(bound.object, reason(bound), enforcer.clone())),
    );
    in_order(lines)
}

/// The policies that name a Service or ServiceEntry without a waypoint: nobody enforces them there.
pub(super) fn unserved(cx: &Context<'_>, service: &ObjectRef) -> Vec<PolicyLine> {
    let naming = |meta: &Meta, single: Option<&PolicyTargetReference>, list: &[PolicyTargetReference]| {
        let mut fields = references(single, list).filter(|(_, reference)| {
            matches!(referred(cx, meta, reference), Referred::Service(target) if target == *service)
        });
        fields.next().map(|(field, _)| field)
    };
    let authorization = cx.snapshot.authorization_policies.iter().filter_map(|policy| {
        let field = naming(&policy.meta, policy.spec.target_ref.as_ref(), &policy.spec.target_refs)?;
        let because = Reason { object: policy.object_ref(), field };
        Some(authorization_line(policy, because, Enforcer::Nobody))
    });
    let authentication = cx.snapshot.request_authentications.iter().filter_map(|policy| {
        let field = naming(&policy.meta, policy.spec.target_ref.as_ref(), &policy.spec.target_refs)?;
        let because = Reason { object: policy.object_ref(), field };
        Some(authentication_line(policy, because, Enforcer::Nobody))
    });
    let remark = Some("no waypoint serves it, and only waypoints know such policies".to_owned());
    let lines = authorization.chain(authentication);
    in_order(lines.map(|line| PolicyLine { remark: remark.clone(), ..line }).collect())
}

/// The policies that ztunnel enforces for a workload.
pub(super) fn at_ztunnel(cx: &Context<'_>, workload: WorkloadId) -> Vec<PolicyLine> {
    let Some(workload) = cx.mesh.workloads.get(workload) else { return Vec::new() };
    let root = &cx.mesh.config.root_namespace;
    let is_for = |policy: &Object<AuthorizationPolicy>| {
        let there = policy.meta.namespace == workload.namespace || *root == policy.meta.namespace;
        let selector = policy.spec.selector.as_ref().map(|selector| &selector.match_labels);
        there && selector.is_none_or(|labels| labels.is_subset(&workload.labels))
    };
    let policies = cx.snapshot.authorization_policies.iter().filter(|policy| is_for(policy));
    in_order(policies.filter_map(|policy| ztunnel_line(cx, policy)).collect())
}

/// A policy as ztunnel takes it; none if it is for waypoints.
pub(super) fn ztunnel_line(cx: &Context<'_>, policy: &Object<AuthorizationPolicy>) -> Option<PolicyLine> {
    let Verdict { policy: made, unsupported } =
        verdict(policy, &cx.mesh.config.root_namespace, &cx.mesh.options.features);
    if made.is_none() && unsupported.is_none() {
        return None;
    }
    let enforcer = if made.is_some() { Enforcer::Ztunnel } else { Enforcer::Nobody };
    let field = if policy.spec.selector.is_some() { "spec.selector.matchLabels" } else { "" };
    let because = Reason { object: policy.object_ref(), field: field.to_owned() };
    Some(PolicyLine {
        remark: unsupported.map(|unsupported| remark(&unsupported)),
        ..authorization_line(policy, because, enforcer)
    })
}

fn remark(unsupported: &Unsupported) -> String {
    match unsupported {
        Unsupported::DryRun => "ztunnel has no dry run: it leaves the policy out".to_owned(),
        Unsupported::Action(action) => {
            format!("ztunnel has no action {}: it leaves the policy out", name(*action))
        }
        Unsupported::Http { attributes, denies } => {
            let attributes: Vec<&str> = attributes.iter().map(String::as_str).collect();
            let attributes = attributes.join(", ");
            if *denies {
                format!("ztunnel does not look at {attributes}: it denies by the rest of the rule, or never")
            } else {
                format!("ztunnel cannot look at {attributes}: it leaves out rules that have them")
            }
        }
    }
}

/// An AuthorizationPolicy that somebody enforces.
pub(super) fn authorization_line(
    policy: &Object<AuthorizationPolicy>,
    because: Reason,
    enforced_by: Enforcer,
) -> PolicyLine {
    let rules = &policy.spec.rules;
    PolicyLine {
        object: policy.object_ref(),
        action: name(policy.spec.action),
        enforced_by,
        because,
        rules: rules.iter().map(words::rule).collect(),
        remark: rules.is_empty().then(|| "it has no rules: it matches no request".to_owned()),
    }
}

/// A RequestAuthentication that somebody enforces.
pub(super) fn authentication_line(
    policy: &Object<RequestAuthentication>,
    because: Reason,
    enforced_by: Enforcer,
) -> PolicyLine {
    let rules = policy.spec.jwt_rules.iter().map(|rule| format!("tokens of {}", rule.issuer));
    PolicyLine {
        object: policy.object_ref(),
        action: JWT,
        enforced_by,
        because,
        rules: rules.collect(),
        remark: Some("requests without a token pass".to_owned()),
    }
}

/// Why a policy binds.
pub(super) fn reason<S: Resource>(bound: &Bound<'_, Object<S>>) -> Reason
where
    Object<S>: Attach,
{
    bound.cause().into()
}

/// The order in which Envoy asks: the filters of CUSTOM, of tokens, of AUDIT, DENY and ALLOW; within one by
/// name.
fn in_order(mut lines: Vec<PolicyLine>) -> Vec<PolicyLine> {
    const ORDER: [&str; 5] = ["CUSTOM", "JWT", "AUDIT", "DENY", "ALLOW"];
    let key = |line: &PolicyLine| -> (Option<usize>, ObjectRef) {
        (ORDER.iter().position(|action| *action == line.action), line.object.clone())
    };
    lines.sort_by_key(key);
    lines
}

/// The action's name, as in the policy.
pub(super) const fn name(action: Action) -> Str {
    Str::new_static(match action {
        Action::Allow => "ALLOW",
        Action::Deny => "DENY",
        Action::Audit => "AUDIT",
        Action::Custom => "CUSTOM",
    })
}
