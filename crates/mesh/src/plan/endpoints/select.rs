//! Which endpoints a cluster has.

use super::candidate::Candidate;
use crate::mesh::destination_rule::{MergedRule, policy};
use crate::mesh::endpoint::Health;
use crate::mesh::{Endpoint, PersistentSession, Port, Service, ServiceId, TrafficDistribution, Workload};
use crate::plan::Scope;
use crate::rules::UnreadyEndpoints;
use crate::snapshot::Labels;

/// The destination of a cluster.
#[derive(Clone, Copy, Debug)]
pub struct Target<'m> {
    /// The Service's position in the index.
    pub(crate) id: ServiceId,
    /// The Service.
    pub(crate) service: &'m Service,
    /// Its port.
    pub(crate) port: &'m Port,
    /// The DestinationRule that decides which endpoints there are.
    pub(crate) rule: Option<&'m MergedRule>,
    /// The subset; empty for all endpoints.
    pub(crate) subset: &'m str,
}

impl<'m> Target<'m> {
    /// The endpoints of the port that the release knows of, whatever their state: of a ServiceEntry by the
    /// port's number.
    pub fn instances(&self, scope: Scope<'m>) -> impl Iterator<Item = Candidate<'m>> {
        self.of_port(scope, true)
    }

    /// The same by the port's number where endpoints say that, else by its name.
    fn of_port(&self, scope: Scope<'m>, by_number: bool) -> impl Iterator<Item = Candidate<'m>> + use<'m> {
        let mesh = scope.mesh;
        let Self { id, port, service, .. } = *self;
        let unready = scope.rules.registry.unready_endpoints;
        let of_port = move |e: &&Endpoint| {
            let named = || e.service_port == port.name;
            let number = e.service_port_number.filter(|_| by_number);
            service.one_port || number.map_or_else(named, |number| number == port.number)
        };
        let target = *self;
        let all = mesh.instances(id).filter(move |instance| {
            let is_seen =
                || target.clusters_in_reach(scope) && instance.is_discoverable(service, &mesh.config);
            instance.remote.is_none() || is_seen()
        });
        let known = all.filter(move |instance| is_known(instance.endpoint, unready));
        known.filter(move |instance| of_port(&instance.endpoint)).map(move |instance| {
            let endpoint = instance.endpoint;
            let alias = service.external_name.as_ref().filter(|name| **name == endpoint.address);
            Candidate::new(mesh, instance, alias.map(|_| service))
        })
    }

    /// Whether endpoints in other clusters count. Where ambient mode tells networks apart, only Services that
    /// are for the whole mesh have any.
    fn clusters_in_reach(&self, scope: Scope<'_>) -> bool {
        let Self { service, .. } = self;
        let mesh = scope.mesh;
        let told_apart = mesh.options.features.ambient_enable_multi_network;
        // A Service that only other clusters have is not known there unless it is for all, nor is one that a
        // ServiceImport made.
        let scoped = told_apart && !service.global && service.cluster.is_empty() && !service.imported;
        !service.node_local && !scoped && !mesh.config.is_cluster_local(&service.hostname)
    }

    /// The endpoints that the cluster has. Those that Envoy asks for itself are found by the port's name, so
    /// that ServiceEntries for one host share them; those of a cluster that resolves names by its number.
    pub fn candidates(&self, scope: Scope<'m>) -> impl Iterator<Item = Candidate<'m>> {
        let (service, labels) = (self.service, self.labels());
        let unready = self.sends_unready(scope);
        let session = PersistentSession::of(&service.labels, &scope.mesh.options.features);
        let node = scope.waypoint.proxy.node_name.as_str();
        let networks = || scope.mesh.network_gateways.reachable(service.resolution.resolves_names());
        let views = scope.rules.networks.views_without_gateways || !networks().is_empty();
        self.of_port(scope, service.resolution.resolves_names())
            .filter(move |candidate| labels.is_none_or(|labels| candidate.has_labels(labels)))
            .filter(move |candidate| {
                !service.node_local || candidate.workload.map_or("", |w| &w.node_name) == node
            })
            .filter(move |candidate| counts(candidate, unready, session))
            .filter(move |candidate| !views || scope.waypoint.proxy.sees_network(candidate.network))
    }

    /// The labels that its endpoints have, where a subset chooses them.
    pub fn labels(&self) -> Option<&'m Labels> {
        self.rule?.subset(self.subset).map(|subset| &subset.labels)
    }

    /// Whether endpoints that are not ready are sent too, so that Envoy knows how healthy the Service is.
    fn sends_unready(&self, scope: Scope<'_>) -> bool {
        let features = &scope.mesh.options.features;
        match scope.rules.clusters.unready_endpoints {
            _ if features.pilot_send_unhealthy_endpoints => return true,
            UnreadyEndpoints::OfNone => return false,
            _ if self.service.traffic_distribution != TrafficDistribution::Any => return true,
            UnreadyEndpoints::OfDistributed => return false,
            UnreadyEndpoints::OfAll if !features.pilot_auto_send_unhealthy_endpoints => return false,
            UnreadyEndpoints::OfAll => {}
        }
        // A minimum of healthy endpoints would make Envoy panic, and use those that are not.
        let rule = self.rule.and_then(|rule| policy::port_policy(rule, self.subset, self.port.number));
        rule.and_then(|rule| rule.outlier_detection).is_none_or(|outlier| outlier.min_health_percent <= 0)
    }
}

/// Whether an endpoint in its state is sent. While it shuts down only sessions by a cookie are kept.
fn counts(candidate: &Candidate<'_>, unready: bool, session: Option<PersistentSession<'_>>) -> bool {
    match candidate.endpoint.health {
        Health::Terminating => false,
        Health::Unhealthy if !unready => false,
        _ => !candidate.draining || matches!(session, Some(PersistentSession::Cookie(_))),
    }
}

/// Whether endpoints in this state are known at all: `unready`, those that are not ready.
pub(crate) fn is_known(endpoint: &Endpoint, unready: bool) -> bool {
    unready || matches!(endpoint.health, Health::Healthy | Health::Draining)
}

/// Whether a workload is one that this waypoint serves, where waypoints serve service accounts.
pub(crate) fn in_scope(scope: Scope<'_>, workload: Option<&Workload>) -> bool {
    workload.is_some_and(|workload| {
        let account = scope.waypoint.for_service_account.as_ref();
        workload.namespace == scope.waypoint.name.namespace
            && account.is_none_or(|account| *account == workload.service_account)
    })
}
