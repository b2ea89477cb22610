//! `invalid-parameters`: waypoints for which istiod makes no objects, because their parameters cannot be
//! applied.

use serde_json::Value;

use crate::lint::{Context, Rule, list};
use crate::manifests::{self, FOR_CLASS};
use crate::mesh::{DataPlane, Waypoint};
use crate::problem::{Code, Problem, Severity};
use crate::snapshot::{self, Kind};

pub(super) const RULE: Rule =
    Rule::new(Code::InvalidParameters, include_str!("invalid_parameters.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let waypoints = cx.mesh.waypoints.iter().filter(|waypoint| waypoint.data_plane == DataPlane::Envoy);
    // Of a class.
    let has_defaults = cx.snapshot.config_maps.iter().any(|map| map.meta.labels.contains_key(FOR_CLASS));
    let mut found = Vec::new();
    for waypoint in waypoints.filter(|waypoint| has_defaults || names_parameters(waypoint)) {
        let made = manifests::manifests(cx.mesh, waypoint);
        found.extend(made.problems.into_iter().map(softened));
        found.extend(without_image(cx, waypoint, &made.objects));
    }
    found
}

/// Whether a Gateway names parameters.
fn names_parameters(waypoint: &Waypoint) -> bool {
    let infrastructure = waypoint.gateway.spec.infrastructure.as_ref();
    infrastructure.is_some_and(|asked| asked.parameters_ref.is_some())
}

/// A ConfigMap that is not there may be in a part of the cluster that the snapshot lacks.
fn softened(problem: Problem) -> Problem {
    let is_at_gateway = problem.object.as_ref().is_some_and(|object| object.kind == Kind::Gateway);
    if is_at_gateway { problem.severity(Severity::Warning) } else { problem }
}

/// Containers that a patch adds by a name that none has: Kubernetes refuses them without an image.
fn without_image(cx: &Context<'_>, waypoint: &Waypoint, objects: &[Value]) -> Option<Problem> {
    let deployment =
        objects.iter().find(|object| object.get("kind").is_some_and(|kind| kind == "Deployment"))?;
    let containers = deployment.pointer("/spec/template/spec/containers")?.as_array()?;
    let name = |container: &Value| container.get("name").and_then(Value::as_str).map(str::to_owned);
    let has_image = |container: &&Value| {
        container.get("image").and_then(Value::as_str).is_some_and(|image| !image.is_empty())
    };
    let added = containers.iter().find(|container| !has_image(container)).and_then(name)?;
    let others: Vec<String> = containers.iter().filter(has_image).filter_map(name).collect();
    if others.is_empty() {
        return None;
    }
    let gateway = &waypoint.gateway;
    let reference = gateway.spec.infrastructure.as_ref().and_then(|asked| asked.parameters_ref.as_ref());
    let map = reference
        .and_then(|named| snapshot::find(&cx.snapshot.config_maps, &gateway.meta.namespace, &named.name))
        .filter(|map| map.spec.data.contains_key("deployment"));
    let message = format!(
        "the patch adds a container `{added}` without an image, which Kubernetes refuses: istiod cannot make \
         the Deployment of waypoint `{}`",
        waypoint.name
    );
    let problem = Problem::new(Code::InvalidParameters, message)
        .help(format!("the proxy's container is {}: patch that, or give an image", list::few(others)));
    Some(match map {
        Some(map) => problem.on(map.object_ref()).field("data[\"deployment\"]").related_object(
            gateway.object_ref(),
            "spec.infrastructure.parametersRef",
            "it names these parameters",
        ),
        None => problem.on(gateway.object_ref()).field("spec.gatewayClassName"),
    })
}
