//! The AuthorizationPolicies that waypoints enforce, each with what it is enforced for.

use std::sync::Arc;

use super::Context;
use super::clauses;
use crate::hash::HashMap;
use crate::mesh::attachment::{Binding, TargetKind};
use crate::mesh::{DataPlane, Service, ServiceId, Waypoint};
use crate::snapshot::Object;
use crate::snapshot::security::{Action, AuthorizationPolicy};
use crate::well_known::DRY_RUN;

/// An AuthorizationPolicy that waypoints enforce.
pub(crate) struct Enforced<'m> {
    pub(crate) policy: &'m Arc<Object<AuthorizationPolicy>>,
    /// The Services in whose chains it is, and why.
    pub(crate) services: Vec<(ServiceId, Binding)>,
    /// The waypoints that enforce it whatever is called.
    pub(crate) waypoints: Vec<&'m Waypoint>,
}

impl<'m> Enforced<'m> {
    /// Whether it is enforced, not only tried.
    pub(super) fn is_real(&self) -> bool {
        !is_dry_run(self.policy)
    }

    pub(super) fn action(&self) -> Action {
        self.policy.spec.action
    }

    pub(super) fn rules(&self) -> impl Iterator<Item = clauses::RuleClauses<'m>> {
        let policy: &'m Object<AuthorizationPolicy> = self.policy;
        clauses::rules(&policy.spec)
    }

    /// The Services that it is enforced for.
    pub(super) fn services(&self, cx: &Context<'m>) -> impl Iterator<Item = &'m Service> {
        let all = &cx.mesh.services;
        self.services.iter().filter_map(|(id, _)| all.get(*id))
    }

    /// Whether it names the Service itself, not its waypoint or all waypoints.
    pub(super) fn names_service(by: Binding) -> bool {
        matches!(by, Binding::Reference { to: TargetKind::Service | TargetKind::ServiceEntry, .. })
    }
}

/// Whether a policy only logs what it would do.
pub(super) fn is_dry_run(policy: &Object<AuthorizationPolicy>) -> bool {
    let value = policy.meta.annotations.get(DRY_RUN);
    value.is_some_and(|value| matches!(value.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True"))
}

/// The policies that waypoints enforce, in the order of the snapshot.
pub(super) fn enforced<'m>(cx: &Context<'m>) -> Vec<Enforced<'m>> {
    let policies = &cx.snapshot.authorization_policies;
    let positions: HashMap<*const _, usize> =
        policies.iter().enumerate().map(|(i, policy)| (Arc::as_ptr(policy), i)).collect();
    let mut all: Vec<Enforced<'m>> = policies
        .iter()
        .map(|policy| Enforced { policy, services: Vec::new(), waypoints: Vec::new() })
        .collect();
    for (waypoint, bound) in cx.authorization_of_waypoints() {
        if waypoint.data_plane != DataPlane::Envoy {
            continue;
        }
        for found in bound {
            let place = positions.get(&Arc::as_ptr(found.object)).and_then(|i| all.get_mut(*i));
            place.into_iter().for_each(|place| place.waypoints.push(waypoint));
        }
        for service in &waypoint.services {
            for found in cx.authorization_of(*service) {
                let place = positions.get(&Arc::as_ptr(found.object)).and_then(|i| all.get_mut(*i));
                place.into_iter().for_each(|place| place.services.push((*service, found.by)));
            }
        }
    }
    all.retain(|enforced| !enforced.services.is_empty() || !enforced.waypoints.is_empty());
    all
}
