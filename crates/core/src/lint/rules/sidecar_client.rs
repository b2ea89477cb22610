//! `sidecar-client`: clients with sidecars, which go past waypoints.

use std::collections::BTreeMap;

use crate::dataplane_mode;
use crate::lint::naming::label;
use crate::lint::{Context, Releases, Rule, list};
use crate::mesh::DataPlane;
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::snapshot::ObjectRef;

/// In 1.18 sidecars send to waypoints.
pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::SidecarClient, include_str!("sidecar_client.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let waypoints = cx.mesh.waypoints.iter().filter(|waypoint| waypoint.data_plane == DataPlane::Envoy);
    let served: Vec<ObjectRef> = waypoints
        .flat_map(|waypoint| &waypoint.services)
        .filter_map(|id| Some(cx.mesh.services.get(*id)?.source.object()))
        .collect();
    if served.is_empty() {
        return Vec::new();
    }
    let served = list::few(&served);
    let mut pods: BTreeMap<&str, Vec<ObjectRef>> = BTreeMap::new();
    for (_, workload) in
        cx.mesh.workloads.iter().filter(|(_, workload)| dataplane_mode::has_sidecar(workload))
    {
        pods.entry(&workload.namespace).or_default().push(workload.source.object());
    }
    let mut found: Vec<Problem> = Vec::new();
    for (namespace, pods) in &mut pods {
        pods.sort();
        let Some(first) = pods.first() else { continue };
        let message = format!(
            "pods of namespace `{namespace}` with a sidecar, {}, send to the endpoints of {served} directly: \
             what the waypoint enforces and routes does not hold for them",
            list::few(pods.iter().map(|pod| &pod.name)),
        );
        found.push(problem(message).on(first.clone()).field("spec.containers"));
    }
    let asking = cx.snapshot.namespaces.iter().filter(|namespace| {
        let is_told = pods.contains_key(namespace.meta.name.as_str());
        dataplane_mode::asks_for_sidecars(&namespace.meta.labels) && !is_told
    });
    found.extend(asking.map(|namespace| {
        let message = format!(
            "pods of namespace `{}` get sidecars, which send to the endpoints of {served} directly: what the \
             waypoint enforces and routes does not hold for them",
            namespace.meta.name
        );
        problem(message).on(namespace.object_ref()).field(label("istio-injection"))
    }));
    found
}

fn problem(message: String) -> Problem {
    Problem::new(Code::SidecarClient, message)
        .help("move the clients to ambient mode, or say at ztunnel, in a policy with a selector, that only the waypoint gets in")
}
