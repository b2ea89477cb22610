//! Endpoints: EDS, and what clusters that resolve names carry with them.
//!
//! | module | knows |
//! |---|---|
//! | [`candidate`] | what is known of an endpoint |
//! | [`select`] | which endpoints a cluster has |
//! | [`lb_endpoint`] | how one endpoint is written |
//! | [`locality`] | the shares and priorities of localities |

pub(crate) mod candidate;
pub(crate) mod lb_endpoint;
pub(crate) mod locality;
pub(crate) mod select;

use std::collections::BTreeMap;

use envoy::config::endpoint::v3::{ClusterLoadAssignment, LbEndpoint, LocalityLbEndpoints};

use crate::mesh::Endpoint;
use crate::mesh::destination_rule::policy;
use crate::mesh::peer_authentication::MtlsMode;
use crate::mesh::workload::Locality;
use crate::resources::clusters::{Plan, eds_targets};
use crate::resources::names::Direction;
use crate::resources::{Origin, Resource, Scope, origin};
use crate::rules::MtlsCheck;
use crate::snapshot::networking::destination_rule::TlsMode;

use candidate::{Candidate, ISTIO};
use lb_endpoint::{lb_endpoint, plain_lb_endpoint};
use locality::Balancing;
use select::Target;

/// The endpoints of one cluster, locality by locality, and what each endpoint was made from.
pub(crate) struct Localities<'m> {
    /// The messages.
    pub(crate) endpoints: Vec<LocalityLbEndpoints>,
    /// What they were made from, in the same order.
    pub(crate) candidates: Vec<Vec<Candidate<'m>>>,
}

/// EDS: the endpoints of every cluster that asks for them, by name.
pub(crate) fn endpoints(scope: &Scope<'_>, plans: &[Plan<'_>]) -> Vec<Resource<ClusterLoadAssignment>> {
    eds_targets(scope, plans)
        .map(|(name, direction, target)| assignment(scope, name.to_owned(), direction, target.as_ref()))
        .collect()
}

fn assignment(
    scope: &Scope<'_>,
    cluster_name: String,
    direction: Direction,
    target: Option<&Target<'_>>,
) -> Resource<ClusterLoadAssignment> {
    let Some(target) = target else {
        let message = ClusterLoadAssignment { cluster_name, ..ClusterLoadAssignment::default() };
        return Resource { message, origins: Vec::new() };
    };
    let mut found = localities(scope, direction, target, true);
    let rule = target.rule.and_then(|rule| policy::port_policy(rule, target.subset, target.port.number));
    let rule = rule.unwrap_or_default();
    if let Some(balancing) = Balancing::effective(&scope.mesh.config, rule.load_balancer, target.service) {
        let failover = balancing.force_failover || rule.outlier_detection.is_some();
        locality::apply(&mut found.endpoints, &found.candidates, &balancing, failover, scope);
    }
    let endpoints = found.candidates.iter().flatten().map(|candidate| candidate.origin(scope.mesh));
    let endpoints: Vec<_> = endpoints.collect();
    let mut causes = vec![origin::port(target.service, target.port.number)];
    if let Some(rule) = target.rule {
        causes.extend(rule.cause_of_subset(target.subset).cloned());
        causes.extend_from_slice(rule.causes());
    }
    Resource {
        message: ClusterLoadAssignment {
            cluster_name,
            endpoints: found.endpoints,
            ..ClusterLoadAssignment::default()
        },
        origins: std::iter::once(Origin::of_resource(causes)).chain(endpoints).collect(),
    }
}

/// A target's endpoints by locality, with the weights that they have by themselves.
///
/// `known`: only those with an address. Names are resolved by Envoy, not here.
pub(crate) fn localities<'m>(
    scope: &Scope<'m>,
    direction: Direction,
    target: &Target<'m>,
    known: bool,
) -> Localities<'m> {
    let rules = &scope.rules.clusters;
    let foreign = |candidate: &Candidate<'_>| {
        rules.only_served_endpoints
            && direction == Direction::InboundVip
            && !select::in_scope(scope, candidate.workload)
    };
    // Another object with the same host may have endpoints for the same port under another name.
    let has_address = |candidate: &Candidate<'_>| {
        let Endpoint { port, service_port, .. } = candidate.endpoint;
        *service_port == target.port.name && (*port == 0 || candidate.ip.is_some())
    };
    let mut candidates = target.candidates(scope);
    candidates.retain(|candidate| !foreign(candidate) && (!known || has_address(candidate)));
    let mut mtls = MtlsChecker::new(scope, target);
    by_locality(candidates, |c| lb_endpoint(c, direction, rules, mtls.allows(c, direction)))
}

/// The same for a cluster that resolves names, where such clusters know nothing but where their endpoints are: neither
/// their state nor their tunnels.
pub(crate) fn plain_localities<'m>(scope: &Scope<'m>, target: &Target<'m>) -> Localities<'m> {
    let labels = target.labels();
    let fits = |candidate: &Candidate<'_>| labels.is_none_or(|labels| candidate.has_labels(labels));
    let candidates = target.instances(scope).filter(fits).collect();
    let mut found = by_locality(candidates, |c| plain_lb_endpoint(c, &scope.rules.clusters));
    found.candidates.clear();
    found
}

/// Endpoints by locality. Each is written in its turn, before localities part them: what was found for one may hold for
/// those that follow.
fn by_locality<'m>(
    candidates: Vec<Candidate<'m>>,
    mut write: impl FnMut(&Candidate<'m>) -> LbEndpoint,
) -> Localities<'m> {
    let mut by_place: BTreeMap<String, Place<'m>> = BTreeMap::new();
    let count = candidates.len();
    for candidate in candidates {
        let locality = candidate.workload.map(|workload| &workload.locality);
        let place = by_place.entry(locality.map(sort_key).unwrap_or_default()).or_insert_with(|| Place {
            locality,
            endpoints: Vec::with_capacity(count),
            candidates: Vec::with_capacity(count),
        });
        place.endpoints.push(write(&candidate));
        place.candidates.push(candidate);
    }
    let mut found = Localities { endpoints: Vec::new(), candidates: Vec::new() };
    for Place { locality, endpoints, candidates } in by_place.into_values() {
        let weights = endpoints.iter().filter_map(|endpoint| endpoint.load_balancing_weight);
        let weight = weights.fold(0u32, |sum, weight| sum.saturating_add(weight.value));
        found.endpoints.push(LocalityLbEndpoints {
            locality: Some(locality.map(locality::envoy_locality).unwrap_or_default()),
            lb_endpoints: endpoints,
            load_balancing_weight: Some(weight.into()),
            ..LocalityLbEndpoints::default()
        });
        found.candidates.push(candidates);
    }
    found
}

/// The endpoints of one locality.
struct Place<'m> {
    locality: Option<&'m Locality>,
    endpoints: Vec<LbEndpoint>,
    candidates: Vec<Candidate<'m>>,
}

/// Localities are listed in the order of this text.
fn sort_key(place: &Locality) -> String {
    if *place == Locality::default() {
        return String::new();
    }
    format!("{}/{}/{}", place.region, place.zone, place.sub_zone)
}

/// Decides whether an endpoint's own mTLS may be used.
struct MtlsChecker<'m> {
    scope: Scope<'m>,
    target: Target<'m>,
    mode: Option<TlsMode>,
    tunnels_refused: bool,
}

impl<'m> MtlsChecker<'m> {
    fn new(scope: &Scope<'m>, target: &Target<'m>) -> Self {
        let mode = target.rule.and_then(|rule| {
            let (general, port) = (rule.spec.traffic_policy.as_ref(), target.port.number);
            if target.subset.is_empty() || scope.rules.clusters.mtls_check == MtlsCheck::ByLabels {
                return policy::tls_mode(general, port);
            }
            // A subset that the rule doesn't have says nothing, not even what the rule says in general.
            let subset = rule.subset(target.subset)?;
            policy::tls_mode(subset.traffic_policy.as_ref(), port).or_else(|| policy::tls_mode(general, port))
        });
        Self { scope: *scope, target: *target, mode, tunnels_refused: false }
    }

    fn allows(&mut self, candidate: &Candidate<'_>, direction: Direction) -> bool {
        match self.scope.rules.clusters.mtls_check {
            MtlsCheck::BySubset => match self.mode {
                Some(mode) => mode == TlsMode::IstioMutual,
                None => self.speaks_mtls(candidate),
            },
            MtlsCheck::ByLabels => {
                let allowed = match self.mode_by_labels(candidate) {
                    Some(TlsMode::Disable) => false,
                    Some(TlsMode::IstioMutual) => true,
                    _ => self.speaks_mtls(candidate),
                };
                // Endpoints behind tunnels have no address of their own to remember them by: what was found for one
                // holds for all that follow.
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
