//! Who serves whom in 1.18: a waypoint is for a namespace, or for one service account of it.

use std::collections::BTreeSet;

use super::{Indexing, Waypoint};
use crate::hash::HashSet;
use crate::mesh::selector_index::SelectorIndex;
use crate::mesh::workload::pod;
use crate::mesh::{ServiceId, Workload, WorkloadId};
use crate::options::Readiness;

/// Fills in what each waypoint serves.
pub(super) fn attach(cx: &Indexing<'_>, waypoints: &mut [Waypoint]) {
    let accounts: BTreeSet<_> = waypoints.iter().filter(|w| is_ready(cx, w)).filter_map(account).collect();
    let selectors: Vec<_> =
        cx.services.with_imported().map(|(id, s)| (s.namespace.as_str(), &s.selector, id)).collect();
    let selectors = SelectorIndex::new(&selectors);
    for waypoint in waypoints.iter_mut() {
        let namespace = waypoint.name.namespace.clone();
        let served = |workload: &Workload| match &waypoint.for_service_account {
            Some(account) => workload.service_account == *account,
            None => !accounts.contains(&(namespace.clone(), workload.service_account.clone())),
        };
        // ztunnel knows one workload at an address.
        let mut addresses = HashSet::default();
        let workloads: Vec<(WorkloadId, &Workload)> = (cx.workloads_of(&namespace).iter())
            .filter_map(|id| Some((*id, cx.workloads.get(*id)?)))
            .filter(|(_, w)| counts(w) && served(w) && addresses.insert(w.addresses.first()))
            .collect();
        let mut services = BTreeSet::new();
        if !workloads.is_empty() {
            // By accident, a Service without selector belongs to everybody: the empty selector is a subset of
            // any labels.
            services.extend(without_selector(cx, &namespace));
        }
        for (_, workload) in &workloads {
            services.extend(selectors.matching(&namespace, &workload.labels));
        }
        waypoint.services = services.into_iter().filter(|id| is_the_one(cx, *id)).collect();
        waypoint.workloads = workloads.into_iter().map(|(id, _)| id).collect();
    }
}

/// The service account that a waypoint is for, with its namespace.
fn account(waypoint: &Waypoint) -> Option<(crate::Str, crate::Str)> {
    Some((waypoint.name.namespace.clone(), waypoint.for_service_account.clone()?))
}

/// Whether a waypoint has a pod that is ready. Until it has one, its workloads stay with the namespace's
/// waypoint.
fn is_ready(cx: &Indexing<'_>, waypoint: &Waypoint) -> bool {
    let pods = cx.pods_of(&waypoint.gateway);
    let assumed = cx.options.readiness == Readiness::Assumed && pods.is_empty();
    assumed || pods.iter().filter_map(|id| cx.workloads.get(*id)?.pod()).any(|pod| pod::is_ready(&pod.spec))
}

/// Whether a workload is one that ztunnel would know.
fn counts(workload: &Workload) -> bool {
    workload.pod().is_some_and(|pod| pod::is_running(&pod.spec) && !pod.spec.host_network)
        && !workload.addresses.is_empty()
        && !workload.is_waypoint
}

fn without_selector<'a>(cx: &'a Indexing<'_>, namespace: &'a str) -> impl Iterator<Item = ServiceId> + 'a {
    let own = cx.services.in_namespace(namespace).iter().copied();
    let all = own.chain(cx.services.imported_in(namespace).map(|(id, _)| id));
    all.filter(|id| cx.services.get(*id).is_some_and(|s| s.selector.is_empty()))
}

/// Whether this is the one Service of its hostname in its namespace.
fn is_the_one(cx: &Indexing<'_>, id: ServiceId) -> bool {
    cx.services.get(id).is_some_and(|s| cx.services.lookup(&s.hostname, &s.namespace) == Some(id))
}
