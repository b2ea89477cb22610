//! A Pod or WorkloadEntry: how it takes part in the mesh, and what holds for requests to its own address.

use serde::{Deserialize, Serialize};

use crate::dataplane_mode::{DataPlaneMode, data_plane_mode};
use crate::lint::Context;
use crate::mesh::{Workload, WorkloadId};
use crate::problem::Problem;
use crate::snapshot::ObjectRef;

use super::{PolicyLine, WaypointUse, about, enforcement, service, waypoint_use};

/// A Pod or WorkloadEntry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PodDescription {
    /// The object.
    pub object: ObjectRef,
    /// Its addresses.
    pub addresses: Vec<String>,
    /// How it takes part in the mesh.
    pub mode: DataPlaneMode,
    /// Its identity as policies name it: `<trust domain>/ns/<namespace>/sa/<account>`.
    pub principal: String,
    /// The Services that it is behind, each with its waypoint.
    pub services: Vec<ServiceOfPod>,
    /// Which waypoint serves its own addresses.
    pub waypoint: WaypointUse,
    /// What its ztunnel enforces, in the order in which it is looked at.
    pub policies: Vec<PolicyLine>,
    /// What lint says of it and its policies.
    pub findings: Vec<Problem>,
}

/// A Service that a pod is behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServiceOfPod {
    /// The Service.
    pub object: ObjectRef,
    /// Its waypoint.
    pub waypoint: WaypointUse,
}

pub(super) fn describe(cx: &Context<'_>, findings: &[Problem], object: &ObjectRef) -> Option<PodDescription> {
    let is_it = |(_, workload): &(WorkloadId, &Workload)| workload.source.object() == *object;
    let (id, workload) = cx.mesh.workloads.iter().find(is_it)?;
    let policies = if cx.mesh.rules.status.ambient { enforcement::at_ztunnel(cx, id) } else { Vec::new() };
    let mut objects: Vec<&ObjectRef> = vec![object];
    objects.extend(policies.iter().map(|line| &line.object));
    let findings = about(findings, &objects);
    let serving = cx.waypoint_of_workload(id);
    let is_assumed = workload.pod().is_some_and(|pod| pod.meta.is_assumed());
    let assumed = if is_assumed { " (assumed)" } else { "" };
    Some(PodDescription {
        object: object.clone(),
        addresses: workload.addresses.iter().map(|ip| format!("{ip}{assumed}")).collect(),
        mode: data_plane_mode(cx.mesh, workload),
        principal: format!(
            "{}/ns/{}/sa/{}",
            cx.mesh.config.trust_domain, workload.namespace, workload.service_account
        ),
        services: services(cx, id),
        waypoint: waypoint_use(cx.mesh, object, cx.mesh.bindings.of_workload(id), serving),
        policies,
        findings,
    })
}

fn services(cx: &Context<'_>, pod: WorkloadId) -> Vec<ServiceOfPod> {
    let is_behind = |service| {
        let mut endpoints = cx.mesh.endpoints.of(service).iter();
        endpoints.any(|endpoint| endpoint.workload == Some(pod))
    };
    let behind = cx.mesh.services.iter().filter(|(service, _)| is_behind(*service));
    behind
        .map(|(id, service)| {
            let object = service.source.object();
            ServiceOfPod { waypoint: service::use_of(cx, id, &object), object }
        })
        .collect()
}
