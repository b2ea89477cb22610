//! Whether an endpoint's own mTLS may be used.

use super::candidate::{Candidate, ISTIO};
use super::select::Target;
use crate::mesh::destination_rule::policy;
use crate::mesh::peer_authentication::MtlsMode;
use crate::plan::Scope;
use crate::plan::names::Direction;
use crate::rules::MtlsCheck;
use crate::snapshot::networking::destination_rule::TlsMode;

/// Decides whether the own mTLS of each endpoint of a target may be used.
pub(super) struct MtlsChecker<'m> {
    scope: Scope<'m>,
    target: Target<'m>,
    mode: Option<TlsMode>,
    tunnels_refused: bool,
}

impl<'m> MtlsChecker<'m> {
    pub(super) fn new(scope: Scope<'m>, target: &Target<'m>) -> Self {
        let mode = target.rule.and_then(|rule| {
            let (general, port) = (rule.spec.traffic_policy.as_ref(), target.port.number);
            if target.subset.is_empty() || scope.rules.clusters.mtls_check == MtlsCheck::ByLabels {
                return policy::tls_mode(general, port);
            }
            // A subset that the rule doesn't have says nothing, not even what the rule says in general.
            let subset = rule.subset(target.subset)?;
            let own = policy::tls_mode(subset.traffic_policy.as_ref(), port);
            let falls_back = scope.rules.clusters.mtls_check == MtlsCheck::BySubsetOrRule;
            if falls_back { own.or_else(|| policy::tls_mode(general, port)) } else { own }
        });
        Self { scope, target: *target, mode, tunnels_refused: false }
    }

    pub(super) fn allows(&mut self, candidate: &Candidate<'_>, direction: Direction) -> bool {
        match self.scope.rules.clusters.mtls_check {
            MtlsCheck::BySubset | MtlsCheck::BySubsetOrRule => match self.mode {
                Some(mode) => mode == TlsMode::IstioMutual,
                None => self.speaks_mtls(candidate),
            },
            MtlsCheck::ByLabels => {
                let allowed = match self.mode_by_labels(candidate) {
                    Some(TlsMode::Disable) => false,
                    Some(TlsMode::IstioMutual) => true,
                    _ => self.speaks_mtls(candidate),
                };
                // Endpoints behind tunnels have no address of their own to remember them by: what was found
                // for one holds for all that follow.
                if direction == Direction::InboundVip && candidate.hbone {
                    self.tunnels_refused |= !allowed;
                    return !self.tunnels_refused;
                }
                allowed
            }
        }
    }

    fn mode_by_labels(&self, candidate: &Candidate<'_>) -> Option<TlsMode> {
        let subsets = self.target.rule.map(|rule| rule.spec.subsets.as_slice()).unwrap_or_default();
        let subset = subsets.iter().find(|subset| candidate.has_labels(&subset.labels));
        let own = subset
            .and_then(|subset| policy::tls_mode(subset.traffic_policy.as_ref(), self.target.port.number));
        own.or(self.mode)
    }

    fn speaks_mtls(&self, candidate: &Candidate<'_>) -> bool {
        let Some(workload) = candidate.workload else { return false };
        let peers = &self.scope.mesh.peer_authentications;
        candidate.tls_mode == Some(ISTIO)
            && peers.of_workload(&workload.namespace, &workload.labels, candidate.endpoint.port)
                != MtlsMode::Disable
    }
}
