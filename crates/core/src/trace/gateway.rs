//! The client's side, where that is a gateway for ingress.
//!
//! Source: [ambient and gateways](https://istio.io/latest/docs/ambient/usage/waypoint/),
//! `istio.io/ingress-use-waypoint`.

use super::client::{note_canary, straight, through, used};
use super::destination::ResolvedDestination;
use super::outcome::{Decision, Place};
use super::source::Client;
use super::walk::{End, Walk};
use crate::mesh::waypoint::INGRESS_USE_WAYPOINT;
use crate::mesh::{Mesh, ServiceId};
use crate::rules::Attachment;
use crate::snapshot::{self, Cause, FieldPath};

/// Walks from a gateway for ingress, whose own routes and policies are not walked.
pub(super) fn walk<'a>(walk: &mut Walk<'a>, client: &Client<'a>, way: &ResolvedDestination) -> End<'a> {
    let mesh = walk.mesh;
    let id = client.id.as_deref().unwrap_or_default();
    walk.caveat(|| {
        format!(
            "the request was taken as it leaves the gateway ({id}): its routes and policies were not walked"
        )
    });
    let (waypoint, uses, refusal) = used(mesh, way);
    let always = always(mesh);
    let what = "gateway for ingress";
    match waypoint {
        Some(waypoint) if sends_to_waypoints(mesh, way) => {
            let cause = if always { uses } else { label(mesh, way.service) };
            let text = || format!("the gateway sends to waypoint {}", waypoint.name);
            walk.step(Place::Client, what, Decision::Taken, text).because(cause);
            note_canary(walk, way);
            through(walk, client, way, waypoint)
        }
        Some(waypoint) => {
            let text = || {
                format!("past waypoint {}: nothing says `{INGRESS_USE_WAYPOINT}: \"true\"`", waypoint.name)
            };
            walk.step(Place::Client, what, Decision::Skipped, text)
                .because(label(mesh, way.service).or(uses));
            straight(walk, client, way)
        }
        None => {
            let why = refusal.unwrap_or_else(|| "the destination uses none".to_owned());
            walk.step(Place::Client, what, Decision::Skipped, || format!("no waypoint: {why}")).because(uses);
            straight(walk, client, way)
        }
    }
}

/// Gateways of 1.18 send to waypoints.
fn always(mesh: &Mesh) -> bool {
    mesh.rules.waypoints.attachment == Attachment::ServiceAccount
}

/// Whether gateways for ingress send to the waypoint of a destination, where it has one.
pub(super) fn sends_to_waypoints(mesh: &Mesh, way: &ResolvedDestination) -> bool {
    let says = way.service.and_then(|id| mesh.bindings.of_service(id)).and_then(|binding| binding.ingress);
    always(mesh) || says == Some(true)
}

/// What says whether gateways send to the waypoint: the Service, else its namespace.
fn label(mesh: &Mesh, service: Option<ServiceId>) -> Option<Cause> {
    const LABEL: FieldPath = FieldPath::field(r#"metadata.labels["istio.io/ingress-use-waypoint"]"#);
    let service = mesh.services.get(service?)?;
    if service.source.meta().labels.contains_key(INGRESS_USE_WAYPOINT) {
        return Some(Cause::new(service.source.object(), LABEL));
    }
    let namespace = snapshot::find(&mesh.snapshot.namespaces, "", &service.namespace)?;
    let says = namespace.meta.labels.contains_key(INGRESS_USE_WAYPOINT);
    says.then(|| Cause::new(namespace.object_ref(), LABEL))
}
