//! Why a waypoint has something: causes that several parts of a plan share.

use super::Scope;
use crate::Str;
use crate::mesh::clusters::Instance;
use crate::mesh::waypoint::{Binding, NamedBy};
use crate::mesh::{Mesh, Service, ServiceId, WorkloadId};
use crate::snapshot::{Cause, FieldPath, Kind, ObjectRef};

/// Why a waypoint is there for a Service: the label that names it, on the Service or on its Namespace;
/// nothing in releases that know no such label.
pub fn use_waypoint(mesh: &Mesh, id: ServiceId) -> Option<Cause> {
    let service = mesh.services.get(id)?;
    label(mesh.bindings.of_service(id)?, service.source.object())
}

/// The same for a workload that is called by its own address.
pub fn workload_uses_waypoint(mesh: &Mesh, id: WorkloadId) -> Option<Cause> {
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

/// Why there is something for a port of a Service: the port, or the Service where another object has the
/// port.
pub fn port(service: &Service, number: u32) -> Cause {
    let position = service.ports.iter().position(|port| port.number == number);
    let field = position.map(|position| FieldPath::at("spec.ports[]", [position])).unwrap_or_default();
    Cause::new(service.source.object(), field)
}

/// The endpoints of a Service, whatever their state: what lists each, and its workload.
pub fn endpoints(mesh: &Mesh, id: ServiceId) -> Vec<Cause> {
    let mut causes = Vec::new();
    for Instance { endpoint, workload, .. } in mesh.instances(id) {
        causes.extend(endpoint.listed_by.iter().cloned());
        causes.extend(workload.map(|workload| workload.source.cause()));
    }
    causes.sort();
    causes.dedup();
    causes
}

/// Where a waypoint's proxy runs, and how it is labelled: its Pod and the Node of that, if the snapshot has
/// them.
pub fn proxy(scope: Scope<'_>) -> impl Iterator<Item = Cause> {
    pod(scope).into_iter().chain(node(scope.mesh, &scope.waypoint.proxy.node_name))
}

/// The Pod of a waypoint's proxy, if the snapshot has it.
pub fn pod(scope: Scope<'_>) -> Option<Cause> {
    let Scope { mesh, waypoint, .. } = scope;
    let id = mesh.workloads.pod(&waypoint.name.namespace, &waypoint.proxy.pod_name)?;
    Some(mesh.workloads.get(id)?.source.cause())
}

/// A Node, if the snapshot has it.
pub fn node(mesh: &Mesh, name: &Str) -> Option<Cause> {
    if name.is_empty() || mesh.snapshot.nodes.is_empty() {
        return None;
    }
    let node = ObjectRef::new(Kind::Node, "", name.clone());
    mesh.snapshot.source(&node).map(|_| node.into())
}
