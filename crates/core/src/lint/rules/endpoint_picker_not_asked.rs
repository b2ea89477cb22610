//! `endpoint-picker-not-asked`: routes of waypoints that lead to an InferencePool.
//!
//! Istio's gateways ask a pool's endpoint picker where to send a request. Its waypoints do not: they have no
//! filter that would. To them the pool is one more headless Service.

use crate::lint::gateway_routes;
use crate::lint::{Context, Releases, Rule};
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::snapshot::gateway_api::route::BackendRef;
use crate::snapshot::{self, Kind, ObjectRef};
use crate::well_known::INFERENCE_GROUP;

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::EndpointPickerNotAsked, include_str!("endpoint_picker_not_asked.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    if !cx.mesh.options.features.enable_gateway_api_inference_extension {
        // The route leads nowhere, which is told.
        return Vec::new();
    }
    let mut problems = Vec::new();
    for route in gateway_routes::all(cx.snapshot).filter(|route| cx.routing().has(&route.object)) {
        for (i, rule) in route.rules.iter().enumerate() {
            for (j, backend) in rule
                .backends
                .iter()
                .enumerate()
                .filter(|(_, backend)| leads_to_pool(cx, backend, &route.object))
            {
                let message = format!(
                    "no waypoint asks the endpoint picker of InferencePool `{}`: what it knows of the model servers does not count",
                    backend.name
                );
                let problem = Problem::new(Code::EndpointPickerNotAsked, message).on(route.object.clone());
                problems.push(problem.field(format!("spec.rules[{i}].backendRefs[{j}]")).help(
                    "attach the route to a Gateway of class `istio`, whose Envoy asks the endpoint picker",
                ));
            }
        }
    }
    problems
}

/// Whether a backend is a pool that is there and gets something. That one is missing is told by itself.
fn leads_to_pool(cx: &Context<'_>, backend: &BackendRef, route: &ObjectRef) -> bool {
    let namespace = backend.namespace.as_deref().unwrap_or(&route.namespace);
    backend.group.as_deref() == Some(INFERENCE_GROUP)
        && backend.kind.as_deref() == Some(Kind::InferencePool.name())
        && backend.weight != Some(0)
        && snapshot::find(&cx.snapshot.inference_pools, namespace, &backend.name).is_some()
}
