//! The status of AuthorizationPolicies: whether a waypoint or ztunnel enforces them.

mod waypoint;
mod ztunnel;

use super::condition::Status;
use super::scope;
use crate::mesh::Mesh;
use crate::mesh::attachment::target_references;

/// The statuses of all AuthorizationPolicies; other policies have none.
pub(super) fn statuses(mesh: &Mesh) -> Vec<Status> {
    let targets = waypoint::Targets::new(mesh);
    let policies = mesh
        .snapshot
        .authorization_policies
        .iter()
        .filter(|policy| scope::is_of_revision(mesh, &policy.meta));
    policies
        .map(|policy| {
            let refs = target_references(&**policy);
            let mut status = Status::of(policy.object_ref());
            status.conditions.extend(waypoint::accepted(&targets, policy, refs));
            status.conditions.extend(ztunnel::accepted(mesh, policy, !refs.is_empty()));
            status
        })
        .collect()
}
