//! Where the requests and connections of a chain go.
//!
//! | module | decides |
//! |---|---|
//! | `http` | the VirtualServices of a port, rule by rule under each match; or the default route |
//! | `action` | what a rule does: its destinations as clusters, with weights |
//! | [`mod@matches`] | whether a match is for a port and for what a waypoint can answer for, and whether it takes all |
//! | `hash` | what requests are hashed by |
//! | `tcp` | `tls` and `tcp` rules, and the DestinationRule of a TCP proxy |
//! | [`reach`] | how much of a port's requests or connections a VirtualService takes |

mod action;
mod hash;
mod http;
pub mod matches;
pub mod reach;
mod tcp;

use super::Scope;
use super::host::{Host, Hosts};
use crate::mesh::Service;
use crate::mesh::virtual_service::VirtualService;

pub use action::{Destinations, Forward, HttpAction, HttpDestination, Mirror, MirrorShare};
pub use hash::HashKey;
pub use http::{DefaultRoute, HttpRoutes, HttpRule, HttpRules, VirtualServiceRoutes};
pub use tcp::{TcpDestinations, TcpRoute};

/// A Service that the waypoint serves, with what routes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Routed<'a, 'm> {
    pub(super) scope: Scope<'m>,
    pub(super) hosts: &'a Hosts<'m>,
    /// The Service.
    pub(super) service: &'m Service,
    /// What the waypoint means by its hostname.
    pub(super) host: Option<Host<'m>>,
    /// The VirtualServices that count for it, in order.
    pub(super) virtual_services: &'a [&'m VirtualService],
}

impl<'m> Routed<'_, 'm> {
    /// What the waypoint means by a destination's host: most are what requests were meant for.
    fn host(&self, hostname: &str) -> Option<Host<'m>> {
        if hostname == self.service.hostname { self.host } else { self.hosts.get(hostname) }
    }
}
