//! What a route attaches to: the parents that Istio answers for, and whether each accepts the route.

use super::Route;
use crate::Str;
use crate::controllers::are_controlled_by_others;
use crate::mesh::hostname;
use crate::mesh::waypoint::USE_WAYPOINT;
use crate::snapshot::gateway_api::route::ParentReference;
use crate::snapshot::{self, Cause, FieldPath, Kind, Labels, Meta, Object, ObjectRef};
use crate::status::Context;
use crate::status::condition::{Fault, RouteKind};
use crate::status::gateway::listener::Listener;
use crate::well_known::{GATEWAY_GROUP, ISTIO_GROUP};

/// A route's try to attach to one parent: to the mesh, or to one listener of a Gateway or a ListenerSet.
pub(super) struct Attempt<'m> {
    /// The position of the reference in the route.
    pub(super) reference: usize,
    pub(super) parent: Parent<'m>,
    /// Why the parent does not accept the route.
    pub(super) denial: Option<Denial>,
    /// Why the route has no effect in ambient mode.
    pub(super) without_waypoint: Option<Fault>,
}

/// What a route is attached to.
pub(super) enum Parent<'m> {
    Mesh,
    Listener { namespace: &'m Str, owner: &'m Str, listener: &'m Str },
}

/// Why a parent does not accept a route.
pub(super) struct Denial {
    pub(super) reason: DenialReason,
    pub(super) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DenialReason {
    NotAllowed,
    NoHostname,
    NotAccepted,
}

impl DenialReason {
    /// The reason as the Gateway API names it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::NotAllowed => "NotAllowedByListeners",
            Self::NoHostname => "NoMatchingListenerHostname",
            Self::NotAccepted => "NoMatchingParent",
        }
    }

    /// How far the route was from being accepted.
    pub(super) const fn rank(self) -> u8 {
        match self {
            Self::NotAllowed => 1,
            Self::NoHostname => 2,
            Self::NotAccepted => 4,
        }
    }

    fn because(self, message: impl Into<String>) -> Denial {
        Denial { reason: self, message: message.into() }
    }
}

/// Every try of a route, in the order of its references.
pub(super) fn attempts<'m, T: Route>(cx: &'m Context<'_>, object: &Object<T>) -> Vec<Attempt<'m>> {
    let route =
        Attaching { kind: T::ROUTE, namespace: &object.meta.namespace, hostnames: object.spec.hostnames() };
    let references = object.spec.parents().iter().enumerate();
    references.flat_map(|(index, reference)| route.to(cx, index, reference)).collect()
}

/// A route, as its parents see it.
struct Attaching<'r> {
    kind: RouteKind,
    namespace: &'r str,
    hostnames: &'r [Str],
}

impl Attaching<'_> {
    fn to<'m>(&self, cx: &'m Context<'_>, index: usize, reference: &ParentReference) -> Vec<Attempt<'m>> {
        let group = reference.group.as_deref().unwrap_or(GATEWAY_GROUP);
        let namespace = reference.namespace.as_deref().unwrap_or(self.namespace);
        match (group, reference.kind.as_deref().unwrap_or("Gateway")) {
            ("", "Service") => self.to_mesh(cx, index, Kind::Service, &reference.name, namespace),
            (ISTIO_GROUP, "ServiceEntry") => {
                self.to_mesh(cx, index, Kind::ServiceEntry, &reference.name, namespace)
            }
            (GATEWAY_GROUP, "Gateway") => {
                let view = cx.gateway(namespace, &reference.name);
                view.map_or_else(Vec::new, |view| {
                    self.to_listeners(&view.object.meta, view.parents(cx), index, reference)
                })
            }
            (GATEWAY_GROUP, "ListenerSet") => {
                let found = cx.listener_set(namespace, &reference.name);
                found.map_or_else(Vec::new, |(_, set)| {
                    self.to_listeners(&set.object.meta, set.attached(), index, reference)
                })
            }
            // Another controller's.
            _ => Vec::new(),
        }
    }

    fn to_mesh<'m>(
        &self,
        cx: &Context<'_>,
        reference: usize,
        kind: Kind,
        name: &str,
        namespace: &str,
    ) -> Vec<Attempt<'m>> {
        let labels = labels(cx, kind, name, namespace);
        if labels.is_some_and(|labels| {
            are_controlled_by_others(&cx.mesh.snapshot, &cx.mesh.options.features, labels, namespace)
        }) {
            return Vec::new();
        }
        let (denial, without_waypoint) = match labels {
            None => {
                let what = if kind == Kind::Service { "service" } else { "service entry" };
                let message = format!("parent {what}: \"{name}\" not found");
                (
                    Some(DenialReason::NotAccepted.because(message)),
                    Some(Fault::new("NoMatchingParent", "parent not found")),
                )
            }
            Some(labels) => (None, without_waypoint(cx, labels, ObjectRef::new(kind, namespace, name))),
        };
        vec![Attempt { reference, parent: Parent::Mesh, denial, without_waypoint }]
    }

    /// To the listeners of a Gateway or a ListenerSet.
    fn to_listeners<'m>(
        &self,
        owner: &'m Meta,
        listeners: impl Iterator<Item = &'m Listener<'m>>,
        index: usize,
        reference: &ParentReference,
    ) -> Vec<Attempt<'m>> {
        let attempt = |listener: &'m Listener<'_>| Attempt {
            reference: index,
            parent: Parent::Listener {
                namespace: &owner.namespace,
                owner: &owner.name,
                listener: &listener.spec.name,
            },
            denial: self.denial(listener, reference),
            without_waypoint: None,
        };
        listeners.map(attempt).collect()
    }

    /// Why a listener does not accept the route.
    fn denial(&self, listener: &Listener<'_>, reference: &ParentReference) -> Option<Denial> {
        if let Some(port) = reference.port.filter(|port| *port != 0 && *port != listener.spec.port) {
            return Some(DenialReason::NotAccepted.because(format!("port {port} not found")));
        }
        let section = reference.section_name.as_ref().filter(|section| !section.is_empty());
        if let Some(section) = section.filter(|section| **section != listener.spec.name) {
            return Some(DenialReason::NotAccepted.because(format!("sectionName \"{section}\" not found")));
        }
        self.denial_of_hostnames(listener).or_else(|| self.denial_of_kind(listener))
    }

    fn denial_of_hostnames(&self, listener: &Listener<'_>) -> Option<Denial> {
        let original = listener.spec.hostname.as_deref().unwrap_or_default();
        let of_listener = listener.spec.hostname.as_deref().unwrap_or("*");
        let any = self.hostnames.is_empty();
        if !any && !self.hostnames.iter().any(|name| hostname::overlap(of_listener, name)) {
            let message = format!("no hostnames matched parent hostname \"{original}\"");
            return Some(DenialReason::NoHostname.because(message));
        }
        (!listener.admits.contains(self.namespace)).then(|| {
            DenialReason::NotAllowed.because(format!(
                "hostnames matched parent hostname \"{original}\", but namespace \"{}\" is not allowed by the parent",
                self.namespace
            ))
        })
    }

    fn denial_of_kind(&self, listener: &Listener<'_>) -> Option<Denial> {
        (!listener.kinds.contains(&self.kind)).then(|| {
            let kind = self.kind.as_str();
            DenialReason::NotAllowed.because(format!("kind {GATEWAY_GROUP}/v1/{kind} is not allowed"))
        })
    }
}

/// The labels of a Service or ServiceEntry, if it is there.
fn labels<'m>(cx: &Context<'m>, kind: Kind, name: &str, namespace: &str) -> Option<&'m Labels> {
    let snapshot = &cx.mesh.snapshot;
    if kind == Kind::Service {
        snapshot::find(&snapshot.services, namespace, name).map(|object| &object.meta.labels)
    } else {
        snapshot::find(&snapshot.service_entries, namespace, name).map(|object| &object.meta.labels)
    }
}

/// Whether labels name a waypoint.
fn name_waypoint(labels: &Labels) -> bool {
    labels.get(USE_WAYPOINT).is_some_and(|name| !name.is_empty() && !name.eq_ignore_ascii_case("none"))
}

/// That neither a parent nor its namespace names a waypoint.
fn without_waypoint(cx: &Context<'_>, labels: &Labels, parent: ObjectRef) -> Option<Fault> {
    if name_waypoint(labels) {
        return None;
    }
    let namespace = snapshot::find(&cx.mesh.snapshot.namespaces, "", &parent.namespace)?;
    (!name_waypoint(&namespace.meta.labels)).then(|| {
        let message = "istio.io/use-waypoint label missing from parent and parent namespace; in ambient \
                       mode, route will not be respected";
        let field = FieldPath::field("metadata.labels[\"istio.io/use-waypoint\"]");
        Fault::new("MissingUseWaypointLabel", message)
            .at(Cause::new(parent, field))
            .at(Cause::new(namespace.object_ref(), field))
    })
}
