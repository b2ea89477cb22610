//! The status of AuthorizationPolicies: whether a waypoint or ztunnel enforces them.

mod waypoint;
mod ztunnel;

use super::condition::Status;
use super::scope;
use crate::mesh::Mesh;
use crate::mesh::target::PolicyTarget;

/// The statuses of all AuthorizationPolicies; other policies have none.
pub(super) fn statuses(mesh: &Mesh) -> Vec<Status> {
    let targets = waypoint::Targets::new(mesh);
    let policies =
        mesh.snapshot.authorization_policies.iter().filter(|policy| scope::is_of_revision(&policy.meta));
    policies
        .map(|policy| {
            let spec = &policy.spec;
            let target = PolicyTarget::new(
                &policy.meta.namespace,
                spec.selector.as_ref().map(|selector| &selector.match_labels),
                spec.target_ref.as_ref(),
                &spec.target_refs,
            );
            let mut status = Status::of(policy.object_ref());
            status.conditions.extend(waypoint::accepted(&targets, policy, target.refs));
            status.conditions.extend(ztunnel::accepted(mesh, policy, !target.refs.is_empty()));
            status
        })
        .collect()
}
