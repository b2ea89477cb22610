//! Which Telemetry holds where.

use std::collections::BTreeSet;

use super::Context;
use super::references::envoy_waypoints;
use crate::mesh::Waypoint;
use crate::mesh::telemetry::Applicable;
use crate::snapshot::telemetry::Telemetry;
use crate::snapshot::{Object, ObjectRef};

/// The Telemetry that holds together for some chains of a waypoint.
pub(super) struct InForce<'m> {
    pub(super) waypoint: &'m Waypoint,
    /// Later ones override earlier ones.
    pub(super) objects: Applicable<'m>,
}

/// The Telemetry of each waypoint as a whole and of each of its Services; of equal lists of one waypoint one.
pub(super) fn in_force<'m>(cx: &Context<'m>) -> Vec<InForce<'m>> {
    let mut found = Vec::new();
    if cx.snapshot.telemetries.is_empty() {
        return found;
    }
    for waypoint in envoy_waypoints(cx) {
        let services = waypoint.services.iter().map(|id| cx.mesh.services.get(*id));
        let mut seen: BTreeSet<Vec<ObjectRef>> = BTreeSet::new();
        for service in std::iter::once(None).chain(services) {
            let objects = cx.mesh.telemetries.applicable(waypoint, service);
            let names = objects.iter().map(|bound| bound.object.object_ref()).collect();
            if !objects.is_empty() && seen.insert(names) {
                found.push(InForce { waypoint, objects });
            }
        }
    }
    found
}

/// The Telemetry that holds for anything of any waypoint, each once.
pub(super) fn all_in_force<'m>(cx: &Context<'m>) -> Vec<&'m Object<Telemetry>> {
    let mut seen = BTreeSet::new();
    let objects = in_force(cx).into_iter().flat_map(|there| there.objects);
    objects.map(|bound| &**bound.object).filter(|object| seen.insert(object.object_ref())).collect()
}
