//! What keeps pods with sidecars from calling others, and pods in ambient mode not.

use super::problem;
use crate::admission::mesh_config::{place, source};
use crate::lint::Context;
use crate::lint::naming::is_ambient;
use crate::problem::{Code, Problem, Severity};
use crate::snapshot::Kind;

/// The mode in which sidecars call only what the mesh knows, and where it stands.
const REGISTRY_ONLY: &str = "REGISTRY_ONLY";
const FIELD: &str = "outboundTrafficPolicy.mode";

const HELP: &str = "keep pods from the outside by a NetworkPolicy, and let them call what they may through a \
                    waypoint that serves its ServiceEntries";

pub(super) fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut namespaces = cx.snapshot.namespaces.iter().map(|object| &object.meta.name);
    let Some(first) = namespaces.find(|name| is_ambient(cx, name)) else { return Vec::new() };
    let mut found = Vec::new();
    if cx.mesh.config.outbound_registry_only {
        found.push(registry_only(cx, first));
    }
    found.extend(sidecars(cx));
    found
}

fn registry_only(cx: &Context<'_>, namespace: &str) -> Problem {
    let message = format!(
        "ztunnel does not look at mode `{REGISTRY_ONLY}`: pods in ambient mode, such as those of namespace \
         `{namespace}`, call hosts outside of the mesh all the same"
    );
    let problem = Problem::new(Code::IgnoredField, message).severity(Severity::Note).help(HELP).field(FIELD);
    let options = &cx.mesh.options;
    if let Some(place) = place(options, FIELD) {
        return problem.at(place);
    }
    match source(cx.snapshot, options).filter(|(_, text)| text.contains(REGISTRY_ONLY)) {
        Some((object, _)) => problem.on(object.object_ref()).field("data.mesh"),
        None => problem,
    }
}

/// Sidecars of namespaces in ambient mode whose pods have none.
fn sidecars(cx: &Context<'_>) -> Vec<Problem> {
    let objects = cx.reading.passed_over.iter().map(|other| &other.object);
    let objects = objects.filter(|object| {
        object.kind == Kind::Sidecar
            && object.cluster.is_empty()
            && is_ambient(cx, &object.namespace)
            && !cx.has_sidecars(&object.namespace)
    });
    let problems = objects.map(|object| {
        let message = format!(
            "nobody reads a Sidecar for pods in ambient mode: it does not restrict what those of `{}` call",
            object.namespace
        );
        problem(object.clone(), "spec", message).severity(Severity::Note).help(HELP)
    });
    problems.collect()
}
