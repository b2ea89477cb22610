//! What is to be described, and the object of that name.

use std::fmt;
use std::str::FromStr;

use crate::Str;
use crate::mesh::Mesh;
use crate::names::named;
use crate::snapshot::{Kind, ObjectRef};

/// What sort of thing is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubjectKind {
    /// A Service or ServiceEntry.
    Service,
    /// A Pod or WorkloadEntry.
    Pod,
    /// A Gateway that is a waypoint.
    Waypoint,
    /// What binds to targets: AuthorizationPolicy, RequestAuthentication, Telemetry, WasmPlugin,
    /// TrafficExtension, EnvoyFilter.
    Policy,
    /// VirtualService, HTTPRoute, GRPCRoute, TCPRoute, TLSRoute.
    Route,
}

/// A word that is no sort of thing to describe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be described: expected service, pod, waypoint, policy or route")]
pub struct NotASubjectKind(String);

impl SubjectKind {
    /// Every sort.
    pub const ALL: [Self; 5] = [Self::Service, Self::Pod, Self::Waypoint, Self::Policy, Self::Route];

    /// `service`, `pod`, `waypoint`, `policy` or `route`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Pod => "pod",
            Self::Waypoint => "waypoint",
            Self::Policy => "policy",
            Self::Route => "route",
        }
    }

    /// The kinds of objects that are such a thing. One name may be used by several: the first counts.
    const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Service => &[Kind::Service, Kind::ServiceEntry],
            Self::Pod => &[Kind::Pod, Kind::WorkloadEntry],
            Self::Waypoint => &[Kind::Gateway],
            Self::Policy => &[
                Kind::AuthorizationPolicy,
                Kind::RequestAuthentication,
                Kind::Telemetry,
                Kind::WasmPlugin,
                Kind::TrafficExtension,
                Kind::EnvoyFilter,
            ],
            Self::Route => {
                &[Kind::VirtualService, Kind::HttpRoute, Kind::GrpcRoute, Kind::TcpRoute, Kind::TlsRoute]
            }
        }
    }
}

impl FromStr for SubjectKind {
    type Err = NotASubjectKind;

    fn from_str(word: &str) -> Result<Self, NotASubjectKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or_else(|| NotASubjectKind(word.to_owned()))
    }
}

/// What is to be described: a sort of thing, and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The sort.
    pub kind: SubjectKind,
    /// The name, or `NAME.NAMESPACE`.
    pub name: Str,
    /// The namespace; without one the object may be in any, if there is only one of that name.
    pub namespace: Option<Str>,
}

impl Subject {
    /// A thing of this name, in a namespace or in whichever has it.
    #[must_use]
    pub fn new(kind: SubjectKind, name: &str, namespace: Option<&str>) -> Self {
        Self { kind, name: name.into(), namespace: namespace.map(Str::from) }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind.as_str(), self.name)?;
        self.namespace.iter().try_for_each(|namespace| write!(f, " in namespace `{namespace}`"))
    }
}

/// Why nothing is described.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotFound {
    /// There is none.
    #[error("there is no {0} in the snapshot")]
    Nothing(Subject),
    /// There are several.
    #[error("there are several: {}; name the namespace (NAME.NAMESPACE)", list(.0))]
    Several(Vec<ObjectRef>),
}

fn list(objects: &[ObjectRef]) -> String {
    objects.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The object that a subject names. A name with dots is looked for as it stands, then as `NAME.NAMESPACE`.
pub(super) fn find(mesh: &Mesh, subject: &Subject) -> Result<ObjectRef, NotFound> {
    let all: Vec<ObjectRef> = subject
        .kind
        .kinds()
        .iter()
        .flat_map(|kind| {
            let mut of_kind: Vec<ObjectRef> = mesh
                .snapshot
                .sources()
                .map(|(object, _)| object)
                .filter(|object| object.kind == *kind)
                .collect();
            of_kind.retain(|object| subject.kind != SubjectKind::Waypoint || is_waypoint(mesh, object));
            of_kind
        })
        .collect();
    let wanted = (subject.name.as_str(), subject.namespace.as_deref());
    let found = named(&all, wanted, |object| (&object.namespace, &object.name));
    let Some(first) = found.first() else { return Err(NotFound::Nothing(subject.clone())) };
    if found.iter().any(|object| object.namespace != first.namespace) {
        return Err(NotFound::Several(found.into_iter().cloned().collect()));
    }
    Ok((*first).clone())
}

fn is_waypoint(mesh: &Mesh, gateway: &ObjectRef) -> bool {
    let is_it = |namespace: &str, name: &str| gateway.namespace == namespace && gateway.name == name;
    mesh.waypoints.iter().any(|waypoint| is_it(&waypoint.name.namespace, &waypoint.name.name))
}
