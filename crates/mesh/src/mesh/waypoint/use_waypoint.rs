//! Who serves whom since 1.24: each waypoint serves the objects that use it (see [`Bindings`]) as far as its
//! proxy can know them.

use std::collections::{BTreeMap, BTreeSet};

use super::binding::{Bindings, is_managed};
use super::target::{self, Target, TargetAddress};
use super::{Indexing, Waypoint};
use crate::Str;
use crate::hash::HashSet;
use crate::mesh::service::{Address, Service, ServiceSource};
use crate::mesh::workload::pod;
use crate::mesh::{Resolution, ServiceId, Workload, WorkloadId, WorkloadSource};
use crate::problem::Problem;
use crate::snapshot::ObjectRef;
use crate::snapshot::mesh_config::Visibility;

/// Fills in what each waypoint serves.
pub(super) fn attach(
    cx: &Indexing<'_>,
    bindings: &Bindings,
    waypoints: &mut [Waypoint],
    problems: &mut Vec<Problem>,
) {
    let mut owners: BTreeMap<TargetAddress, Vec<usize>> = BTreeMap::new();
    for (i, waypoint) in waypoints.iter_mut().enumerate() {
        waypoint.readiness_assumed = bindings.targets.lookup(&waypoint.name).is_some_and(|(_, t)| t.assumed);
        for address in target::addresses_of_proxy(cx, &waypoint.gateway) {
            owners.entry(address).or_default().push(i);
        }
    }
    let mut refusals = Refusals { reported: BTreeSet::new(), problems };
    let mut services: Vec<Vec<ServiceId>> = vec![Vec::new(); waypoints.len()];
    for (id, service) in cx.services.iter().filter(|(id, service)| is_served(cx, *id, service)) {
        let Some(binding) = bindings.of_service(id) else { continue };
        if let Some(refusal) = &binding.refusal {
            refusals.report(refusal, service.source.object());
        }
        let canary = binding.canary.map(|canary| canary.waypoint);
        let used = [binding.waypoint, canary].into_iter().flatten();
        for target in used.filter_map(|id| bindings.targets.get(id)) {
            serve(&owners, &mut services, target, id);
        }
    }
    let mut workloads: Vec<Vec<WorkloadId>> = vec![Vec::new(); waypoints.len()];
    for (id, workload) in cx.workloads.iter().filter(|(_, workload)| is_known(cx, workload)) {
        let Some(binding) = bindings.of_workload(id) else { continue };
        if let Some(refusal) = &binding.refusal {
            refusals.report(refusal, workload.source.object());
        }
        if let Some(target) = bindings.waypoint(binding) {
            serve(&owners, &mut workloads, target, id);
        }
    }
    for ((waypoint, services), workloads) in waypoints.iter_mut().zip(services).zip(workloads) {
        waypoint.services = one_per_host(cx, services);
        waypoint.workloads = workloads;
    }
}

/// Adds an object to the waypoints that answer at a target's address. Objects come in order; one may come
/// twice, for its waypoint and a canary at the same address.
fn serve<Id: Copy + PartialEq>(
    owners: &BTreeMap<TargetAddress, Vec<usize>>,
    served: &mut [Vec<Id>],
    target: &Target,
    id: Id,
) {
    let owners = target.address.as_ref().and_then(|address| owners.get(address));
    for owner in owners.into_iter().flatten() {
        if let Some(served) = served.get_mut(*owner).filter(|served| served.last() != Some(&id)) {
            served.push(id);
        }
    }
}

/// A waypoint serves a hostname once, whatever the number of namespaces that it comes from.
fn one_per_host(cx: &Indexing<'_>, mut services: Vec<ServiceId>) -> Vec<ServiceId> {
    let mut hosts = HashSet::default();
    services.retain(|id| cx.services.get(*id).is_some_and(|s| hosts.insert(s.hostname.as_str())));
    services
}

/// Whether a waypoint can serve a Service at all.
fn is_served(cx: &Indexing<'_>, id: ServiceId, service: &Service) -> bool {
    // Of Services that only other clusters have, those that are for the whole mesh are known.
    let apart = cx.options.features.ambient_enable_multi_network;
    if !(service.cluster.is_empty() || apart && service.global) {
        return false;
    }
    let visible = match &service.source {
        // The clients resolve these: there is nothing to serve.
        ServiceSource::Kubernetes(object) => object.spec.service_type != "ExternalName",
        ServiceSource::ServiceEntry(object) => {
            cx.config.visibility_in(cx.namespaces.labels(&object.meta.namespace)) != Visibility::None
        }
    };
    let hidden = service.resolution == Resolution::DynamicDns && !service.mesh_external;
    let is_winner = || cx.services.lookup(&service.hostname, &service.namespace) == Some(id);
    let ranged = || !cx.rules.waypoints.serves_ranges && service.addresses.iter().any(Address::is_range);
    visible && !hidden && is_winner() && !ranged() && !is_managed(&service.selector)
}

/// Whether a waypoint can serve a workload at all.
fn is_known(cx: &Indexing<'_>, workload: &Workload) -> bool {
    match &workload.source {
        WorkloadSource::Pod(object) => !pod::is_terminal(&object.spec) && !workload.addresses.is_empty(),
        WorkloadSource::WorkloadEntry(_) => true,
        WorkloadSource::ServiceEntryEndpoint(object, _) => {
            let is_winner = |host: &Str| {
                let id = cx.services.lookup(host, &object.meta.namespace);
                id.and_then(|id| cx.services.get(id))
                    .is_some_and(|s| s.source.object() == object.object_ref())
            };
            object.spec.hosts.iter().any(is_winner)
        }
    }
}

/// Reports refusals, once per object.
struct Refusals<'a> {
    reported: BTreeSet<ObjectRef>,
    problems: &'a mut Vec<Problem>,
}

impl Refusals<'_> {
    fn report(&mut self, refusal: &super::Refusal, object: ObjectRef) {
        if self.reported.insert(object.clone()) {
            self.problems.push(Problem::new(refusal.code(), refusal.to_string()).on(object));
        }
    }
}
