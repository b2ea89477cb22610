//! Why a generated thing exists.

use crate::Str;
use crate::mesh::waypoint::{Binding, NamedBy};
use crate::mesh::{Mesh, Service, ServiceId, WorkloadId};
use crate::snapshot::{Cause, FieldPath, Kind, ObjectRef};

/// What made a resource, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// What was made.
    pub part: Part,
    /// The objects that made it, each with the field that did, the decisive one first. Empty for what every waypoint
    /// gets.
    pub causes: Vec<Cause>,
}

impl Origin {
    /// What made a part.
    pub(crate) fn new(part: Part, causes: Vec<Cause>) -> Self {
        Self { part, causes }
    }

    /// What made a resource as a whole.
    pub(crate) fn of_resource(causes: Vec<Cause>) -> Self {
        Self::new(Part::Resource, causes)
    }
}

/// A part of a resource that has an origin of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The resource as a whole.
    Resource,
    /// A filter chain of a listener, by its name.
    FilterChain(Str),
    /// A policy of the RBAC filters of a filter chain.
    Policy {
        /// The chain's name.
        chain: Str,
        /// The policy's name: `ns[shop]-policy[readers]-rule[0]`.
        name: Str,
    },
    /// What a listener does with connections to an address of a workload.
    Address(Str),
    /// An endpoint of a cluster, by address and port.
    Endpoint(Str),
    /// How a cluster speaks to its endpoints.
    TransportSocket,
    /// The n-th route of the inline route configuration of a filter chain.
    Route {
        /// The chain's name.
        chain: Str,
        /// The route's position.
        index: u32,
    },
}

/// Why a waypoint is there for a Service: the label that names it, on the Service or on its Namespace; nothing in releases
/// that know no such label.
pub(crate) fn use_waypoint(mesh: &Mesh, id: ServiceId) -> Option<Cause> {
    let service = mesh.services.get(id)?;
    label(mesh.bindings.of_service(id)?, service.source.object())
}

/// The same for a workload that is called by its own address.
pub(crate) fn workload_uses_waypoint(mesh: &Mesh, id: WorkloadId) -> Option<Cause> {
    let workload = mesh.workloads.get(id)?;
    label(mesh.bindings.of_workload(id)?, workload.source.object())
}

fn label(binding: &Binding, object: ObjectRef) -> Option<Cause> {
    const LABEL: FieldPath = FieldPath::field(r#"metadata.labels["istio.io/use-waypoint"]"#);
    let object = match binding.named_by? {
        NamedBy::Object => object,
        NamedBy::Namespace => ObjectRef::new(Kind::Namespace, "", object.namespace),
    };
    Some(Cause::new(object, LABEL))
}

/// Why there is something for a port of a Service: the port, or the Service where another object has the port.
pub(crate) fn port(service: &Service, number: u32) -> Cause {
    let position = service.ports.iter().position(|port| port.number == number);
    let field = position.map(|position| FieldPath::at("spec.ports[]", [position])).unwrap_or_default();
    Cause::new(service.source.object(), field)
}
