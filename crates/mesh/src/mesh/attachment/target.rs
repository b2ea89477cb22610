//! What a `targetRef` refers to.

use crate::Str;
use crate::mesh::service::{Service, ServiceSource};
use crate::mesh::waypoint::Waypoint;
use crate::snapshot::Meta;
use crate::snapshot::selector::PolicyTargetReference;
use crate::well_known::{GATEWAY_GROUP, ISTIO_GROUP, WAYPOINT_CLASS};

/// The kinds of things that an object can refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetKind {
    /// One Gateway.
    Gateway,
    /// All Gateways of a class.
    GatewayClass,
    /// A Kubernetes Service.
    Service,
    /// A ServiceEntry.
    ServiceEntry,
}

impl TargetKind {
    /// The kind that a reference's group and kind name; none where Istio knows no such target. The core
    /// group's name is empty; Istio takes `core` too.
    fn of(reference: &PolicyTargetReference) -> Option<Self> {
        match (reference.group.as_str(), reference.kind.as_str()) {
            ("" | "core", "Service") => Some(Self::Service),
            (ISTIO_GROUP, "ServiceEntry") => Some(Self::ServiceEntry),
            (GATEWAY_GROUP, "GatewayClass") => Some(Self::GatewayClass),
            (GATEWAY_GROUP, "Gateway") => Some(Self::Gateway),
            _ => None,
        }
    }
}

/// Something that can be referred to, and the namespace of the objects that can: nothing refers into another
/// namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target {
    kind: TargetKind,
    /// The namespace of the target and of what refers to it; of a class the root namespace.
    pub(super) namespace: Str,
    name: Str,
}

impl Target {
    /// What an object's reference refers to, if it can be anything.
    ///
    /// | target | a reference to it counts |
    /// |---|---|
    /// | Gateway | if it names no other namespace than the object's |
    /// | GatewayClass | in the root namespace, for the class of waypoints |
    /// | Service, ServiceEntry | as one of the object's namespace, whatever namespace it names |
    pub(super) fn of(reference: &PolicyTargetReference, object: &Meta, root_namespace: &str) -> Option<Self> {
        let kind = TargetKind::of(reference)?;
        let counts = match kind {
            TargetKind::Gateway => reference.namespace.is_empty() || reference.namespace == object.namespace,
            TargetKind::GatewayClass => object.namespace == root_namespace,
            TargetKind::Service | TargetKind::ServiceEntry => true,
        };
        let target = Self { kind, namespace: object.namespace.clone(), name: reference.name.clone() };
        counts.then_some(target)
    }

    pub(super) fn kind(&self) -> TargetKind {
        self.kind
    }

    /// A waypoint's Gateway.
    pub(super) fn gateway(waypoint: &Waypoint) -> Self {
        let name = &waypoint.name;
        Self { kind: TargetKind::Gateway, namespace: name.namespace.clone(), name: name.name.clone() }
    }

    /// The class of waypoints.
    pub(super) fn class(root_namespace: &Str) -> Self {
        let name = Str::new_static(WAYPOINT_CLASS);
        Self { kind: TargetKind::GatewayClass, namespace: root_namespace.clone(), name }
    }

    /// The object behind a Service: a ServiceEntry is referred to by its own name, not by its host.
    pub(super) fn service(service: &Service) -> Self {
        let kind = match service.source {
            ServiceSource::Kubernetes(_) => TargetKind::Service,
            ServiceSource::ServiceEntry(_) => TargetKind::ServiceEntry,
        };
        Self { kind, namespace: service.namespace.clone(), name: service.object_name().clone() }
    }
}
