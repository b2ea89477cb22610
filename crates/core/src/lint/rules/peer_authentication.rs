//! `peer-authentication`: PeerAuthentications that ztunnel does not apply: of the root namespace with a
//! selector, and for ports of Services.

use std::collections::BTreeSet;

use crate::lint::{Context, Rule, list};
use crate::mesh::{Service, ServiceId, Workload, WorkloadId};
use crate::problem::{Code, Problem};
use crate::snapshot::security::PeerAuthentication;
use crate::snapshot::{Labels, Object};

pub(super) const RULE: Rule =
    Rule::new(Code::PeerAuthentication, include_str!("peer_authentication.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for object in &cx.snapshot.peer_authentications {
        let selector = object.spec.selector.as_ref().map(|selector| &selector.match_labels);
        let Some(labels) = selector.filter(|labels| !labels.is_empty()) else { continue };
        if object.meta.namespace == cx.mesh.config.root_namespace {
            found.extend(of_root(cx, object, labels));
        } else if !object.spec.port_level_mtls.is_empty() {
            found.extend(of_ports(cx, object, labels));
        }
    }
    found
}

/// One of the root namespace that selects workloads is for none, be they of that namespace.
fn of_root(cx: &Context<'_>, object: &Object<PeerAuthentication>, labels: &Labels) -> Option<Problem> {
    let root = &object.meta.namespace;
    let selected = cx.ambient().all().find(|destination| labels.is_subset(destination.labels))?;
    let message = format!(
        "a PeerAuthentication of the root namespace `{root}` with a selector is for no workload: it has no \
         effect for the pods of namespace `{}` that fit",
        selected.namespace
    );
    let help = format!(
        "move it to the namespace of the pods, `{}`, or leave the selector out for the whole mesh",
        selected.namespace
    );
    let problem = Problem::new(Code::PeerAuthentication, message).on(object.object_ref());
    Some(problem.field("spec.selector").help(help))
}

/// Ports in `portLevelMtls` that are a Service's and no pod's.
fn of_ports(cx: &Context<'_>, object: &Object<PeerAuthentication>, labels: &Labels) -> Vec<Problem> {
    let namespace = &object.meta.namespace;
    let workloads = &cx.mesh.workloads;
    let own = workloads.in_namespace(namespace).iter().filter_map(|id| Some((*id, workloads.get(*id)?)));
    let selected: Vec<(WorkloadId, &Workload)> =
        own.filter(|(_, workload)| workload.hbone && labels.is_subset(&workload.labels)).collect();
    if selected.is_empty() {
        return Vec::new();
    }
    let ids: BTreeSet<WorkloadId> = selected.iter().map(|(id, _)| *id).collect();
    let pods = selected.iter().filter_map(|(_, workload)| workload.pod());
    let containers = pods.flat_map(|pod| pod.spec.containers.iter().chain(&pod.spec.init_containers));
    let declared: BTreeSet<u32> = containers
        .flat_map(|container| &container.ports)
        .filter_map(|port| u32::try_from(port.container_port).ok())
        .collect();
    let services = cx.mesh.services.in_namespace(namespace).iter();
    let services: Vec<(ServiceId, &Service)> =
        services.filter_map(|id| Some((*id, cx.mesh.services.get(*id)?))).collect();
    let mut found = Vec::new();
    for key in object.spec.port_level_mtls.keys() {
        let Ok(number) = key.parse::<u32>() else { continue };
        if declared.contains(&number) {
            continue;
        }
        // Where each Service of the pods sends what comes to this port, and whether one sends it there.
        let mut targets = BTreeSet::new();
        let mut service_with_it = None;
        let mut is_target = false;
        for (id, service) in &services {
            let endpoints = cx.mesh.endpoints.of(*id).iter();
            for endpoint in endpoints.filter(|e| e.workload.is_some_and(|workload| ids.contains(&workload))) {
                is_target |= endpoint.port == number;
                let port = service.ports.iter().find(|port| port.name == endpoint.service_port);
                if port.is_some_and(|port| port.number == number) {
                    targets.insert(endpoint.port);
                    service_with_it = service_with_it.or(Some(*service));
                }
            }
        }
        if let Some(service) = service_with_it.filter(|_| !is_target) {
            let message = format!(
                "`portLevelMtls` is about ports of pods, and `{number}` is a port of Service `{}`, behind which \
                 the pods have {}: it has no effect",
                service.object_name(),
                list::few(&targets),
            );
            let problem = Problem::new(Code::PeerAuthentication, message)
                .on(object.object_ref())
                .field(format!("spec.portLevelMtls[\"{key}\"]"))
                .help(format!("write {}", list::few(&targets)));
            found.push(problem.related_object(
                service.source.object(),
                "spec.ports",
                "this Service has the port, and another one behind it",
            ));
        }
    }
    found
}
