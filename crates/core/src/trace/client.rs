//! The client's side: who asks, whom, and which waypoint its ztunnel uses.

use super::balance::shares;
use super::destination::ResolvedDestination;
use super::outcome::{Decision, Picked, Place, Target, Verdict};
use super::reached::Reached;
use super::source::{Client, Sender};
use super::via::Via;
use super::walk::{End, Walk};
use super::ztunnel::{self, Peer, Peers};
use super::{gateway, tunnel};
use crate::Str;
use crate::mesh::endpoint::Health;
use crate::mesh::waypoint::Binding;
use crate::mesh::{DataPlane, Mesh, ServiceId, Waypoint, WaypointName, Workload};
use crate::plan::causes;
use crate::rules::Attachment;

/// Something that a request names and the snapshot does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoSuchThing {
    /// The pod that asks.
    #[error("there is no pod `{name}` in namespace `{namespace}`")]
    Pod {
        /// Its namespace.
        namespace: Str,
        /// Its name.
        name: Str,
    },
    /// A gateway for ingress.
    #[error(
        "there is no gateway for ingress: name its service account (sa/NAME.NAMESPACE) as the one who asks"
    )]
    Gateway,
    /// One of several gateways for ingress.
    #[error("there are several gateways for ingress, name one as the one who asks: {}", .0.join(", "))]
    OneGateway(Vec<String>),
    /// Who is asked.
    #[error("no Service, ServiceEntry, pod or address of the snapshot is `{0}`")]
    Destination(Str),
    /// A port that has to be named.
    #[error("`{0}` has several ports: name one (HOST:PORT)")]
    Port(Str),
    /// The waypoint that is named.
    #[error("there is no waypoint `{0}`")]
    Waypoint(WaypointName),
}

/// Whether there is the waypoint that is named.
pub(super) fn exists(mesh: &Mesh, via: &Via) -> Result<(), NoSuchThing> {
    let named = |name: &WaypointName| mesh.waypoints.iter().any(|waypoint| waypoint.name == *name);
    match via {
        Via::Waypoint(name) if !named(name) => Err(NoSuchThing::Waypoint(name.clone())),
        _ => Ok(()),
    }
}

/// Walks from the client.
pub(super) fn walk<'a>(walk: &mut Walk<'a>, client: &Client<'a>, way: &ResolvedDestination) -> End<'a> {
    let mesh = walk.mesh;
    if let Some(found) = &client.found {
        let id = client.id.as_deref().unwrap_or("without an identity in the mesh");
        walk.step(Place::Client, "client", Decision::Passed, || format!("{found}: {id}"));
    }
    client.assumed.iter().for_each(|assumed| walk.caveat(assumed.as_str()));
    if let Via::Waypoint(name) = &walk.request.via {
        let Some(waypoint) = mesh.waypoint(name) else {
            let error = NoSuchThing::Waypoint(name.clone());
            return End::new(Verdict::Failed, Place::Client, error.to_string());
        };
        walk.step(Place::Client, "client", Decision::Taken, || format!("waypoint {name}, as asked for"));
        return through(walk, client, way, waypoint);
    }
    note_destination(walk, way);
    match client.sender {
        Sender::Ztunnel => from_ztunnel(walk, client, way),
        Sender::Gateway => gateway::walk(walk, client, way),
        Sender::Itself => {
            let text = "the client is not in the mesh: its connection goes past any waypoint";
            walk.step(Place::Client, "client", Decision::Skipped, text).because(client.cause());
            straight(walk, client, way)
        }
        Sender::Sidecar => {
            let text =
                "the client has a sidecar, which does not use waypoints: its own configuration decides";
            walk.step(Place::Client, "client", Decision::Skipped, text).because(client.cause());
            walk.may_change("what a client's sidecar does is not known here");
            straight(walk, client, way)
        }
    }
}

/// As the client's ztunnel sends it.
fn from_ztunnel<'a>(walk: &mut Walk<'a>, client: &Client<'a>, way: &ResolvedDestination) -> End<'a> {
    let mesh = walk.mesh;
    let (waypoint, cause, refusal) = used(mesh, way);
    match waypoint {
        Some(waypoint) => {
            let text = || format!("the client's ztunnel uses waypoint {}", waypoint.name);
            walk.step(Place::Client, "ztunnel of the client", Decision::Taken, text).because(cause.as_ref());
            note_canary(walk, way);
            through(walk, client, way, waypoint)
        }
        None => {
            let why = || match (&refusal, &cause, way.service) {
                (Some(refusal), ..) => refusal.as_str(),
                (None, None, _) => "nothing names one",
                (None, Some(_), Some(_)) => "the label opts out of it",
                (None, Some(_), None) => "the label opts out of it, or names one that is for Services only",
            };
            let text = || format!("no waypoint: {}", why());
            walk.step(Place::Client, "ztunnel of the client", Decision::Skipped, text)
                .because(cause.as_ref());
            straight(walk, client, way)
        }
    }
}

fn note_destination(walk: &mut Walk<'_>, way: &ResolvedDestination) {
    let mesh = walk.mesh;
    let service = way.service.and_then(|id| mesh.services.get(id));
    let workload = way.workload.and_then(|id| mesh.workloads.get(id));
    let cause = service.map(|service| service.source.object().into());
    let cause = cause.or_else(|| workload.map(|workload| workload.source.cause()));
    let text = || {
        let address = way.ip.map_or_else(|| "no address of its own".to_owned(), |ip| ip.to_string());
        match (service, workload) {
            (Some(service), _) => format!("{} ({address}), port {}", service.hostname, way.port),
            (None, Some(workload)) => {
                format!("workload {}/{} ({address}), port {}", workload.namespace, workload.name, way.port)
            }
            (None, None) => format!("{address}, which no Service and no workload has"),
        }
    };
    walk.step(Place::Client, "destination", Decision::Passed, text).because(cause);
}

/// A part of a Service's connections may go to another waypoint.
pub(super) fn note_canary(walk: &mut Walk<'_>, way: &ResolvedDestination) {
    let mesh = walk.mesh;
    let binding = way.service.and_then(|id| mesh.bindings.of_service(id));
    let canary = binding.and_then(|binding| binding.canary);
    let named =
        canary.and_then(|canary| Some((canary.weight, mesh.bindings.targets.get(canary.waypoint)?.name())));
    if let Some((weight, name)) = named {
        walk.caveat(|| {
            format!("{weight} % of the connections go to canary waypoint {name}, which was not walked")
        });
    }
}

/// The waypoint that a destination uses, what says so, and why it has none though it names one.
pub(super) fn used<'m>(
    mesh: &'m Mesh,
    way: &ResolvedDestination,
) -> (Option<&'m Waypoint>, Option<crate::snapshot::Cause>, Option<String>) {
    if mesh.rules.waypoints.attachment == Attachment::ServiceAccount {
        let serves = |waypoint: &&Waypoint| {
            way.service.is_some_and(|id| waypoint.serves(id))
                || way.workload.is_some_and(|id| waypoint.workloads.contains(&id))
        };
        let waypoint = mesh.waypoints.iter().find(serves);
        return (waypoint, waypoint.map(|waypoint| waypoint.gateway.object_ref().into()), None);
    }
    let (binding, cause) = match (way.service, way.workload) {
        (Some(id), _) => (mesh.bindings.of_service(id), causes::use_waypoint(mesh, id)),
        (None, Some(id)) => (mesh.bindings.of_workload(id), causes::workload_uses_waypoint(mesh, id)),
        (None, None) => (None, None),
    };
    let named = |binding: &Binding| mesh.bindings.waypoint(binding).map(|target| target.name());
    let name = binding.and_then(named);
    let waypoint = name.and_then(|name| mesh.waypoint(&name));
    let refusal = binding.and_then(|binding| binding.refusal.as_ref()).map(ToString::to_string);
    (waypoint, cause, refusal)
}

/// Through a waypoint.
pub(super) fn through<'a>(
    walk: &mut Walk<'a>,
    client: &Client<'a>,
    way: &ResolvedDestination,
    waypoint: &'a Waypoint,
) -> End<'a> {
    walk.waypoint = Some(&waypoint.name);
    if waypoint.data_plane != DataPlane::Envoy {
        return End::new(Verdict::Unknown, Place::Waypoint, "the waypoint is run by another data plane");
    }
    if waypoint.readiness_assumed {
        walk.caveat(|| format!("waypoint {} was taken as ready: its status has no address", waypoint.name));
    }
    let Some(ip) = way.ip else {
        let reason =
            "the Service has no address of its own: its clients dial pods; ask for pod/NAME.NAMESPACE";
        return End::new(Verdict::Unknown, Place::Client, reason);
    };
    let Some(proxy) = walk.tracer.proxy(waypoint) else {
        return End::new(Verdict::Unknown, Place::Waypoint, "its resources were not asked for");
    };
    tunnel::walk(walk, proxy, client, (ip, way.port))
}

/// Straight to the endpoints, past any waypoint.
pub(super) fn straight<'a>(walk: &mut Walk<'a>, client: &Client<'a>, way: &ResolvedDestination) -> End<'a> {
    let mesh = walk.mesh;
    let target = match (way.service, way.workload, way.ip) {
        (Some(id), ..) => of_service(mesh, id, way.port),
        (None, Some(id), Some(ip)) => Some(Target {
            endpoints: vec![picked(ip.to_string(), way.port, mesh.workloads.get(id), 1.0)],
            probability: 1.0,
            ..Target::default()
        }),
        (None, None, Some(_)) => {
            let reason = "the address is of nobody that the snapshot has: the client dials it itself";
            return End::new(Verdict::Unknown, Place::Client, reason);
        }
        (None, _, None) => None,
    };
    let Some(target) = target else {
        let reason = walk.say(|| format!("the destination has no port {}", way.port));
        return End::new(Verdict::Failed, Place::Client, reason);
    };
    let is_empty = target.endpoints.is_empty();
    walk.reached.push(Reached::Straight(Box::new(target)));
    if is_empty {
        return End::new(Verdict::Failed, Place::Client, "the Service has no endpoint that is ready");
    }
    let identity =
        client.id.as_deref().filter(|_| matches!(client.sender, Sender::Ztunnel | Sender::Gateway));
    let peer = Peer { identity, address: client.address };
    ztunnel::walk(walk, &Peers { tunnelled: peer, plain: peer })
}

fn picked(address: String, port: u16, workload: Option<&Workload>, probability: f64) -> Picked {
    let address =
        if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") };
    Picked {
        address,
        workload: workload.map(|workload| format!("{}/{}", workload.namespace, workload.name)),
        probability,
    }
}

/// The endpoints of a Service's port; none if it has no such port.
pub(super) fn of_service(mesh: &Mesh, id: ServiceId, port: u16) -> Option<Target> {
    let service = mesh.services.get(id)?;
    let known = service.port(u32::from(port))?;
    let all = mesh.endpoints.of(id).iter().filter(|endpoint| endpoint.service_port == known.name);
    let ready: Vec<_> = all.filter(|endpoint| endpoint.health == Health::Healthy).collect();
    let odds = shares(ready.iter().map(|endpoint| endpoint.weight.max(1)));
    let endpoints = ready.iter().zip(odds).filter_map(|(endpoint, share)| {
        let workload = endpoint.workload.and_then(|id| mesh.workloads.get(id));
        Some(picked(endpoint.address.to_string(), u16::try_from(endpoint.port).ok()?, workload, share))
    });
    Some(Target {
        service: Some(service.hostname.to_string()),
        probability: 1.0,
        endpoints: endpoints.collect(),
        ..Target::default()
    })
}
