//! The ways to a destination: who asks, and what is in between.

use std::net::SocketAddr;

use super::straight::Guarded;
use super::way::{self, Plan};
use super::{Passage, WireProtocol};
use crate::mesh::Mesh;
use crate::trace::classes::example;
use crate::trace::client::NoSuchThing;
use crate::trace::compiled::Tracer;
use crate::trace::destination;
use crate::trace::request::{Destination, ExtAuthz, Protocol, Request, Source};
use crate::trace::source::{self, Sender};
use crate::trace::texts::Scratch;
use crate::trace::via::Via;

/// Who is asked about.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Who<'q> {
    /// Only this one; otherwise everybody.
    pub(super) from: Option<&'q Source>,
    /// What external authorizers answer.
    pub(super) ext_authz: Option<ExtAuthz>,
}

/// One way to a destination.
pub(super) struct Going<'a> {
    pub(super) way: Passage,
    pub(super) speaks: WireProtocol,
    /// Who is dialled, where that is not the destination as it was named.
    pub(super) pod: Option<String>,
    /// How many others are like it.
    pub(super) alike: usize,
    pub(super) plan: Plan<'a>,
    /// A request that goes this way.
    pub(super) base: Request,
    pub(super) only: bool,
    pub(super) outside: bool,
}

/// All ways to a destination.
pub(super) fn ways<'a>(
    tracer: Tracer<'a>,
    to: &Destination,
    who: Who<'_>,
) -> Result<Vec<Going<'a>>, NoSuchThing> {
    let source = who.from.cloned().unwrap_or_else(|| example::somebody(tracer.mesh));
    let mut base = Request::new(source, to.clone());
    base.ext_authz = who.ext_authz;
    let only = who.from.is_some();
    let mut ways = served(tracer, &base, only)?;
    let is_through = ways.iter().any(|going| going.way == Passage::Waypoint);
    let sender = way::known(tracer.mesh, &base)?.sender;
    if is_through && (!only || sender == Some(Sender::Ztunnel)) {
        ways.extend(past(tracer, &base, only)?);
    } else if !only && ways.iter().any(|going| going.way == Passage::Same) {
        let outside = Request { source: Source::Outside, ..base.clone() };
        ways.push(Going::new(Passage::Outside, way::plan(tracer, &outside)?, outside, (false, true)));
    }
    if !only && has_sidecars(tracer.mesh) {
        let sidecar = Request { via: Via::Sidecar, ..base };
        ways.push(Going::new(Passage::Sidecar, way::plan(tracer, &sidecar)?, sidecar, (false, false)));
    }
    Ok(ways)
}

impl<'a> Going<'a> {
    fn new(way: Passage, plan: Plan<'a>, base: Request, (only, outside): (bool, bool)) -> Self {
        Self { way, speaks: WireProtocol::Any, pod: None, alike: 0, plan, base, only, outside }
    }
}

/// The ways by the destination's own address.
fn served<'a>(tracer: Tracer<'a>, base: &Request, only: bool) -> Result<Vec<Going<'a>>, NoSuchThing> {
    let bytes = Request { protocol: Protocol::Tcp, ..base.clone() };
    let (of_http, of_bytes) = (way::plan(tracer, base)?, way::plan(tracer, &bytes)?);
    let way = |plan: &Plan<'_>| match plan {
        Plan::Through { .. } => Passage::Waypoint,
        Plan::Straight { .. } => Passage::Straight,
        Plan::Same { .. } => Passage::Same,
    };
    let new = |plan: Plan<'a>, base: &Request| Going::new(way(&plan), plan, base.clone(), (only, false));
    Ok(match (&of_http, &of_bytes) {
        (Plan::Through { position: http, inner, .. }, Plan::Through { position: bytes_at, .. })
            if http == bytes_at =>
        {
            let speaks = if inner.is_http() { WireProtocol::Http } else { WireProtocol::Any };
            vec![Going { speaks, ..new(of_http, base) }]
        }
        (Plan::Through { .. }, _) | (_, Plan::Through { .. }) => vec![
            Going { speaks: WireProtocol::Http, ..new(of_http, base) },
            Going { speaks: WireProtocol::Bytes, ..new(of_bytes, &bytes) },
        ],
        _ => vec![new(of_http, base)],
    })
}

/// The ways past the waypoint: to the pods themselves, by whoever does not use it.
fn past<'a>(tracer: Tracer<'a>, base: &Request, only: bool) -> Result<Vec<Going<'a>>, NoSuchThing> {
    let mesh = tracer.mesh;
    let mut all = Vec::new();
    for (to, alike) in pods(tracer, base)? {
        let name = named(mesh, to);
        let request = Request { destination: name.clone(), ..base.clone() };
        let plan = way::plan(tracer, &request)?;
        let going = match plan {
            plan @ Plan::Straight { .. } => Going::new(Passage::Past, plan, request, (only, false)),
            // The pod has a waypoint of its own, which clients in the mesh use.
            _ if only => continue,
            _ => {
                let request = Request { source: Source::Outside, ..request };
                Going::new(Passage::Outside, way::plan(tracer, &request)?, request, (false, true))
            }
        };
        all.push(Going { pod: Some(name.to_string()), alike, ..going });
    }
    Ok(all)
}

/// The endpoints of a destination: of those that have the same policies the first, and how many others there
/// are.
fn pods(tracer: Tracer<'_>, base: &Request) -> Result<Vec<(SocketAddr, usize)>, NoSuchThing> {
    let mut scratch = Scratch::default();
    let mut texts = scratch.texts();
    let client = source::client(tracer.mesh, base, &mut texts)?;
    let way = destination::way(tracer.mesh, base, &client, &mut texts)?;
    let guards = tracer.guards().ok();
    let mut found: Vec<(Option<_>, SocketAddr, usize)> = Vec::new();
    for to in way::endpoints(tracer.mesh, &way) {
        let guarded = guards.and_then(|guards| Guarded::new(guards, to));
        let key = guarded.as_ref().map(Guarded::alike);
        match found.iter_mut().find(|(other, ..)| *other == key) {
            Some((_, _, alike)) => *alike += 1,
            None => found.push((key, to, 0)),
        }
    }
    Ok(found.into_iter().map(|(_, to, alike)| (to, alike)).collect())
}

/// A pod by its name; other endpoints by their address.
fn named(mesh: &Mesh, to: SocketAddr) -> Destination {
    let workload = mesh.workloads.with_address(to.ip()).first().and_then(|id| mesh.workloads.get(*id));
    let pod = workload.filter(|workload| workload.pod().is_some());
    let host = pod.map(|pod| format!("pod/{}.{}", pod.name, pod.namespace));
    Destination { host: host.unwrap_or_else(|| to.ip().to_string()).into(), port: Some(to.port()) }
}

fn has_sidecars(mesh: &Mesh) -> bool {
    use crate::dataplane_mode::{DataPlaneMode, data_plane_mode};
    mesh.workloads.iter().any(|(_, workload)| data_plane_mode(mesh, workload) == DataPlaneMode::Sidecar)
}

/// The ports of a destination that has none; the destination with each of them.
pub(super) fn with_ports(mesh: &Mesh, to: &Destination) -> Result<Vec<Destination>, NoSuchThing> {
    if to.port.is_some() {
        return Ok(vec![to.clone()]);
    }
    let asked = Destination { port: Some(80), ..to.clone() };
    let request = Request::new(example::somebody(mesh), asked);
    let mut scratch = Scratch::default();
    let mut texts = scratch.texts();
    let client = source::client(mesh, &request, &mut texts)?;
    let way = destination::way(mesh, &request, &client, &mut texts)?;
    let ports: Vec<u16> = match way.service.and_then(|id| mesh.services.get(id)) {
        Some(service) => service.ports.iter().filter_map(|port| u16::try_from(port.number).ok()).collect(),
        None => workload_ports(mesh, &way),
    };
    Ok(ports.into_iter().map(|port| Destination { port: Some(port), ..to.clone() }).collect())
}

/// The ports that Services send to at a workload; 80 where there is none.
fn workload_ports(mesh: &Mesh, way: &destination::ResolvedDestination) -> Vec<u16> {
    let services = mesh.services.iter().flat_map(|(id, _)| mesh.endpoints.of(id));
    let own = services.filter(|endpoint| endpoint.workload.is_some() && endpoint.workload == way.workload);
    let mut ports: Vec<u16> = own.filter_map(|endpoint| u16::try_from(endpoint.port).ok()).collect();
    ports.sort_unstable();
    ports.dedup();
    if ports.is_empty() { vec![80] } else { ports }
}

/// Every Service with each of its ports.
pub(super) fn everything(mesh: &Mesh) -> Vec<Destination> {
    let mut all: Vec<Destination> = Vec::new();
    let mut seen = crate::hash::HashSet::default();
    for (_, service) in mesh.services.iter().filter(|(_, service)| !service.hostname.starts_with('*')) {
        if seen.insert(&service.hostname) {
            let ports = service.ports.iter().filter_map(|port| u16::try_from(port.number).ok());
            all.extend(ports.map(|port| Destination { host: service.hostname.clone(), port: Some(port) }));
        }
    }
    all.sort_by(|a, b| (&a.host, a.port).cmp(&(&b.host, b.port)));
    all
}
