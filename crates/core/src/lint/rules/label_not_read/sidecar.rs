//! Annotations of pods that say what a sidecar is to take: nobody reads those of pods in ambient mode.

use std::collections::BTreeMap;

use crate::dataplane_mode::{DataPlaneMode, data_plane_mode};
use crate::lint::Context;
use crate::lint::naming::annotation;
use crate::mesh::Workload;
use crate::mesh::workload::DATAPLANE_MODE;
use crate::problem::{Code, Problem, Severity};
use crate::snapshot::ObjectRef;

/// What the keys start with: `traffic.sidecar.istio.io/excludeInboundPorts`.
const PREFIX: &str = "traffic.sidecar.istio.io/";

/// One finding for pods of a namespace with the same annotation: those of a template.
pub(super) fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut groups: BTreeMap<(&str, &str, &str), Vec<ObjectRef>> = BTreeMap::new();
    for (_, workload) in cx.mesh.workloads.iter() {
        let Some(pod) = workload.pod() else { continue };
        let telling = pod.meta.annotations.iter().filter(|(key, value)| excludes(key, value));
        let telling: Vec<_> = telling.collect();
        if telling.is_empty() || !is_ambient(cx, workload) {
            continue;
        }
        for (key, value) in telling {
            let group = (workload.namespace.as_str(), key.as_str(), value.as_str());
            groups.entry(group).or_default().push(pod.object_ref());
        }
    }
    groups.into_iter().filter_map(|((_, key, _), pods)| problem(key, pods)).collect()
}

/// Whether an annotation has a sidecar leave something out.
fn excludes(key: &str, value: &str) -> bool {
    let name = key.strip_prefix(PREFIX);
    name.is_some_and(|name| if name.starts_with("include") { value != "*" } else { !value.is_empty() })
}

/// Whether ztunnel takes the connections of a pod that is no proxy itself.
fn is_ambient(cx: &Context<'_>, workload: &Workload) -> bool {
    let is_proxy = workload.gateway().is_some() || workload.is_waypoint;
    !is_proxy && data_plane_mode(cx.mesh, workload) == DataPlaneMode::Ambient
}

fn problem(key: &str, mut pods: Vec<ObjectRef>) -> Option<Problem> {
    pods.sort();
    let mut pods = pods.into_iter();
    let first = pods.next()?;
    let field = annotation(key);
    let message = format!(
        "`{key}` is for sidecars: the pod is in ambient mode, and ztunnel takes its connections whatever \
         stands there"
    );
    let help = format!(
        "remove it; the label `{DATAPLANE_MODE}: none` leaves a pod out of the mesh, with all of its ports"
    );
    let problem = Problem::new(Code::LabelNotRead, message)
        .severity(Severity::Note)
        .on(first)
        .field(field.as_str())
        .help(help);
    let told = pods.take(5);
    Some(told.fold(problem, |problem, pod| {
        problem.related_object(pod, field.as_str(), "nobody reads it here, either")
    }))
}
