//! Route configurations: what a waypoint does with the HTTP requests of one port of a Service, and where its TCP
//! connections go.
//!
//! A waypoint's chains are found by the Service's address, not by the request's `Host`; so each has one virtual host
//! for every domain, filled with the routes of the VirtualServices (and Gateway API routes) of the Service's hostname.
//!
//! | module | translates |
//! |---|---|
//! | `inbound` | the VirtualServices of a port of a Service, or that there is none |
//! | `http` | a rule of a VirtualService under one match |
//! | [`matches`], `headers`, `redirect`, `retry`, `fault`, `cors`, `hash` | its parts |
//! | `destination` | a destination to a cluster's name |
//! | `tcp` | `tls` and `tcp` rules |
//! | `reach` | how much of a port's requests or connections a VirtualService takes |

mod cors;
mod destination;
mod fault;
mod fraction;
mod hash;
mod headers;
mod http;
mod inbound;
mod matches;
mod operation;
pub(crate) mod reach;
mod redirect;
mod retry;
mod tcp;

use crate::mesh::Service;
use crate::mesh::virtual_service::VirtualService;
use crate::resources::Scope;

pub use inbound::{InboundRoutes, RouteBuilder};
pub use tcp::{TcpDestination, TcpRoute, tcp_destinations};

/// The VirtualServices that count for a Service at this waypoint, in order.
fn virtual_services<'m>(scope: Scope<'m>, service: &Service) -> Vec<&'m VirtualService> {
    scope.mesh.virtual_services.of_service(service, scope.waypoint)
}
