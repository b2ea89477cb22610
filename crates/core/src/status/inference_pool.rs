//! The status of InferencePools, for each parent of the routes that lead to them.
//!
//! Istio takes every parent for a Gateway, be it a Service: it reads the statuses that it wrote into the
//! routes.

use std::collections::BTreeMap;

use super::condition::{Condition, ConditionStatus, Fault, ParentStatus, Status};
use super::{Context, scope};
use crate::Str;
use crate::snapshot::gateway_api::HttpRoute;
use crate::snapshot::gateway_api::route::{BackendRef, ParentReference};
use crate::snapshot::inference::InferencePool;
use crate::snapshot::{self, Cause, FieldPath, Kind, Object};
use crate::well_known::{GATEWAY_GROUP, INFERENCE_GROUP};

/// A parent, by namespace and name, and what it makes of the first route that it has a word on.
type Parents = BTreeMap<(Str, Str), Condition>;

/// The statuses of all pools, given those of the routes.
pub(super) fn statuses(cx: &Context<'_>, routes: &[Status]) -> Vec<Status> {
    let snapshot = &cx.mesh.snapshot;
    if !cx.mesh.options.features.enable_gateway_api_inference_extension {
        return Vec::new();
    }
    let parents = parents_of_pools(cx, routes);
    let of_pool = |pool: &Object<InferencePool>| {
        let mut status = Status::of(pool.object_ref());
        let parents = parents.get(&(pool.meta.namespace.as_str(), pool.meta.name.as_str()));
        for ((namespace, name), accepted) in parents.into_iter().flatten() {
            status.parents.push(ParentStatus {
                reference: ParentReference {
                    group: Some(GATEWAY_GROUP.into()),
                    kind: Some(Kind::Gateway.name().into()),
                    namespace: Some(namespace.clone()),
                    name: name.clone(),
                    ..ParentReference::default()
                },
                controller: Str::default(),
                conditions: vec![accepted.clone(), resolved(cx, pool)],
            });
        }
        status
    };
    let is_mine = |pool: &&std::sync::Arc<Object<InferencePool>>| {
        scope::is_of_revision(cx.mesh, &pool.meta) && scope::is_mine(cx.mesh, &pool.meta)
    };
    snapshot.inference_pools.iter().filter(is_mine).map(|pool| of_pool(pool)).collect()
}

/// The parents of the routes that lead to each pool, by the pool's namespace and name.
fn parents_of_pools<'m>(cx: &Context<'m>, routes: &[Status]) -> BTreeMap<(&'m str, &'m str), Parents> {
    let snapshot = &cx.mesh.snapshot;
    let mut found: BTreeMap<(&str, &str), Parents> = BTreeMap::new();
    for status in routes.iter().filter(|status| status.object.kind == Kind::HttpRoute) {
        let of_status = &status.object;
        let route = snapshot::find(&snapshot.http_routes, &of_status.namespace, &of_status.name);
        for pool in route.into_iter().flat_map(|route| pools(route)) {
            let parents = found.entry(pool).or_default();
            for parent in &status.parents {
                let reference = &parent.reference;
                let namespace = reference.namespace.as_ref().filter(|namespace| !namespace.is_empty());
                let namespace = namespace.unwrap_or(&of_status.namespace).clone();
                let key = (namespace, reference.name.clone());
                parents.entry(key).or_insert_with_key(|key| accepted(status, parent, key));
            }
        }
    }
    found
}

/// The pools that a route leads to, by namespace and name.
fn pools(route: &Object<HttpRoute>) -> impl Iterator<Item = (&str, &str)> {
    let backends = route.spec.rules.iter().flat_map(|rule| &rule.backend_refs);
    backends.filter(|backend| is_pool(backend)).map(|backend| {
        let namespace = backend.namespace.as_deref().filter(|namespace| !namespace.is_empty());
        (namespace.unwrap_or(&route.meta.namespace), backend.name.as_str())
    })
}

fn is_pool(backend: &BackendRef) -> bool {
    backend.group.as_deref() == Some(INFERENCE_GROUP)
        && backend.kind.as_deref() == Some(Kind::InferencePool.name())
}

/// What a parent makes of a route to the pool.
fn accepted(route: &Status, parent: &ParentStatus, (namespace, name): &(Str, Str)) -> Condition {
    let cause = Cause::from(route.object.clone());
    let of_route = parent.conditions.iter().find(|condition| condition.condition_type == "Accepted");
    let condition = match of_route {
        Some(accepted) if accepted.status == ConditionStatus::True => {
            let message = "Referenced by an HTTPRoute accepted by the parentRef Gateway";
            Condition::new("Accepted", true, "Accepted", message)
        }
        Some(refused) => {
            let object = &route.object;
            let message = format!(
                "Referenced HTTPRoute {}/{} not accepted by Gateway {namespace}/{name}: {}",
                object.namespace, object.name, refused.message
            );
            Condition::new("Accepted", false, "HTTPRouteNotAccepted", message)
        }
        None => {
            let message = "Referenced by an HTTPRoute unknown parentRef Gateway status";
            Condition::new("Accepted", ConditionStatus::Unknown, "Accepted", message)
        }
    };
    condition.because([cause])
}

/// Whether what picks the pool's endpoints is there.
fn resolved(cx: &Context<'_>, pool: &Object<InferencePool>) -> Condition {
    let picker = &pool.spec.endpoint_picker_ref;
    let fault = |message: String, field: &'static str| {
        let cause = Cause::new(pool.object_ref(), FieldPath::field(field));
        Fault::new("InvalidExtensionRef", message).at(cause).condition("ResolvedRefs")
    };
    if picker.kind() != Kind::Service.name() {
        let message = format!("Unsupported ExtensionRef kind {}", picker.kind());
        return fault(message, "spec.endpointPickerRef.kind");
    }
    if !cx.exists(Kind::Service, &pool.meta.namespace, &picker.name) {
        let message = format!("Referenced ExtensionRef not found {}", picker.name);
        return fault(message, "spec.endpointPickerRef.name");
    }
    Condition::new("ResolvedRefs", true, "ResolvedRefs", "Referenced ExtensionRef resolved successfully")
}
