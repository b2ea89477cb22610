//! What routes ask of the mesh.

use crate::mesh::Service;
use crate::mesh::destination_rule::{Client, MergedRule};
use crate::resources::Scope;

impl<'m> Scope<'m> {
    /// The Service that the waypoint means by a hostname.
    pub(super) fn visible_service(self, hostname: &str) -> Option<&'m Service> {
        let services = &self.mesh.services;
        services.get(services.visible(hostname, &self.waypoint.name.namespace)?)
    }

    /// Whether the waypoint serves a Service of this hostname, in whatever namespace.
    pub(super) fn serves_host(self, hostname: &str) -> bool {
        self.mesh.services.with_hostname(hostname).iter().any(|id| self.waypoint.serves(*id))
    }

    /// The DestinationRule in force for a Service. With `as_client` also one that selects the waypoint's pod; else
    /// only those for everyone.
    pub(super) fn destination_rule(self, service: &Service, as_client: bool) -> Option<&'m MergedRule> {
        let client = Client {
            namespace: &self.waypoint.name.namespace,
            labels: as_client.then_some(&self.waypoint.proxy.labels),
        };
        self.mesh.destination_rules.get(client, service)
    }

    /// Whether a rewritten request keeps its old host in `X-Forwarded-Host`.
    pub(super) fn appends_x_forwarded_host(self) -> bool {
        let headers = self.waypoint.proxy.config.proxy_headers.as_ref();
        headers
            .and_then(|headers| headers.x_forwarded_host.as_ref())
            .is_some_and(|option| option.enabled == Some(true))
    }
}
