//! What a route's destination is: see [`crate::plan::host`].

use crate::mesh::Service;
use crate::mesh::destination_rule::MergedRule;
use crate::plan::host::{self, destination};
use crate::resources::Scope;
use crate::snapshot::networking::virtual_service::Destination;

/// What the mesh knows of a destination's host.
#[derive(Clone, Copy)]
pub(super) struct Host<'m> {
    known: Option<host::Host<'m>>,
    /// The Service that the waypoint means by it.
    pub(super) service: Option<&'m Service>,
    /// What the waypoint is told of it as a client, in releases whose routes ask for that.
    pub(super) rule: Option<&'m MergedRule>,
}

impl<'m> Host<'m> {
    /// Looks a hostname up.
    pub(super) fn new(scope: Scope<'m>, hostname: &str) -> Self {
        let known = host::Host::new(scope, hostname);
        Self {
            known,
            service: known.map(|host| host.service),
            rule: known.filter(|_| scope.rules.routes.hash_policies).and_then(|host| host.client_rule),
        }
    }
}

/// The name of the cluster for a destination of a route on `listener_port`.
pub(super) fn cluster_name(
    scope: Scope<'_>,
    destination: &Destination,
    host: Host<'_>,
    listener_port: u32,
) -> String {
    destination::cluster_name(&scope.rules.routes, destination, host.known, listener_port)
}
