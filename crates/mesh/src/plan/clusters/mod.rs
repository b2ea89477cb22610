//! The clusters of a waypoint: which there are, how their endpoints are found, and how these are spoken to.
//!
//! | module | decides |
//! |---|---|
//! | `destination` | which clusters there are for destinations |
//! | `referenced` | which Services a waypoint needs clusters of besides those that it serves |
//! | [`policy`] | what the DestinationRule and the mesh say of each |
//! | [`members`] | which endpoints each has |
//! | [`transport`] | plain text, TLS, HBONE: what each offers its endpoints |
//! | `reasons`, `rule_field` | why they do |
//! | `identity` | whose identities servers may have |
//! | [`metadata`] | what each says about where it comes from |
//! | [`tunnel`] | what the clusters that every waypoint has depend on |

mod destination;
mod identity;
pub mod members;
pub mod metadata;
pub mod policy;
mod reasons;
mod referenced;
mod rule_field;
pub mod transport;
pub mod tunnel;

use super::host::Hosts;
use super::names::Direction;
use super::{Scope, causes};
use crate::mesh::service::ServiceSource;
use crate::mesh::{PersistentSession, Port, Service};
use crate::rules::ClusterRules;
use crate::snapshot::{Cause, Meta};

use destination::Destination;
use members::Members;
use metadata::ClusterMetadata;
use policy::ClusterPolicy;
use transport::Transport;

/// A cluster that leads to a Service.
#[derive(Clone, Debug)]
pub struct ClusterPlan<'m> {
    /// Its name.
    pub name: String,
    /// Whose destination it is.
    pub direction: Direction,
    /// The Service.
    pub service: &'m Service,
    /// Its port.
    pub port: &'m Port,
    /// Its name in statistics, where the mesh configuration makes one up.
    pub stat_name: Option<String>,
    /// How its endpoints are found, unless load balancing passes requests through.
    pub discovery: Discovery,
    /// Whether connections to all resolved addresses are tried at once.
    pub races_connections: bool,
    /// Whether clients stay with an endpoint while it shuts down.
    pub keeps_sessions: bool,
    /// What the DestinationRule and the mesh say; none in a release where nothing is said of a waypoint's own
    /// clusters.
    pub policy: Option<ClusterPolicy<'m>>,
    /// How it speaks to its endpoints.
    pub transport: Transport<'m>,
    /// What it says about where it comes from.
    pub metadata: ClusterMetadata<'m>,
    /// Its endpoints.
    pub members: Members<'m>,
    /// The Service's port, and the DestinationRules that had a say, the subset first.
    pub causes: Vec<Cause>,
    /// Why it speaks to its endpoints as it does: the field that asks for TLS, and what endpoints say about
    /// themselves.
    pub transport_causes: Vec<Cause>,
}

/// How a cluster's endpoints are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// The control plane tells them: EDS.
    Eds,
    /// By name, all answers at once.
    StrictDns,
    /// By name, one answer at a time.
    LogicalDns,
    /// They are wherever the client went.
    OriginalDst,
    /// By the name that each request asks for.
    DynamicForwardProxy,
}

impl Discovery {
    /// Whether names are resolved.
    pub const fn resolves_names(self) -> bool {
        matches!(self, Self::StrictDns | Self::LogicalDns)
    }
}

/// The clusters for destinations, by name. Of two with the same name the first counts.
pub fn clusters<'m>(scope: Scope<'m>, hosts: &Hosts<'m>) -> Vec<ClusterPlan<'m>> {
    destination::destinations(scope, hosts).into_iter().filter_map(|to| cluster(scope, to)).collect()
}

/// The cluster of a destination; none where names are to be resolved and there are none.
fn cluster<'m>(scope: Scope<'m>, to: Destination<'m>) -> Option<ClusterPlan<'m>> {
    let policy = policy::policy(scope, &to);
    let members = members::members(scope, &to, policy.as_ref())?;
    let transport = transport::transport(scope, &to, policy.as_ref());
    let causes = to.causes().into_iter().chain(of_proxy(scope, &to)).collect();
    Some(ClusterPlan {
        stat_name: to.stat_name(&scope.mesh.config.outbound_cluster_stat_name, &scope.rules.mesh),
        races_connections: races_connections(scope, to.service),
        keeps_sessions: to.subset.is_none() && keeps_sessions(to.service, scope),
        metadata: metadata::metadata(scope, &to, policy.as_ref(), &transport),
        transport_causes: reasons::of_transport(scope, &to, policy.as_ref()),
        name: to.name,
        direction: to.direction,
        service: to.service,
        port: to.port,
        discovery: to.discovery,
        policy,
        transport,
        members,
        causes,
    })
}

/// What a cluster has from the waypoint's proxy: its addresses decide to which families names are resolved,
/// and its configuration whether the case of headers is kept.
fn of_proxy(scope: Scope<'_>, to: &Destination<'_>) -> Vec<Cause> {
    let asks_names = to.discovery.resolves_names() || to.discovery == Discovery::DynamicForwardProxy;
    let mut causes: Vec<Cause> = asks_names.then(|| causes::pod(scope)).flatten().into_iter().collect();
    let protocol = to.port.protocol;
    if scope.settings().preserves_header_case() && (protocol.is_http() || protocol.is_unsupported()) {
        causes.push(scope.waypoint.gateway.object_ref().into());
        causes.extend(scope.mesh.proxy_configs.causes(&scope.waypoint.name));
    }
    causes
}

/// Whether connections to all resolved addresses are tried at once.
fn races_connections(scope: Scope<'_>, service: &Service) -> bool {
    let ServiceSource::ServiceEntry(object) = &service.source else { return false };
    asks_for_race(&object.meta, &scope.rules.clusters)
}

/// Whether a ServiceEntry asks that connections to all resolved addresses are tried at once.
pub fn asks_for_race(entry: &Meta, rules: &ClusterRules) -> bool {
    let strategy = entry.annotations.get("istio.io/connect-strategy");
    rules.races_connections
        && strategy.is_some_and(|strategy| strategy.eq_ignore_ascii_case("RACE_FIRST_TCP_CONNECT"))
}

/// Whether clients stay with an endpoint while it shuts down.
fn keeps_sessions(service: &Service, scope: Scope<'_>) -> bool {
    let session = PersistentSession::of(&service.labels, &scope.mesh.options.features);
    session.is_some_and(|session| session.outlasts(scope.rules))
}
