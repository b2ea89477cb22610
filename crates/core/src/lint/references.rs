//! What `targetRefs` name.

use super::{Context, scope};
use crate::mesh::{DataPlane, Waypoint};
use crate::snapshot::selector::PolicyTargetReference;
use crate::snapshot::{Kind, Labels, Meta, ObjectRef};
use crate::well_known::{GATEWAY_GROUP, ISTIO_GROUP, WAYPOINT_CLASS};

/// What a reference is to.
pub(crate) enum Referred<'m> {
    /// A Gateway that is a waypoint.
    Waypoint(&'m Waypoint),
    /// Every waypoint: their class, in an object of the root namespace.
    Class,
    /// A Service or ServiceEntry.
    Service(ObjectRef),
    /// Something else, or nothing that is there.
    Other,
}

/// The references of an object, each with its field; the single one counts where there is no list.
pub(crate) fn references<'o>(
    single: Option<&'o PolicyTargetReference>,
    list: &'o [PolicyTargetReference],
) -> impl Iterator<Item = (String, &'o PolicyTargetReference)> {
    let single = single.filter(|_| list.is_empty()).map(|reference| ("spec.targetRef".to_owned(), reference));
    let list = list.iter().enumerate().map(|(i, reference)| (format!("spec.targetRefs[{i}]"), reference));
    single.into_iter().chain(list)
}

/// What a reference of an object is to. A Gateway of another namespace is never meant, a Service always one
/// of the object's.
pub(crate) fn referred<'m>(
    cx: &Context<'m>,
    object: &Meta,
    reference: &PolicyTargetReference,
) -> Referred<'m> {
    let own = |kind| ObjectRef::new(kind, object.namespace.clone(), reference.name.clone());
    match (reference.group.as_str(), reference.kind.as_str()) {
        ("" | "core", "Service") => Referred::Service(own(Kind::Service)),
        (ISTIO_GROUP, "ServiceEntry") => Referred::Service(own(Kind::ServiceEntry)),
        (GATEWAY_GROUP, "GatewayClass")
            if reference.name == WAYPOINT_CLASS && object.namespace == cx.mesh.config.root_namespace =>
        {
            Referred::Class
        }
        (GATEWAY_GROUP, "Gateway")
            if reference.namespace.is_empty() || reference.namespace == object.namespace =>
        {
            let name = (object.namespace.as_str(), reference.name.as_str());
            envoy_waypoints(cx)
                .find(|waypoint| (waypoint.name.namespace.as_str(), waypoint.name.name.as_str()) == name)
                .map_or(Referred::Other, Referred::Waypoint)
        }
        _ => Referred::Other,
    }
}

/// The waypoints that Envoy runs.
pub(super) fn envoy_waypoints<'m>(cx: &Context<'m>) -> impl Iterator<Item = &'m Waypoint> + use<'m> {
    cx.mesh.waypoints.iter().filter(|waypoint| is_envoy(waypoint))
}

/// A waypoint that Envoy runs whose pods an object's selector selects.
pub(super) fn selected_envoy_waypoint<'m>(
    cx: &Context<'m>,
    object: &Meta,
    selector: &Labels,
) -> Option<&'m Waypoint> {
    scope::selected_waypoints(cx, object, selector).find(|waypoint| is_envoy(waypoint))
}

fn is_envoy(waypoint: &Waypoint) -> bool {
    waypoint.data_plane == DataPlane::Envoy
}
