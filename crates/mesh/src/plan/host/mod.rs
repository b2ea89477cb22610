//! What a waypoint means by a host: one answer for its clusters, routes and TCP proxies.
//!
//! | module | decides |
//! |---|---|
//! | [`destination`] | which cluster a destination of a route is |

pub(crate) mod destination;

use super::Scope;
use crate::mesh::destination_rule::{Client, MergedRule};
use crate::mesh::{Service, ServiceId};

/// What a waypoint means by a hostname that its namespace sees.
#[derive(Clone, Copy, Debug)]
pub struct Host<'m> {
    /// The Service's position in the index.
    pub(crate) id: ServiceId,
    /// The Service: of several with the hostname the one that the waypoint's namespace sees.
    pub(crate) service: &'m Service,
    /// Whether the waypoint serves a Service of the hostname, in whatever namespace.
    pub(crate) served: bool,
    /// The DestinationRule that governs it for everyone in the waypoint's namespace.
    pub(crate) rule: Option<&'m MergedRule>,
    /// The DestinationRule that governs it for the waypoint as a client: rules that select its pod count too.
    pub(crate) client_rule: Option<&'m MergedRule>,
}

impl<'m> Host<'m> {
    /// Looks a hostname up; none where the waypoint's namespace sees no such Service.
    pub fn new(scope: Scope<'m>, hostname: &str) -> Option<Self> {
        let Scope { mesh, waypoint, .. } = scope;
        let id = mesh.services.visible(hostname, &waypoint.name.namespace)?;
        let service = mesh.services.get(id)?;
        let client = Client { namespace: &waypoint.name.namespace, labels: Some(&waypoint.proxy.labels) };
        let found = mesh.destination_rules.of_client(client, service);
        Some(Self {
            id,
            service,
            served: mesh.services.with_hostname(hostname).iter().any(|id| waypoint.serves(*id)),
            rule: found.for_all,
            client_rule: found.for_client(),
        })
    }
}

/// What a waypoint means by each host. Those of its own Services are looked up once; most destinations are
/// among them.
#[derive(Clone, Debug)]
pub struct Hosts<'m> {
    scope: Scope<'m>,
    /// Of the Services that the waypoint serves, in their order.
    served: Vec<Option<Host<'m>>>,
}

impl<'m> Hosts<'m> {
    /// Looks up the hosts of the waypoint's own Services.
    pub fn new(scope: Scope<'m>) -> Self {
        let services = scope.waypoint.services.iter().map(|id| scope.mesh.services.get(*id));
        let served = services.map(|service| Host::new(scope, &service?.hostname)).collect();
        Self { scope, served }
    }

    /// What is meant by the hostname of a Service that the waypoint serves.
    pub(crate) fn of_served(&self, id: ServiceId) -> Option<Host<'m>> {
        let position = self.scope.waypoint.services.binary_search(&id).ok()?;
        *self.served.get(position)?
    }

    /// What is meant by a hostname.
    pub fn get(&self, hostname: &str) -> Option<Host<'m>> {
        let mut same_host = self.scope.mesh.services.with_hostname(hostname).iter();
        match same_host.find(|id| self.scope.waypoint.serves(**id)) {
            Some(id) => self.of_served(*id),
            None => Host::new(self.scope, hostname),
        }
    }
}
