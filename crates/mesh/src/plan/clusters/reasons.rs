//! Why a cluster speaks to its endpoints as it does.

use super::destination::Destination;
use super::policy::ClusterPolicy;
use super::rule_field;
use crate::plan::names::Direction;
use crate::plan::{Scope, causes};
use crate::snapshot::Cause;

/// The field that asks for TLS, if one does. For destinations of others, what else is asked: whether mTLS is
/// spoken in the destination's namespace, and each endpoint, since it says how it is spoken to, and has an
/// identity.
pub(super) fn of_transport(
    scope: Scope<'_>,
    to: &Destination<'_>,
    policy: Option<&ClusterPolicy<'_>>,
) -> Vec<Cause> {
    let settings = policy.and_then(|policy| policy.settings.tls);
    let mut all: Vec<Cause> =
        to.rule.zip(settings).map(|(rule, settings)| rule_field::of_tls(rule, settings)).unwrap_or_default();
    if to.direction == Direction::Outbound {
        if settings.is_none() {
            all.extend(scope.mesh.peer_authentications.cause_of_namespace(&to.service.namespace));
        }
        all.extend(causes::endpoints(scope.mesh, to.id));
    }
    all
}
