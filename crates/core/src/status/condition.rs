//! What a status is made of.

use serde::Serialize;

use crate::Str;
use crate::snapshot::gateway_api::route::ParentReference;
use crate::snapshot::{Cause, ObjectRef};

/// The status of one object, as far as Istio writes it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Status {
    /// The object.
    pub object: ObjectRef,
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// A Gateway's addresses, or those that were allocated for the hosts of a ServiceEntry.
    pub addresses: Vec<Address>,
    /// A Gateway's listeners, or a ListenerSet's.
    pub listeners: Vec<ListenerStatus>,
    /// How many ListenerSets add listeners to a Gateway.
    pub attached_listener_sets: usize,
    /// What a route says of each of its parents, or a policy for backends of each of its ancestors.
    pub parents: Vec<ParentStatus>,
}

impl Status {
    /// A status that says nothing yet.
    #[must_use]
    pub fn of(object: ObjectRef) -> Self {
        Self {
            object,
            conditions: Vec::new(),
            addresses: Vec::new(),
            listeners: Vec::new(),
            attached_listener_sets: 0,
            parents: Vec::new(),
        }
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
            && self.addresses.is_empty()
            && self.listeners.is_empty()
            && self.parents.is_empty()
    }
}

/// One condition of an object, of a listener or for a parent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Condition {
    /// What it is about: `Accepted`, `istio.io/WaypointBound`, …
    pub condition_type: Str,
    /// Whether that is so.
    pub status: ConditionStatus,
    /// Why, in one word.
    pub reason: Str,
    /// Why, in Istio's words.
    pub message: String,
    /// The field manager that writes it, where several share a status.
    pub manager: Option<Manager>,
    /// What decided it, the most decisive first. Empty where nothing but the object itself did.
    pub causes: Vec<Cause>,
}

/// Whether something is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum ConditionStatus {
    /// It is.
    True,
    /// It is not.
    False,
    /// Nobody has said.
    Unknown,
}

impl ConditionStatus {
    /// `True`, `False` or `Unknown`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for ConditionStatus {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// Who writes conditions by server-side apply: each owns its own, and takes those of others that it writes
/// too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Manager {
    /// Of Services and ServiceEntries.
    AmbientService,
    /// Of WorkloadEntries.
    AmbientWorkloadEntry,
    /// Of AuthorizationPolicies: whether a waypoint enforces them.
    AmbientWaypointPolicy,
    /// Of AuthorizationPolicies: whether ztunnel does.
    AmbientZtunnelPolicy,
}

impl Manager {
    /// The manager's name, as it stands in `metadata.managedFields`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AmbientService => "istio-ambient-service",
            Self::AmbientWorkloadEntry => "istio-ambient-workloadentry",
            Self::AmbientWaypointPolicy => "istio-ambient-waypoint-policy",
            Self::AmbientZtunnelPolicy => "istio-ambient-ztunnel-policy",
        }
    }
}

impl Condition {
    /// A condition.
    pub fn new(
        condition_type: impl Into<Str>,
        status: impl Into<ConditionStatus>,
        reason: impl Into<Str>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            condition_type: condition_type.into(),
            status: status.into(),
            reason: reason.into(),
            message: message.into(),
            manager: None,
            causes: Vec::new(),
        }
    }

    /// The same condition, written by this manager.
    #[must_use]
    pub fn by(mut self, manager: Manager) -> Self {
        self.manager = Some(manager);
        self
    }

    /// The same condition with something more that decided it.
    #[must_use]
    pub fn because(mut self, causes: impl IntoIterator<Item = Cause>) -> Self {
        self.causes.extend(causes);
        self
    }
}

/// Why something does not hold: what a condition says instead of its good news.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) reason: Str,
    pub(super) message: String,
    pub(super) causes: Vec<Cause>,
}

impl Fault {
    pub(super) fn new(reason: impl Into<Str>, message: impl Into<String>) -> Self {
        Self { reason: reason.into(), message: message.into(), causes: Vec::new() }
    }

    /// The same fault with what has it.
    pub(super) fn at(mut self, cause: Cause) -> Self {
        self.causes.push(cause);
        self
    }

    /// This fault and another one after it: the reason is the first one's.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.message = format!("{}; {}", self.message, other.message);
        self.causes.extend(other.causes);
        self
    }

    /// The condition that does not hold because of it.
    pub(super) fn condition(self, condition_type: &'static str) -> Condition {
        Condition::new(condition_type, false, self.reason, self.message).because(self.causes)
    }
}

/// An address in a status.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Address {
    /// A Gateway's: `IPAddress` or `Hostname`. A ServiceEntry's: the host that it was allocated for.
    pub kind: Str,
    /// The address.
    pub value: Str,
}

/// The status of a listener.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ListenerStatus {
    /// The listener's name.
    pub name: Str,
    /// How many routes are attached to it.
    pub attached_routes: usize,
    /// The kinds of routes that may be.
    pub supported_kinds: Vec<RouteKind>,
    /// Its conditions.
    pub conditions: Vec<Condition>,
}

/// A kind of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteKind {
    /// HTTPRoutes.
    Http,
    /// GRPCRoutes.
    Grpc,
    /// TCPRoutes.
    Tcp,
    /// TLSRoutes.
    Tls,
}

impl RouteKind {
    /// The kind's name; its group is always `gateway.networking.k8s.io`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "HTTPRoute",
            Self::Grpc => "GRPCRoute",
            Self::Tcp => "TCPRoute",
            Self::Tls => "TLSRoute",
        }
    }
}

/// The status of a route for one of its parents, or of a policy for one of its ancestors.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ParentStatus {
    /// The parent.
    pub reference: ParentReference,
    /// The controller that speaks; empty where it does not say so.
    pub controller: Str,
    /// What it says.
    pub conditions: Vec<Condition>,
}

impl ParentStatus {
    /// The parent as `Kind/namespace/name`, with the section and the port that are meant; `object` is what
    /// refers to it.
    #[must_use]
    pub fn name(&self, object: &ObjectRef) -> String {
        let parent = &self.reference;
        let kind = parent.kind.as_deref().unwrap_or("Gateway");
        let namespace = parent.namespace.as_ref().unwrap_or(&object.namespace);
        let section = parent.section_name.as_ref().map(|section| format!("/{section}")).unwrap_or_default();
        let port = parent.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{kind}/{namespace}/{}{section}{port}", parent.name)
    }
}
