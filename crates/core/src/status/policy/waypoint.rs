//! Whether a waypoint enforces a policy: the condition `WaypointAccepted` of policies that refer to
//! something.

use std::collections::BTreeMap;

use crate::mesh::waypoint::{Target, WaypointName};
use crate::mesh::{Mesh, ServiceId};
use crate::snapshot::security::AuthorizationPolicy;
use crate::snapshot::selector::PolicyTargetReference;
use crate::snapshot::{self, Cause, FieldPath, Kind, Object, ObjectRef};
use crate::status::condition::{Condition, Manager};
use crate::status::scope;
use crate::well_known::{WAYPOINT_CLASS, WAYPOINT_CONTROLLER};

const ACCEPTED: &str = "WaypointAccepted";

/// What policies can refer to.
pub(super) struct Targets<'m> {
    mesh: &'m Mesh,
    /// A host of each Service and ServiceEntry.
    by_object: BTreeMap<ObjectRef, ServiceId>,
}

/// What becomes of one reference.
struct Outcome {
    bound: bool,
    reason: &'static str,
    message: String,
    /// The object that it leads to.
    object: Option<ObjectRef>,
}

impl Outcome {
    fn bound(to: impl std::fmt::Display, object: ObjectRef) -> Self {
        Self { bound: true, reason: "Accepted", message: format!("bound to {to}"), object: Some(object) }
    }

    fn unbound(reason: &'static str, message: impl Into<String>) -> Self {
        Self { bound: false, reason, message: message.into(), object: None }
    }
}

impl<'m> Targets<'m> {
    pub(super) fn new(mesh: &'m Mesh) -> Self {
        let by_object = mesh.services.iter().map(|(id, service)| (service.source.object(), id)).collect();
        Self { mesh, by_object }
    }

    fn outcome(&self, target: &PolicyTargetReference, namespace: &str) -> Outcome {
        match target.kind.as_str() {
            "GatewayClass" => self.class(&target.name, namespace),
            "Gateway" => {
                let name = WaypointName::new(namespace, target.name.clone());
                match self.mesh.bindings.targets.lookup(&name) {
                    Some((_, waypoint)) => Outcome::bound(&name, waypoint.gateway.object_ref()),
                    None => Outcome::unbound("TargetNotFound", "not bound"),
                }
            }
            "Service" => self.served(Kind::Service, &target.name, namespace),
            "ServiceEntry" => self.served(Kind::ServiceEntry, &target.name, namespace),
            _ => Outcome::unbound("unknown", "not bound"),
        }
    }

    fn class(&self, name: &str, namespace: &str) -> Outcome {
        let root = &self.mesh.config.root_namespace;
        if namespace != root {
            let message = format!(
                "AuthorizationPolicy must be in the root namespace `{root}` when referencing a GatewayClass"
            );
            return Outcome::unbound("Invalid", message);
        }
        let controller = WAYPOINT_CONTROLLER;
        let object = ObjectRef::new(Kind::GatewayClass, "", name);
        // Istio makes its own class where it is not there.
        let own = (name == WAYPOINT_CLASS).then_some(controller);
        match snapshot::find(&self.mesh.snapshot.gateway_classes, "", name)
            .map(|class| class.spec.controller_name.as_str())
            .or(own)
        {
            None => Outcome::unbound("TargetNotFound", "not bound"),
            Some(found) if found == controller => Outcome::bound(name, object),
            Some(_) => Outcome {
                object: Some(object),
                ..Outcome::unbound(
                    "Invalid",
                    format!("GatewayClass must use controller name `{controller}` for waypoints"),
                )
            },
        }
    }

    fn served(&self, kind: Kind, name: &str, namespace: &str) -> Outcome {
        let object = ObjectRef::new(kind, namespace, name);
        if !self.is_there(&object) {
            let message = format!("{kind} {namespace}/{name} was not found");
            return Outcome::unbound("TargetNotFound", message);
        }
        match self.waypoint(&object) {
            Some(waypoint) => Outcome::bound(waypoint.name(), object),
            None => {
                let message = format!("{kind} {namespace}/{name} is not bound to a waypoint");
                Outcome { object: Some(object), ..Outcome::unbound("AncestorNotBound", message) }
            }
        }
    }

    fn is_there(&self, object: &ObjectRef) -> bool {
        let snapshot = &self.mesh.snapshot;
        let (namespace, name) = (&object.namespace, &object.name);
        match object.kind {
            Kind::Service => snapshot::find(&snapshot.services, namespace, name).is_some(),
            _ => snapshot::find(&snapshot.service_entries, namespace, name)
                .is_some_and(|entry| scope::is_of_revision(self.mesh, &entry.meta)),
        }
    }

    fn waypoint(&self, object: &ObjectRef) -> Option<&'m Target> {
        let binding = self.mesh.bindings.of_service(*self.by_object.get(object)?)?;
        self.mesh.bindings.waypoint(binding)
    }
}

/// The condition of a policy with these references; none without any.
pub(super) fn accepted(
    targets: &Targets<'_>,
    policy: &Object<AuthorizationPolicy>,
    references: &[PolicyTargetReference],
) -> Option<Condition> {
    let namespace = |target: &PolicyTargetReference| match target.namespace.as_str() {
        "" => policy.meta.namespace.clone(),
        _ => target.namespace.clone(),
    };
    let outcomes: Vec<_> =
        references.iter().map(|target| (target, targets.outcome(target, &namespace(target)))).collect();
    let field = if policy.spec.target_refs.is_empty() { "spec.targetRef" } else { "spec.targetRefs" };
    let mut causes = vec![Cause::new(policy.object_ref(), FieldPath::field(field))];
    causes.extend(outcomes.iter().filter_map(|(_, outcome)| outcome.object.clone().map(Cause::from)));
    let condition = match outcomes.as_slice() {
        [] => return None,
        [(_, only)] => Condition::new(ACCEPTED, only.bound, only.reason, only.message.clone()),
        _ => {
            let bound = outcomes.iter().any(|(_, outcome)| outcome.bound);
            let unbound = outcomes.iter().filter(|(_, outcome)| !outcome.bound);
            let unbound: Vec<String> =
                unbound.map(|(target, _)| ancestor(target, &namespace(target))).collect();
            flattened(bound, &unbound)
        }
    };
    Some(condition.by(Manager::AmbientWaypointPolicy).because(causes))
}

/// One condition for several references.
fn flattened(bound: bool, unbound: &[String]) -> Condition {
    let reason = match (bound, unbound.is_empty()) {
        (true, true) => "Accepted",
        (true, false) => "PartiallyInvalid",
        (false, _) => "Invalid",
    };
    let message = match unbound {
        [] => String::new(),
        some => format!("Invalid targetRefs: {}", some.join(", ")),
    };
    Condition::new(ACCEPTED, bound, reason, message)
}

fn ancestor(target: &PolicyTargetReference, namespace: &str) -> String {
    let group = if target.group.is_empty() { "core" } else { &target.group };
    format!("{}.{group}:{namespace}/{}", target.kind, target.name)
}
