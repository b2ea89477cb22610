//! What ztunnel stands before: the workloads that policies without `targetRefs` are for, and the waypoints
//! before them.

use std::collections::BTreeMap;

use super::Context;
use crate::hash::{HashMap, HashSet};
use crate::mesh::attachment::{Attach, refers_to_nothing};
use crate::mesh::workload::{DATAPLANE_MODE, Workload};
use crate::mesh::{Service, ServiceId, Waypoint, WorkloadId, WorkloadSource};
use crate::snapshot::Labels;
use crate::well_known::MANAGED;
use crate::well_known::SIDECAR_STATUS;

/// The workloads behind ztunnels, by namespace.
pub(crate) struct Ambient<'m> {
    root_namespace: &'m str,
    by_namespace: BTreeMap<&'m str, Vec<Destination<'m>>>,
}

/// A workload behind a ztunnel; or the pods that a Service selects, where the snapshot has none.
pub(crate) struct Destination<'m> {
    pub(super) namespace: &'m str,
    pub(super) labels: &'m Labels,
    /// How waypoints reach it.
    pub(super) ways: Vec<Way<'m>>,
}

/// A way from a waypoint to a workload.
#[derive(Clone, Copy)]
pub(super) struct Way<'m> {
    pub(super) waypoint: &'m Waypoint,
    /// The Service that is called; none where the workload itself is.
    pub(super) service: Option<(ServiceId, &'m Service)>,
}

impl<'m> Ambient<'m> {
    pub(super) fn new(cx: &Context<'m>) -> Self {
        let mut ways = ways_of_workloads(cx);
        let modes = Modes::new(cx);
        let mut by_namespace: BTreeMap<&str, Vec<Destination<'_>>> = BTreeMap::new();
        for (id, workload) in cx.mesh.workloads.iter() {
            let mut ways = ways.remove(&id).unwrap_or_default();
            if workload.is_waypoint || !modes.has(workload, !ways.is_empty()) {
                continue;
            }
            let own = cx.waypoint_of_workload(id).map(|waypoint| Way { waypoint, service: None });
            ways.extend(own);
            let namespace = workload.namespace.as_str();
            let found = Destination { namespace, labels: &workload.labels, ways };
            by_namespace.entry(namespace).or_default().push(found);
        }
        for (id, service) in cx.mesh.services.iter() {
            let is_selective = !service.selector.is_empty() && !service.labels.contains_key(MANAGED);
            let way = cx.waypoint_of(id).map(|waypoint| Way { waypoint, service: Some((id, service)) });
            let namespace = service.namespace.as_str();
            if is_selective
                && cx.mesh.endpoints.of(id).is_empty()
                && modes.has_unseen(namespace, way.is_some())
            {
                let ways = way.into_iter().collect();
                let found = Destination { namespace, labels: &service.selector, ways };
                by_namespace.entry(namespace).or_default().push(found);
            }
        }
        Self { root_namespace: &cx.mesh.config.root_namespace, by_namespace }
    }

    /// What a policy is for at ztunnel: nothing where it refers to something.
    pub(super) fn under<'a, T: Attach>(&'a self, policy: &'a T) -> impl Iterator<Item = &'a Destination<'m>> {
        let selected = self.selected(policy.meta().namespace.as_str(), policy.selector());
        selected.filter(move |_| refers_to_nothing(policy))
    }

    /// What an object of a namespace is for by its selector, or without one.
    pub(super) fn selected<'a>(
        &'a self,
        namespace: &'a str,
        selector: Option<&'a Labels>,
    ) -> impl Iterator<Item = &'a Destination<'m>> {
        let everywhere = namespace == self.root_namespace;
        let all = everywhere.then(|| self.by_namespace.values()).into_iter().flatten();
        let own = self.by_namespace.get(namespace).filter(|_| !everywhere);
        let found = all.chain(own).flatten();
        found.filter(move |destination| selector.is_none_or(|s| s.is_subset(destination.labels)))
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Destination<'m>> {
        self.by_namespace.values().flatten()
    }
}

/// How waypoints reach each workload by its Services.
fn ways_of_workloads<'m>(cx: &Context<'m>) -> HashMap<WorkloadId, Vec<Way<'m>>> {
    let mut ways: HashMap<WorkloadId, Vec<Way<'m>>> = HashMap::default();
    for (id, service) in cx.mesh.services.iter() {
        let Some(waypoint) = cx.waypoint_of(id) else { continue };
        let mut last = None;
        for workload in cx.mesh.endpoints.of(id).iter().filter_map(|endpoint| endpoint.workload) {
            if last != Some(workload) {
                ways.entry(workload).or_default().push(Way { waypoint, service: Some((id, service)) });
            }
            last = Some(workload);
        }
    }
    ways
}

/// Which namespaces are in ambient mode. Of one that the snapshot lacks it is not known; there a waypoint
/// tells.
struct Modes<'m> {
    known: HashSet<&'m str>,
    ambient: HashSet<&'m str>,
}

impl<'m> Modes<'m> {
    fn new(cx: &Context<'m>) -> Self {
        let defined = || cx.snapshot.namespaces.iter().map(|namespace| &namespace.meta);
        let all = || defined().filter(|meta| !meta.is_assumed());
        let is_ambient = |labels: &Labels| labels.get(DATAPLANE_MODE).is_some_and(|mode| mode == "ambient");
        Self {
            known: all().map(|meta| meta.name.as_str()).collect(),
            ambient: all().filter(|meta| is_ambient(&meta.labels)).map(|meta| meta.name.as_str()).collect(),
        }
    }

    /// Whether a workload is behind a ztunnel.
    fn has(&self, workload: &Workload, behind_waypoint: bool) -> bool {
        let has_sidecar =
            || workload.pod().is_some_and(|pod| pod.meta.annotations.contains_key(SIDECAR_STATUS));
        let is_pod = matches!(workload.source, WorkloadSource::Pod(_));
        workload.hbone
            || (is_pod
                && behind_waypoint
                && !self.known.contains(workload.namespace.as_str())
                && !has_sidecar())
    }

    /// Whether pods of a namespace that the snapshot lacks are.
    fn has_unseen(&self, namespace: &str, behind_waypoint: bool) -> bool {
        self.ambient.contains(namespace) || (behind_waypoint && !self.known.contains(namespace))
    }
}
