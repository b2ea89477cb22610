//! The endpoints of a cluster: which there are, where, in what order, and how each is reached.
//!
//! | module | decides |
//! |---|---|
//! | `select` | which endpoints a cluster has |
//! | [`candidate`] | what is known of an endpoint |
//! | `reach` | how it is reached, and what state it is in |
//! | `mtls` | whether its own mTLS may be used |
//! | [`networks`] | which gateways stand for endpoints of other networks |
//! | `locality`, `labels` | the shares and priorities that follow |

pub mod candidate;
mod external;
mod labels;
pub(crate) mod locality;
mod mtls;
pub mod networks;
mod reach;
pub(crate) mod select;

use std::sync::Arc;

use super::names::Direction;
use super::{Scope, causes};
use crate::Str;
use crate::mesh::balancing::Balancing;
use crate::mesh::destination_rule::policy;
use crate::mesh::{Endpoint, Locality};
use crate::snapshot::Cause;

use candidate::Candidate;
use mtls::MtlsChecker;
use networks::ThroughGateway;
use select::Target;

pub use external::External;
pub use reach::{DISABLED, HealthState, SocketLabel};

/// The endpoints of one cluster.
#[derive(Clone, Debug)]
pub struct EndpointsPlan<'m> {
    /// By locality, in the order of the localities' names.
    pub localities: Vec<LocalityPlan<'m>>,
    /// The Service's port, then the DestinationRules that had a say, the subset first, then what says where
    /// the waypoint's proxy runs, if that matters.
    pub causes: Vec<Cause>,
}

/// The endpoints of one locality that have the same priority.
#[derive(Clone, Debug)]
pub struct LocalityPlan<'m> {
    /// Where they run; none for endpoints without a workload.
    pub(crate) place: Option<&'m Locality>,
    /// Its share of the traffic; 0 where it has no endpoints to get it, and no rule gives it one.
    pub weight: u32,
    /// 0 is tried first.
    pub priority: u32,
    /// Whether it gets any traffic at all.
    pub gets_traffic: bool,
    /// The endpoints.
    pub endpoints: Vec<EndpointPlan<'m>>,
    /// What made those that are left out, as their network is not reached: of a locality that has no others
    /// it is why it is there.
    pub(crate) left_out: Vec<Cause>,
}

/// One endpoint.
#[derive(Clone, Debug)]
pub struct EndpointPlan<'m> {
    /// What answers there.
    pub server: Server<'m>,
    /// Its share of the traffic.
    pub weight: u32,
    /// Whether it is reached through an HBONE tunnel.
    pub tunnelled: bool,
    /// Whether its own mTLS may be used.
    pub mtls: bool,
    /// What it says by which the cluster chooses how to speak to it; nothing for plain text.
    pub socket: Option<SocketLabel<'m>>,
    /// What Envoy is told of its state.
    pub health: HealthState,
    /// Whether it says, for telemetry, which workload it is.
    pub says_workload: bool,
    /// What it says instead of the workload's own names, as one of a Service outside of the mesh.
    pub external: Option<Arc<External>>,
    /// What lists it, the workload, and the Node that says where that runs.
    pub causes: Vec<Cause>,
}

/// What answers at an endpoint.
#[derive(Clone, Copy, Debug)]
pub enum Server<'m> {
    /// A workload, or whatever has the address.
    Known(Candidate<'m>),
    /// The gateway of another network.
    Gateway(ThroughGateway<'m>),
}

/// The endpoints of a cluster that asks for them (EDS), with the weights and priorities that they have for
/// this waypoint's proxy.
pub fn discovered<'m>(scope: Scope<'m>, direction: Direction, target: &Target<'m>) -> EndpointsPlan<'m> {
    let mut localities = localities(scope, direction, target, Known::WithAddress);
    let mut relative = target.service.node_local;
    let rule = target.rule.and_then(|rule| policy::port_policy(rule, target.subset, target.port.number));
    let rule = rule.unwrap_or_default();
    if let Some(balancing) = Balancing::effective(&scope.mesh.config, rule.load_balancer, target.service) {
        let failover = balancing.force_failover || rule.outlier_detection.is_some();
        relative |= locality::apply(&mut localities, &balancing, failover, usize::MAX, scope);
    }
    let mut causes = vec![causes::port(target.service, target.port.number)];
    if let Some(rule) = target.rule {
        causes.extend(rule.cause_of_subset(target.subset).cloned());
        causes.extend_from_slice(rule.causes());
    }
    if relative {
        causes.extend(causes::proxy(scope));
    }
    // Which network an endpoint is in may be configured, and with it whether it is here at all.
    if let Some(networks) = &scope.mesh.network_gateways.configured_by
        && target.instances(scope).any(|candidate| !candidate.network.is_empty())
    {
        causes.push(networks.clone().into());
    }
    let empty = localities.iter().filter(|locality| locality.endpoints.is_empty());
    causes.extend(empty.flat_map(|locality| locality.left_out.iter().cloned()));
    EndpointsPlan { localities, causes }
}

/// Which endpoints count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// All but those with a name: names are resolved by Envoy, not here.
    WithAddress,
    /// Those with a name, too.
    ByName,
}

/// A target's endpoints by locality, with the weights that they have by themselves.
pub fn localities<'m>(
    scope: Scope<'m>,
    direction: Direction,
    target: &Target<'m>,
    known: Known,
) -> Vec<LocalityPlan<'m>> {
    let rules = &scope.rules.clusters;
    let foreign = |candidate: &Candidate<'_>| {
        rules.only_served_endpoints
            && direction == Direction::InboundVip
            && !select::in_scope(scope, candidate.workload)
    };
    // Another object with the same host may have endpoints for the same port under another name.
    // One without an address is for a gateway of its network to stand for.
    let has_address = |candidate: &Candidate<'_>| {
        let Endpoint { address, port, service_port, .. } = candidate.endpoint;
        (target.service.one_port || *service_port == target.port.name)
            && (*port == 0 || address.is_empty() || candidate.ip.is_some())
    };
    let counts =
        |candidate: &Candidate<'_>| !foreign(candidate) && (known == Known::ByName || has_address(candidate));
    let mut mtls = MtlsChecker::new(scope, target);
    let external = External::of(scope.mesh, target.service).filter(|_| rules.says_external).map(Arc::new);
    let hbone = reach::sends_hbone(scope);
    // Each is decided in its turn, before localities part them: what was found for one may hold for those
    // that follow.
    let endpoints = target.candidates(scope).filter(counts).map(|candidate| {
        let mtls = mtls.allows(&candidate, direction);
        let endpoint = reach::endpoint(scope, candidate, direction, (hbone, mtls));
        EndpointPlan { external: external.clone(), ..endpoint }
    });
    let sum = if rules.locality_weights_wrap { u32::wrapping_add } else { u32::saturating_add };
    let localities = by_locality(endpoints, sum);
    networks::through_gateways(scope, direction, target, localities)
}

/// The same for a cluster that resolves names, where such clusters know nothing but where their endpoints
/// are: neither their state nor their tunnels.
pub(crate) fn plain_localities<'m>(scope: Scope<'m>, target: &Target<'m>) -> Vec<LocalityPlan<'m>> {
    let labels = target.labels();
    let proxy = &scope.waypoint.proxy;
    let fits = |candidate: &Candidate<'_>| {
        proxy.sees_network(candidate.network) && labels.is_none_or(|labels| candidate.has_labels(labels))
    };
    let external = External::of(scope.mesh, target.service).map(Arc::new);
    let endpoints = target.instances(scope).filter(fits).map(|candidate| {
        let endpoint = reach::plain_endpoint(scope.mesh, candidate);
        EndpointPlan { external: external.clone(), ..endpoint }
    });
    by_locality(endpoints, u32::saturating_add)
}

/// Endpoints by where they run, in the order of the texts that name these places.
fn by_locality<'m>(
    endpoints: impl Iterator<Item = EndpointPlan<'m>>,
    sum: fn(u32, u32) -> u32,
) -> Vec<LocalityPlan<'m>> {
    let mut localities: Vec<LocalityPlan<'m>> = Vec::new();
    for endpoint in endpoints {
        let place = endpoint.place();
        let at = place.unwrap_or(&locality::NOWHERE);
        // Most Services run in one place or a few.
        let position = localities.iter().position(|locality| locality.at() == at).unwrap_or(localities.len());
        if position == localities.len() {
            let endpoints = Vec::new();
            localities.push(LocalityPlan {
                place,
                weight: 0,
                priority: 0,
                gets_traffic: true,
                endpoints,
                left_out: Vec::new(),
            });
        }
        if let Some(locality) = localities.get_mut(position) {
            locality.weight = sum(locality.weight, endpoint.weight);
            locality.endpoints.push(endpoint);
        }
    }
    if localities.len() > 1 {
        localities.sort_by(|a, b| a.at().text().cmp(b.at().text()));
    }
    localities
}

impl<'m> EndpointPlan<'m> {
    /// Where it runs, if that is known.
    fn place(&self) -> Option<&'m Locality> {
        match &self.server {
            Server::Known(known) => known.workload.map(|workload| &workload.locality),
            Server::Gateway(_) => None,
        }
    }
}

impl<'m> Server<'m> {
    /// Its address, or the path of its socket, and its port.
    pub fn address(&self) -> (&'m str, u32) {
        match self {
            Self::Known(known) => (&known.endpoint.address, known.endpoint.port),
            Self::Gateway(ThroughGateway { gateway, tunnelled, .. }) => {
                let port = if tunnelled.is_some() { gateway.hbone_port } else { gateway.port };
                (&gateway.address, port)
            }
        }
    }

    /// Addresses of other families under which it answers, too.
    pub fn other_addresses(&self) -> &'m [Str] {
        match self {
            Self::Known(known) => &known.endpoint.others,
            Self::Gateway(_) => &[],
        }
    }

    /// A label of it, empty where it has none.
    fn label(&self, key: &str) -> &str {
        match self {
            Self::Known(known) => known.label(key),
            Self::Gateway(through) => through.label(key),
        }
    }
}
