//! The client's side: who asks, whom, and which waypoint its ztunnel uses.

use std::net::IpAddr;

use super::balance::shares;
use super::destination::Way;
use super::outcome::{Decision, Outcome, Picked, Place, Target, Verdict};
use super::request::{Request, Source, Via};
use super::walk::Walk;
use super::{tunnel, ztunnel};
use crate::Str;
use crate::describe::{DataPlaneMode, data_plane_mode};
use crate::mesh::endpoint::Health;
use crate::mesh::waypoint::Binding;
use crate::mesh::{DataPlane, Mesh, ServiceId, Waypoint, WaypointName, Workload};
use crate::resources::origin;
use crate::rules::Attachment;
use crate::snapshot::Cause;

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
        Via::Waypoint(_) | Via::Ztunnel => Ok(()),
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// Its SPIFFE id, if it has one.
    pub(super) id: Option<String>,
    /// Its address, if that is known.
    pub(super) address: Option<IpAddr>,
    mode: DataPlaneMode,
    pub(super) namespace: Str,
    /// The pod, where it is one.
    cause: Option<Cause>,
}

/// Finds out who asks.
pub(super) fn client(mesh: &Mesh, request: &Request) -> Result<Client, NoSuchThing> {
    let spiffe = |namespace: &str, account: &str| {
        format!("spiffe://{}/ns/{namespace}/sa/{account}", mesh.config.trust_domain)
    };
    let ambient = |id: String, namespace: &Str| Client {
        id: Some(id),
        address: request.source_address,
        mode: DataPlaneMode::Ambient,
        namespace: namespace.clone(),
        cause: None,
    };
    Ok(match &request.source {
        Source::Outside => Client {
            id: None,
            address: request.source_address,
            mode: DataPlaneMode::None,
            namespace: Str::default(),
            cause: None,
        },
        Source::ServiceAccount { namespace, name } => ambient(spiffe(namespace, name), namespace),
        Source::Spiffe(id) => {
            let namespace = id.split_once("/ns/").and_then(|(_, rest)| rest.split('/').next());
            ambient(id.to_string(), &Str::from(namespace.unwrap_or_default()))
        }
        Source::Pod { namespace, name } => {
            let pod = mesh.workloads.pod(namespace, name).and_then(|id| mesh.workloads.get(id));
            let pod =
                pod.ok_or_else(|| NoSuchThing::Pod { namespace: namespace.clone(), name: name.clone() })?;
            let mode = data_plane_mode(mesh, pod);
            Client {
                id: (mode != DataPlaneMode::None).then(|| spiffe(namespace, &pod.service_account)),
                address: request.source_address.or_else(|| pod.addresses.first().copied()),
                mode,
                namespace: namespace.clone(),
                cause: Some(pod.source.cause()),
            }
        }
    })
}

/// Walks from the client.
pub(super) fn walk(walk: &mut Walk<'_>, client: &Client, way: &Way) -> Outcome {
    let mesh = walk.mesh;
    if let Via::Waypoint(name) = &walk.request.via {
        let waypoint = mesh.waypoints.iter().find(|waypoint| waypoint.name == *name);
        let Some(waypoint) = waypoint else {
            let error = NoSuchThing::Waypoint(name.clone());
            return Outcome::new(Verdict::Failed, Place::Client, error.to_string());
        };
        walk.step(Place::Client, "client", Decision::Taken, format!("waypoint {name}, as asked for"));
        return through(walk, client, way, waypoint);
    }
    note_destination(walk, way);
    match client.mode {
        DataPlaneMode::Ambient => {}
        DataPlaneMode::None => {
            let text = "the client is not in the mesh: its connection goes past any waypoint";
            walk.step(Place::Client, "client", Decision::Skipped, text).because(client.cause.clone());
            return straight(walk, client, way);
        }
        DataPlaneMode::Sidecar => {
            let text =
                "the client has a sidecar, which does not use waypoints: its own configuration decides";
            walk.step(Place::Client, "client", Decision::Skipped, text).because(client.cause.clone());
            walk.may_change("what a client's sidecar does is not known here");
            return straight(walk, client, way);
        }
    }
    let (waypoint, cause, refusal) = used(mesh, way);
    match waypoint {
        Some(waypoint) => {
            let text = format!("the client's ztunnel uses waypoint {}", waypoint.name);
            walk.step(Place::Client, "ztunnel of the client", Decision::Taken, text).because(cause);
            note_canary(walk, way);
            through(walk, client, way, waypoint)
        }
        None => {
            let why = match (&refusal, &cause, way.service) {
                (Some(refusal), ..) => refusal.as_str(),
                (None, None, _) => "nothing names one",
                (None, Some(_), Some(_)) => "the label opts out of it",
                (None, Some(_), None) => "the label opts out of it, or names one that is for Services only",
            };
            let text = format!("no waypoint: {why}");
            walk.step(Place::Client, "ztunnel of the client", Decision::Skipped, text).because(cause);
            straight(walk, client, way)
        }
    }
}

fn note_destination(walk: &mut Walk<'_>, way: &Way) {
    let mesh = walk.mesh;
    let service = way.service.and_then(|id| mesh.services.get(id));
    let workload = way.workload.and_then(|id| mesh.workloads.get(id));
    let address = way.ip.map_or_else(|| "no address of its own".to_owned(), |ip| ip.to_string());
    let (text, cause) = match (service, workload) {
        (Some(service), _) => (
            format!("{} ({address}), port {}", service.hostname, way.port),
            Some(service.source.object().into()),
        ),
        (None, Some(workload)) => (
            format!("workload {}/{} ({address}), port {}", workload.namespace, workload.name, way.port),
            Some(workload.source.cause()),
        ),
        (None, None) => (format!("{address}, which no Service and no workload has"), None),
    };
    walk.step(Place::Client, "destination", Decision::Passed, text).because(cause);
}

/// A part of a Service's connections may go to another waypoint.
fn note_canary(walk: &mut Walk<'_>, way: &Way) {
    let mesh = walk.mesh;
    let binding = way.service.and_then(|id| mesh.bindings.of_service(id));
    let canary = binding.and_then(|binding| binding.canary);
    let named =
        canary.and_then(|canary| Some((canary.weight, mesh.bindings.targets.get(canary.waypoint)?.name())));
    if let Some((weight, name)) = named {
        walk.caveat(format!(
            "{weight} % of the connections go to canary waypoint {name}, which was not walked"
        ));
    }
}

/// The waypoint that a destination uses, what says so, and why it has none though it names one.
fn used<'m>(mesh: &'m Mesh, way: &Way) -> (Option<&'m Waypoint>, Option<Cause>, Option<String>) {
    if mesh.rules.waypoints.attachment == Attachment::ServiceAccount {
        let serves = |waypoint: &&Waypoint| {
            way.service.is_some_and(|id| waypoint.serves(id))
                || way.workload.is_some_and(|id| waypoint.workloads.contains(&id))
        };
        let waypoint = mesh.waypoints.iter().find(serves);
        return (waypoint, waypoint.map(|waypoint| waypoint.gateway.object_ref().into()), None);
    }
    let (binding, cause) = match (way.service, way.workload) {
        (Some(id), _) => (mesh.bindings.of_service(id), origin::use_waypoint(mesh, id)),
        (None, Some(id)) => (mesh.bindings.of_workload(id), origin::workload_uses_waypoint(mesh, id)),
        (None, None) => (None, None),
    };
    let named = |binding: &Binding| mesh.bindings.waypoint(binding).map(|target| target.name());
    let name = binding.and_then(named);
    let waypoint = name.and_then(|name| mesh.waypoints.iter().find(|waypoint| waypoint.name == name));
    let refusal = binding.and_then(|binding| binding.refusal.as_ref()).map(ToString::to_string);
    (waypoint, cause, refusal)
}

/// Through a waypoint.
fn through(walk: &mut Walk<'_>, client: &Client, way: &Way, waypoint: &Waypoint) -> Outcome {
    walk.waypoint = Some(waypoint.name.to_string());
    if waypoint.data_plane != DataPlane::Envoy {
        return Outcome::new(Verdict::Unknown, Place::Waypoint, "the waypoint is run by another data plane");
    }
    if waypoint.readiness_assumed {
        walk.caveat(format!("waypoint {} was taken as ready: its status has no address", waypoint.name));
    }
    let Some(ip) = way.ip else {
        let reason =
            "the Service has no address of its own: its clients dial pods; ask for pod/NAME.NAMESPACE";
        return Outcome::new(Verdict::Unknown, Place::Client, reason);
    };
    let translation = walk.translation;
    let Some(resources) = translation.waypoint(&waypoint.name) else {
        return Outcome::new(Verdict::Unknown, Place::Waypoint, "its resources were not asked for");
    };
    tunnel::walk(walk, waypoint, resources, client, (ip, way.port))
}

/// Straight to the endpoints, past any waypoint.
fn straight(walk: &mut Walk<'_>, client: &Client, way: &Way) -> Outcome {
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
            return Outcome::new(Verdict::Unknown, Place::Client, reason);
        }
        (None, _, None) => None,
    };
    let Some(target) = target else {
        let reason = format!("the destination has no port {}", way.port);
        return Outcome::new(Verdict::Failed, Place::Client, reason);
    };
    if target.endpoints.is_empty() {
        walk.destinations.push(target);
        return Outcome::new(Verdict::Failed, Place::Client, "the Service has no endpoint that is ready");
    }
    walk.destinations.push(target);
    let identity = client.id.clone().filter(|_| client.mode == DataPlaneMode::Ambient);
    let peer = ztunnel::Peer { identity, address: client.address };
    ztunnel::walk(walk, &|_| peer.clone())
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
fn of_service(mesh: &Mesh, id: ServiceId, port: u16) -> Option<Target> {
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
