//! Which endpoints a cluster has, and where they are listed.

use super::Discovery;
use super::destination::Destination;
use super::policy::ClusterPolicy;
use crate::plan::Scope;
use crate::plan::endpoints::select::Target;
use crate::plan::endpoints::{self, EndpointsPlan, Known, LocalityPlan, locality};
use crate::plan::names::Direction;

/// The endpoints of a cluster.
#[derive(Clone, Debug)]
pub enum Members<'m> {
    /// The control plane tells them apart from the cluster; none where the waypoint's namespace sees no such
    /// Service, or no such port of it.
    Discovered(Option<EndpointsPlan<'m>>),
    /// Names in the cluster itself, to be resolved.
    Named(Vec<LocalityPlan<'m>>),
    /// None are listed: each request says where it goes.
    Unlisted,
}

/// The endpoints of a destination's cluster; no cluster where names are to be resolved and there are none.
pub(super) fn members<'m>(
    scope: Scope<'m>,
    to: &Destination<'m>,
    policy: Option<&ClusterPolicy<'m>>,
) -> Option<Members<'m>> {
    if to.discovery.resolves_names() {
        let localities = named(scope, to, policy);
        if localities.is_empty() {
            return None;
        }
        return Some(if to.passes_through() { Members::Unlisted } else { Members::Named(localities) });
    }
    if to.found_by() != Discovery::Eds {
        return Some(Members::Unlisted);
    }
    let target = to.seen(scope);
    Some(Members::Discovered(target.map(|target| endpoints::discovered(scope, to.direction, &target))))
}

/// The endpoints of a cluster that resolves their names.
fn named<'m>(
    scope: Scope<'m>,
    to: &Destination<'m>,
    policy: Option<&ClusterPolicy<'m>>,
) -> Vec<LocalityPlan<'m>> {
    let (mut localities, labelled) = match to.direction {
        Direction::InboundVip => {
            // Subsets choose none: an accident, no rule is looked at.
            (endpoints::localities(scope, to.direction, &to.whole(), Known::ByName), 0)
        }
        Direction::Outbound => {
            let subset = to.subset.map_or("", |subset| &subset.name);
            let target = Target { rule: to.rule, subset, ..to.whole() };
            if scope.rules.clusters.full_inline_endpoints {
                let localities = endpoints::localities(scope, to.direction, &target, Known::ByName);
                // Two accidents: the endpoints of subsets are not known by their labels, and of several
                // localities only those of the first are.
                let labelled = scope.rules.clusters.names_have_labels && to.subset.is_none();
                (localities, usize::from(labelled))
            } else {
                (endpoints::plain_localities(scope, &target), 0)
            }
        }
    };
    if let Some(policy) = policy
        && let Some(balancing) = &policy.balancing
    {
        locality::apply(&mut localities, balancing, policy.fails_over(), labelled, scope);
    }
    localities
}
