//! A waypoint: what it serves and why, what holds for all of that, and what is wrong.

use serde::{Deserialize, Serialize};

use crate::Str;
use crate::lint::Context;
use crate::mesh::attachment::Precedence;
use crate::problem::Problem;
use crate::snapshot::ObjectRef;

use super::enforcement::{authentication_line, authorization_line, reason};
use super::{Enforcer, PolicyLine, WaypointUse, about, service, waypoint_use};

/// A waypoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WaypointDescription {
    /// Its Gateway.
    pub object: ObjectRef,
    /// Its class.
    pub class: String,
    /// What runs it: `envoy` or `agentgateway`.
    pub data_plane: Str,
    /// Which traffic it is for: `service`, `workload`, `all`, `none`.
    pub traffic: String,
    /// Whether the Gateway has an address in its status, is taken as ready, or is not.
    pub ready: bool,
    /// Whether that was assumed.
    pub readiness_assumed: bool,
    /// Its service account as policies name it: `<trust domain>/ns/<namespace>/sa/<account>`.
    pub principal: String,
    /// The Services and ServiceEntries that it serves.
    pub services: Vec<Served>,
    /// The workloads that it serves at their own addresses.
    pub workloads: Vec<Served>,
    /// What holds for everything that it serves.
    pub policies: Vec<PolicyLine>,
    /// What lint says of it.
    pub findings: Vec<Problem>,
}

/// Something that a waypoint serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Served {
    /// The object.
    pub object: ObjectRef,
    /// Why.
    pub waypoint: WaypointUse,
}

pub(super) fn describe(
    cx: &Context<'_>,
    findings: &[Problem],
    object: &ObjectRef,
) -> Option<WaypointDescription> {
    let mesh = cx.mesh;
    let is_it = |waypoint: &&crate::mesh::Waypoint| waypoint.gateway.object_ref() == *object;
    let waypoint = mesh.waypoints.iter().find(is_it)?;
    let target = mesh.bindings.targets.lookup(&waypoint.name).map(|(_, target)| target);
    let enforcer = || Enforcer::Waypoint(waypoint.name.to_string());
    let authorization = mesh.policies.authorization.of_waypoint(waypoint, Precedence::RootFirst);
    let authorization = mesh.policies.authorization.at(&authorization.of(None)).collect::<Vec<_>>();
    let tokens = mesh.policies.request_authentication.of_waypoint(waypoint, Precedence::WaypointFirst);
    let tokens = mesh.policies.request_authentication.at(&tokens.of(None)).collect::<Vec<_>>();
    let mut policies: Vec<PolicyLine> =
        authorization.iter().map(|b| authorization_line(b.object, reason(b), enforcer())).collect();
    policies.extend(tokens.iter().map(|b| authentication_line(b.object, reason(b), enforcer())));
    let mut services: Vec<Served> = waypoint
        .services
        .iter()
        .filter_map(|id| {
            let object = mesh.services.get(*id)?.source.object();
            Some(Served { waypoint: service::use_of(cx, *id, &object), object })
        })
        .collect();
    services.dedup();
    let workloads = waypoint.workloads.iter().filter_map(|id| {
        let object = mesh.workloads.get(*id)?.source.object();
        let binding = mesh.bindings.of_workload(*id);
        Some(Served { waypoint: waypoint_use(mesh, &object, binding, Some(waypoint)), object })
    });
    let mut objects: Vec<&ObjectRef> = vec![object];
    objects.extend(policies.iter().map(|line| &line.object));
    Some(WaypointDescription {
        object: object.clone(),
        class: waypoint.gateway.spec.gateway_class_name.to_string(),
        data_plane: Str::new_static(waypoint.data_plane.as_str()),
        traffic: target.map_or_else(|| "all".to_owned(), |target| target.traffic.to_string()),
        ready: target.is_some() || !cx.objects_name_waypoints,
        readiness_assumed: waypoint.readiness_assumed,
        principal: format!(
            "{}/ns/{}/sa/{}",
            mesh.config.trust_domain, waypoint.name.namespace, waypoint.proxy.service_account
        ),
        services,
        workloads: workloads.collect(),
        findings: about(findings, &objects),
        policies,
    })
}
