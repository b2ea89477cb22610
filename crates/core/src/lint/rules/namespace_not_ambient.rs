//! `namespace-not-ambient`: waypoints for namespaces whose pods are not in the mesh.

use std::collections::BTreeMap;

use crate::lint::naming::{is_ambient, namespace_labels};
use crate::lint::{Context, Rule};
use crate::mesh::workload::DATAPLANE_MODE;
use crate::mesh::{Waypoint, WorkloadId};
use crate::problem::{Code, Problem};
use crate::snapshot::{Kind, ObjectRef};

pub(super) const RULE: Rule =
    Rule::new(Code::NamespaceNotAmbient, include_str!("namespace_not_ambient.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    // A waypoint of each namespace with Services that one serves.
    let mut served: BTreeMap<&str, &Waypoint> = BTreeMap::new();
    for waypoint in &cx.mesh.waypoints {
        let services = waypoint.services.iter().filter_map(|id| cx.mesh.services.get(*id));
        for service in services.filter(|service| service.is_kubernetes()) {
            served.entry(&service.namespace).or_insert(waypoint);
        }
    }
    let namespaces = cx.snapshot.namespaces.iter().filter(|namespace| !namespace.meta.is_assumed());
    let outside = namespaces.filter_map(|namespace| {
        let waypoint = served.get(namespace.meta.name.as_str())?;
        let is_in = is_ambient(cx, &namespace.meta.name) || has_captured_pods(cx, &namespace.meta.name);
        (!is_in).then_some((namespace, waypoint))
    });
    outside
        .map(|(namespace, waypoint)| {
            let name = &namespace.meta.name;
            let mode = namespace_labels(cx, name).get(DATAPLANE_MODE);
            let sidecars = cx.has_sidecars(name);
            let message = format!(
                "Services of namespace `{name}` have waypoint `{}`, and its pods are not in the mesh{}: \
                 clients in the mesh use the waypoint, the pods take connections from everybody",
                waypoint.name,
                if sidecars { " by ambient mode" } else { "" },
            );
            let field = match mode {
                Some(_) => format!("metadata.labels[{DATAPLANE_MODE:?}]"),
                None => "metadata.labels".to_owned(),
            };
            Problem::new(Code::NamespaceNotAmbient, message)
                .on(ObjectRef::new(Kind::Namespace, "", name.clone()))
                .field(field)
                .help(format!("label the Namespace `{DATAPLANE_MODE}: ambient`"))
        })
        .collect()
}

/// Whether pods of a namespace say themselves that they are in the mesh.
fn has_captured_pods(cx: &Context<'_>, namespace: &str) -> bool {
    let workloads = &cx.mesh.workloads;
    let is_captured = |id: &WorkloadId| {
        workloads
            .get(*id)
            .is_some_and(|workload| workload.hbone && !workload.is_waypoint && workload.gateway().is_none())
    };
    workloads.in_namespace(namespace).iter().any(is_captured)
}
