//! What policies are for: `targetRefs` that name nothing, or something that no waypoint serves.
//!
//! The reasons are those of Istio's condition `WaypointAccepted`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Known;
use crate::mesh::target::WAYPOINT_CLASS;
use crate::problem::{Code, Problem};
use crate::snapshot::selector::PolicyTargetReference;
use crate::snapshot::{Kind, Object, ObjectRef, Resource};

/// The references of a policy: the older, single one, and the list.
type References<'a> = (Option<&'a PolicyTargetReference>, &'a [PolicyTargetReference]);

/// Targets that no waypoint ever looks at.
pub(super) fn problems(known: Known<'_>) -> Vec<Problem> {
    let s = known.snapshot;
    let targets = Targets::new(known);
    let mut problems = targets.of(&s.authorization_policies, |p| (p.target_ref.as_ref(), &p.target_refs));
    problems.extend(targets.of(&s.request_authentications, |p| (p.target_ref.as_ref(), &p.target_refs)));
    problems.extend(targets.of(&s.telemetries, |p| (p.target_ref.as_ref(), &p.target_refs)));
    problems.extend(targets.of(&s.wasm_plugins, |p| (p.target_ref.as_ref(), &p.target_refs)));
    problems.extend(targets.of(&s.traffic_extensions, |p| (None, &p.target_refs)));
    problems.extend(targets.of(&s.envoy_filters, |p| (None, &p.target_refs)));
    problems
}

/// What can be a target.
struct Targets<'a> {
    known: Known<'a>,
    /// Gateways, Services and ServiceEntries that are there.
    there: BTreeSet<ObjectRef>,
    /// Those that a waypoint serves.
    served: BTreeSet<ObjectRef>,
}

impl<'a> Targets<'a> {
    fn new(known: Known<'a>) -> Self {
        let services = known.services;
        let served = known.waypoints.iter().flat_map(|waypoint| &waypoint.services);
        let hosts: BTreeSet<_> = served.filter_map(|id| services.get(*id)).map(|s| &s.hostname).collect();
        let gateways = known.snapshot.gateways.iter().map(|gateway| gateway.object_ref());
        let there = services.iter().map(|(_, service)| service.source.object()).chain(gateways).collect();
        // Of several with one host a waypoint lists one, and none of them is without a waypoint.
        let served = services.iter().filter(|(_, service)| hosts.contains(&service.hostname));
        Self { known, there, served: served.map(|(_, service)| service.source.object()).collect() }
    }

    fn of<T: Resource>(
        &self,
        objects: &[Arc<Object<T>>],
        references: impl Fn(&T) -> References<'_>,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        for object in objects {
            let (single, list) = references(&object.spec);
            let single =
                single.filter(|_| list.is_empty()).map(|target| ("spec.targetRef".to_owned(), target));
            let list = list.iter().enumerate().map(|(i, target)| (format!("spec.targetRefs[{i}]"), target));
            for (field, target) in single.into_iter().chain(list) {
                let found = self.problem(&object.meta.namespace, target);
                problems.extend(found.map(|problem| problem.on(object.object_ref()).field(field)));
            }
        }
        problems
    }

    /// What is wrong with a reference of a policy in a namespace, if anything is.
    fn problem(&self, namespace: &str, target: &PolicyTargetReference) -> Option<Problem> {
        match (target.group.as_str(), target.kind.as_str()) {
            ("" | "core", "Service") => self.served(ObjectRef::new(Kind::Service, namespace, &*target.name)),
            ("networking.istio.io", "ServiceEntry") => {
                self.served(ObjectRef::new(Kind::ServiceEntry, namespace, &*target.name))
            }
            ("gateway.networking.k8s.io", "Gateway") => {
                let gateway = ObjectRef::new(Kind::Gateway, namespace, &*target.name);
                (!self.there.contains(&gateway)).then(|| not_found(format!("there is no {gateway}")))
            }
            ("gateway.networking.k8s.io", "GatewayClass")
                if target.name == WAYPOINT_CLASS && namespace != self.known.root_namespace =>
            {
                let root = self.known.root_namespace;
                Some(not_found(format!(
                    "a policy for the GatewayClass has to be in the root namespace, `{root}`"
                )))
            }
            _ => None,
        }
    }

    fn served(&self, object: ObjectRef) -> Option<Problem> {
        if !self.there.contains(&object) {
            Some(not_found(format!("there is no {object}")))
        } else if !self.served.contains(&object) {
            Some(Problem::new(Code::TargetWithoutWaypoint, format!("no waypoint serves {object}")))
        } else {
            None
        }
    }
}

fn not_found(message: String) -> Problem {
    Problem::new(Code::TargetNotFound, message)
}
