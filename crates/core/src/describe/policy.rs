//! A policy: what it says, what it binds to, and what it does not bind to although it reads as if.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Str;
use crate::lint::Context;
use crate::mesh::attachment::Bound;
use crate::mesh::{ServiceId, Waypoint};
use crate::problem::Problem;
use crate::resources;
use crate::snapshot::security::AuthorizationPolicy;
use crate::snapshot::{self, Cause, Kind, Object, ObjectRef};

use super::enforcement::{self, reason};
use super::{Enforcer, Reason, about, words};

/// A policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PolicyDescription {
    /// The object.
    pub object: ObjectRef,
    /// What it does: `ALLOW`, `DENY`, `AUDIT`, `CUSTOM`, `JWT`; nothing of other kinds.
    pub action: Option<Str>,
    /// Each rule in words.
    pub rules: Vec<String>,
    /// What it binds to.
    pub binds: Vec<Binds>,
    /// What it does not bind to, though one might think so.
    pub binds_not: Vec<BindsNot>,
    /// What lint says of it.
    pub findings: Vec<Problem>,
}

/// Something that a policy holds for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Binds {
    /// Who enforces it.
    pub enforced_by: Enforcer,
    /// What for: a Service, a workload, or the waypoint as a whole.
    pub object: ObjectRef,
    /// The field that says so.
    pub field: String,
    /// What is different from what it says.
    pub remark: Option<String>,
}

/// Something that a policy does not hold for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BindsNot {
    /// What it is; the policy itself where one of its references leads nowhere.
    pub object: ObjectRef,
    /// That reference.
    pub field: String,
    /// Why not.
    pub why: String,
}

pub(super) fn describe(cx: &Context<'_>, findings: &[Problem], object: &ObjectRef) -> PolicyDescription {
    let s = cx.snapshot;
    let (namespace, name) = (object.namespace.as_str(), object.name.as_str());
    let authorization = (object.kind == Kind::AuthorizationPolicy)
        .then(|| snapshot::find(&s.authorization_policies, namespace, name))
        .flatten();
    let (action, rules) = match (authorization, object.kind) {
        (Some(policy), _) => {
            (Some(enforcement::name(policy.spec.action)), policy.spec.rules.iter().map(words::rule).collect())
        }
        (None, Kind::RequestAuthentication) => {
            let policy = snapshot::find(&s.request_authentications, namespace, name);
            let rules = policy.into_iter().flat_map(|policy| &policy.spec.jwt_rules);
            (Some(enforcement::JWT), rules.map(|rule| format!("tokens of {}", rule.issuer)).collect())
        }
        _ => (None, Vec::new()),
    };
    let mut binds = at_waypoints(cx, object);
    let mut binds_not = BTreeSet::new();
    if let Some(policy) = authorization.filter(|_| cx.mesh.rules.status.ambient) {
        binds.extend(at_ztunnels(cx, policy));
        binds_not.extend(behind_waypoints(cx, policy));
    }
    let told = findings.iter().filter(|problem| problem.object.as_ref() == Some(object));
    let unserved = told.filter(|problem| problem.code.id().starts_with("target-"));
    binds_not.extend(unserved.map(|problem| BindsNot {
        object: object.clone(),
        field: problem.field.clone(),
        why: problem.message.clone(),
    }));
    PolicyDescription {
        object: object.clone(),
        action,
        rules,
        binds: binds.into_iter().collect(),
        binds_not: binds_not.into_iter().collect(),
        findings: about(findings, &[object]),
    }
}

/// Where waypoints enforce it. Of policies that the mesh indexes by what they are for, that is asked; of
/// other kinds what they have made tells.
fn at_waypoints(cx: &Context<'_>, object: &ObjectRef) -> BTreeSet<Binds> {
    let mut found = BTreeSet::new();
    for waypoint in &cx.mesh.waypoints {
        let services = waypoint.services.iter().filter_map(|id| Some((*id, cx.mesh.services.get(*id)?)));
        let mut add = |what: ObjectRef, because: Reason| {
            found.insert(Binds {
                enforced_by: Enforcer::Waypoint(waypoint.name.to_string()),
                object: what,
                field: because.field,
                remark: None,
            });
        };
        match object.kind {
            Kind::AuthorizationPolicy | Kind::RequestAuthentication => {
                for (id, service) in services {
                    if let Some(because) = binding_of(cx, object, id) {
                        add(service.source.object(), because);
                    }
                }
            }
            _ => origins(cx, waypoint, object).into_iter().for_each(|because| {
                add(waypoint.gateway.object_ref(), because);
            }),
        }
    }
    found
}

/// Why a policy binds to a Service, if it does.
fn binding_of(cx: &Context<'_>, object: &ObjectRef, service: ServiceId) -> Option<Reason> {
    if object.kind == Kind::AuthorizationPolicy {
        let bound = cx.authorization_of(service);
        let found: Option<&Bound<'_, _>> = bound.iter().find(|bound| bound.object.object_ref() == *object);
        return found.map(reason);
    }
    let bound = cx.authentication_of(service);
    bound.iter().find(|bound| bound.object.object_ref() == *object).map(reason)
}

/// The fields of an object that made something at a waypoint.
fn origins(cx: &Context<'_>, waypoint: &Waypoint, object: &ObjectRef) -> BTreeSet<Reason> {
    let made = resources::generate(cx.mesh, waypoint);
    let of = |causes: &[Cause]| -> Vec<Reason> {
        causes.iter().filter(|cause| cause.object == *object).cloned().map(Reason::from).collect()
    };
    let listeners = made.listeners.iter().flat_map(|resource| &resource.origins);
    let clusters = made.clusters.iter().flat_map(|resource| &resource.origins);
    listeners.chain(clusters).flat_map(|origin| of(&origin.causes)).collect()
}

/// Where ztunnels enforce it.
fn at_ztunnels(cx: &Context<'_>, policy: &Object<AuthorizationPolicy>) -> Vec<Binds> {
    let Some(line) = enforcement::ztunnel_line(cx, policy) else { return Vec::new() };
    let workloads = cx.workloads_under(policy);
    let workloads =
        workloads.iter().filter(|(_, workload)| workload.known_to_ztunnel && !workload.is_waypoint);
    workloads
        .map(|(_, workload)| Binds {
            enforced_by: line.enforced_by.clone(),
            object: workload.source.object(),
            field: line.because.field.clone(),
            remark: line.remark.clone(),
        })
        .collect()
}

/// The Services of the workloads that a policy without target references is for, where a waypoint serves
/// them: it does not read the policy.
fn behind_waypoints(cx: &Context<'_>, policy: &Object<AuthorizationPolicy>) -> Vec<BindsNot> {
    if enforcement::ztunnel_line(cx, policy).is_none() {
        return Vec::new();
    }
    let workloads: BTreeSet<_> = cx.workloads_under(policy).into_iter().map(|(id, _)| id).collect();
    let services = cx.mesh.services.iter().filter_map(|(id, service)| {
        let waypoint = cx.waypoint_of(id)?;
        let mut endpoints = cx.mesh.endpoints.of(id).iter().filter_map(|endpoint| endpoint.workload);
        endpoints.any(|workload| workloads.contains(&workload)).then(|| BindsNot {
            object: service.source.object(),
            field: String::new(),
            why: format!("waypoint `{}` reads policies with targetRefs only", waypoint.name),
        })
    });
    services.collect()
}
