//! The mesh as one waypoint sees it: what it means by a hostname, and which rules it is told of.
//!
//! Clusters, routes and TCP proxies ask here, so that a destination is the same to all of them.

use crate::mesh::destination_rule::{Client, MergedRule};
use crate::mesh::{Mesh, Service, ServiceId, Waypoint};
use crate::rules::Rules;

/// The mesh as one waypoint sees it: what every part of a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'m> {
    /// The whole mesh.
    pub mesh: &'m Mesh,
    /// The waypoint to generate for.
    pub waypoint: &'m Waypoint,
    /// The release's rules; the same as `mesh.rules`.
    pub rules: &'static Rules,
}

impl<'m> Scope<'m> {
    /// The Service that the waypoint means by a hostname: of several with that hostname the one that its namespace sees.
    pub(crate) fn visible_service(self, hostname: &str) -> Option<(ServiceId, &'m Service)> {
        let services = &self.mesh.services;
        let id = services.visible(hostname, &self.waypoint.name.namespace)?;
        Some((id, services.get(id)?))
    }

    /// Whether the waypoint serves a Service of this hostname, in whatever namespace.
    pub(crate) fn serves_host(self, hostname: &str) -> bool {
        self.mesh.services.with_hostname(hostname).iter().any(|id| self.waypoint.serves(*id))
    }

    /// The DestinationRule that governs a Service for everyone in the waypoint's namespace.
    pub(crate) fn general_rule(self, service: &Service) -> Option<&'m MergedRule> {
        let client = Client { namespace: &self.waypoint.name.namespace, labels: None };
        self.mesh.destination_rules.get(client, service)
    }

    /// The DestinationRule that governs a Service for the waypoint as a client: rules that select its pod count too.
    pub(crate) fn client_rule(self, service: &Service) -> Option<&'m MergedRule> {
        let labels = Some(&self.waypoint.proxy.labels);
        let client = Client { namespace: &self.waypoint.name.namespace, labels };
        self.mesh.destination_rules.get(client, service)
    }
}
