//! How a request gets to a destination.

use std::net::SocketAddr;

use super::inside::Inner;
use super::straight::{self, Guarded};
use crate::mesh::DataPlane;
use crate::mesh::{Mesh, Waypoint};
use crate::trace::client::{NoSuchThing, exists, of_service, used};
use crate::trace::compiled::{Proxy, Tracer};
use crate::trace::connection::Connection;
use crate::trace::destination::{ResolvedDestination, way};
use crate::trace::gateway::sends_to_waypoints;
use crate::trace::request::Request;
use crate::trace::source::{Client, Sender, client};
use crate::trace::texts::Scratch;
use crate::trace::tunnel;
use crate::trace::walk::Walk;

/// How requests like one get to their destination.
pub(super) enum Plan<'a> {
    /// Through a chain of a waypoint, at its position.
    Through { waypoint: &'a Waypoint, position: usize, inner: Box<Inner<'a>>, to: SocketAddr },
    /// To one of these workloads.
    Straight { guarded: Vec<Guarded<'a>> },
    /// The same comes of all of them.
    Same { waypoint: Option<&'a Waypoint> },
}

/// Who asks, as far as it is known of all requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The SPIFFE id, where all have the same.
    pub(super) principal: Option<String>,
    pub(super) address: Option<std::net::IpAddr>,
    pub(super) sender: Option<Sender>,
}

/// The waypoint that what sends a request uses.
pub(super) fn waypoint<'m>(
    mesh: &'m Mesh,
    sender: Sender,
    way: &ResolvedDestination,
) -> Option<&'m Waypoint> {
    match sender {
        Sender::Ztunnel => used(mesh, way).0,
        Sender::Gateway => used(mesh, way).0.filter(|_| sends_to_waypoints(mesh, way)),
        Sender::Itself | Sender::Sidecar => None,
    }
}

/// What is known of who asks.
pub(super) fn known(mesh: &Mesh, request: &Request) -> Result<Known, NoSuchThing> {
    let mut scratch = Scratch::default();
    let client = client(mesh, request, &mut scratch.texts())?;
    Ok(Known {
        principal: client.id.as_deref().map(str::to_owned),
        address: client.address,
        sender: Some(client.sender),
    })
}

/// How requests like this one get to their destination.
pub(super) fn plan<'a>(tracer: Tracer<'a>, request: &Request) -> Result<Plan<'a>, NoSuchThing> {
    let mesh: &'a Mesh = tracer.mesh;
    exists(mesh, &request.via)?;
    let mut scratch = Scratch::default();
    let mut walk = Walk::new(tracer, request, &mut scratch, false);
    let client = client(mesh, request, &mut walk.texts)?;
    let way = way(mesh, request, &client, &mut walk.texts)?;
    let waypoint = match request.via.waypoint() {
        Some(name) => mesh.waypoint(name),
        None => waypoint(mesh, client.sender, &way),
    };
    Ok(match (waypoint, client.sender) {
        (Some(waypoint), _) => {
            let proxy = tracer.proxy(waypoint).filter(|_| waypoint.data_plane == DataPlane::Envoy);
            let to = way.ip.map(|ip| SocketAddr::new(ip, way.port));
            let through = proxy.zip(to).and_then(|(proxy, to)| {
                let (position, _) = arrives(&mut walk, proxy, &client, to)?;
                let chain = proxy.inside.as_ref()?.chain(tracer, proxy, position)?;
                let inner = Box::new(Inner::new(tracer, proxy, chain));
                Some(Plan::Through { waypoint, position, inner, to })
            });
            through.unwrap_or(Plan::Same { waypoint: Some(waypoint) })
        }
        (None, Sender::Sidecar) => Plan::Same { waypoint: None },
        (None, _) => {
            let guards = tracer.guards().ok();
            let guarded = guards.map(|guards| {
                let all = endpoints(mesh, &way).into_iter();
                straight::distinct(all.filter_map(|to| Guarded::new(guards, to)))
            });
            Plan::Straight { guarded: guarded.unwrap_or_default() }
        }
    })
}

/// The chain that a request gets to, with its connection.
pub(super) fn arrives<'a>(
    walk: &mut Walk<'a>,
    proxy: &'a Proxy,
    client: &Client<'a>,
    to: SocketAddr,
) -> Option<(usize, Connection<'a>)> {
    tunnel::arrives(walk, proxy, client, (to.ip(), to.port()))
}

/// The endpoints that are ready to be dialled past waypoints.
pub(super) fn endpoints(mesh: &Mesh, way: &ResolvedDestination) -> Vec<SocketAddr> {
    match (way.service, way.ip) {
        (Some(id), _) => {
            let target = of_service(mesh, id, way.port);
            let all = target.into_iter().flat_map(|target| target.endpoints);
            all.filter_map(|endpoint| endpoint.address.parse().ok()).collect()
        }
        (None, Some(ip)) => vec![SocketAddr::new(ip, way.port)],
        (None, None) => Vec::new(),
    }
}
