//! What ztunnel gets: the workloads, Services and policies of a mesh as Istio's workload discovery tells
//! them.
//!
//! A waypoint is half of ambient mode. Whether it is used at all, and what is enforced at the destination
//! below HTTP, ztunnel decides from these resources. As elsewhere, each is a pure function of the mesh, and
//! knows its origins.
//!
//! | module | makes |
//! |---|---|
//! | `workloads` | [`Workload`]s: Pods, WorkloadEntries, endpoints of ServiceEntries and EndpointSlices |
//! | `services` | [`Service`]s: Kubernetes Services and the hosts of ServiceEntries |
//! | [`policies`] | [`Authorization`]s: AuthorizationPolicies and what PeerAuthentications come to |
//!
//! Source: [the ambient data plane](https://istio.io/latest/docs/ambient/architecture/data-plane/).

mod gateway;
mod index;
mod network_gateways;
pub mod policies;
mod services;
#[cfg(test)]
mod tests;
mod workloads;

use std::net::IpAddr;

use envoy::istio::security::Authorization;
use envoy::istio::workload::{Address, Service, Workload, address};

use crate::mesh::Mesh;
use crate::mesh::waypoint::{Binding, NamedBy, Target};
use crate::release::Release;
use crate::resources::{Origin, Resource};
use crate::rules::Attachment;
use crate::snapshot::{Cause, FieldPath, Kind, ObjectRef};

use self::index::Index;

/// The address that 4 or 16 bytes are.
pub(crate) fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let ipv4 = <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
    ipv4.or_else(|| <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from))
}

/// What Istio tells every ztunnel.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ZtunnelResources {
    /// The workloads, by their uid.
    pub workloads: Vec<Resource<Workload>>,
    /// The Services, by namespace and hostname.
    pub services: Vec<Resource<Service>>,
    /// The policies, by namespace and name.
    pub policies: Vec<Resource<Authorization>>,
}

impl ZtunnelResources {
    /// The workloads and Services as ztunnel asks for them, each with its resource name.
    pub fn addresses(&self) -> impl Iterator<Item = (String, Address)> {
        let workloads = self.workloads.iter().map(|workload| {
            let message = workload.message.clone();
            (message.uid.clone(), address::Type::Workload(message))
        });
        let services = self.services.iter().map(|service| {
            let message = service.message.clone();
            (service_name(&message), address::Type::Service(message))
        });
        workloads.chain(services).map(|(name, address)| (name, Address { r#type: Some(address) }))
    }
}

/// The name of a Service's resource: `namespace/hostname`.
#[must_use]
pub fn service_name(service: &Service) -> String {
    [&*service.namespace, &*service.hostname].join("/")
}

/// The name of a policy's resource: `namespace/name`.
#[must_use]
pub fn policy_name(policy: &Authorization) -> String {
    [&*policy.namespace, &*policy.name].join("/")
}

/// Why there is nothing to tell of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what ztunnel gets is not known for Istio {0}: ask for a later release")]
pub struct UnsupportedRelease(pub Release);

/// What Istio tells every ztunnel of a mesh.
///
/// # Errors
///
/// [`UnsupportedRelease`] for 1.18, whose ztunnel was another one.
pub fn generate(mesh: &Mesh) -> Result<ZtunnelResources, UnsupportedRelease> {
    let index = index(mesh)?;
    Ok(ZtunnelResources {
        workloads: workloads::workloads(&index),
        services: services::services(&index),
        policies: policies::policies(&index),
    })
}

/// What the ztunnels of workloads enforce: their policies, and the workloads that these are for.
pub(crate) struct Enforcement {
    pub(crate) workloads: Vec<Resource<Workload>>,
    pub(crate) policies: Vec<Resource<Authorization>>,
}

/// What ztunnels enforce, without what they are told of Services.
///
/// # Errors
///
/// As [`generate`].
pub(crate) fn enforcement(mesh: &Mesh) -> Result<Enforcement, UnsupportedRelease> {
    let index = index(mesh)?;
    Ok(Enforcement { workloads: workloads::workloads(&index), policies: policies::policies(&index) })
}

/// Whether ztunnels enforce no policy at all.
///
/// # Errors
///
/// As [`generate`].
pub(crate) fn enforces_nothing(mesh: &Mesh) -> Result<bool, UnsupportedRelease> {
    Ok(policies::policies(&index(mesh)?).iter().all(|policy| policy.message.dry_run))
}

fn index(mesh: &Mesh) -> Result<Index<'_>, UnsupportedRelease> {
    if mesh.rules.waypoints.attachment == Attachment::ServiceAccount {
        return Err(UnsupportedRelease(mesh.rules.release));
    }
    Ok(Index::new(mesh))
}

/// The name of a Service's resource, from the mesh's Service.
fn service_key(service: &crate::mesh::Service) -> String {
    [&*service.namespace, &*service.hostname].join("/")
}

/// A resource with what made it, the decisive cause first.
fn resource<M>(message: M, causes: impl IntoIterator<Item = Cause>) -> Resource<M> {
    let mut each = Vec::new();
    for cause in causes {
        if !each.contains(&cause) {
            each.push(cause);
        }
    }
    Resource { message, origins: vec![Origin::of_resource(each)] }
}

/// The field that names a waypoint, on most objects.
const USE_WAYPOINT: FieldPath = FieldPath::field(r#"metadata.labels["istio.io/use-waypoint"]"#);

/// Why an object uses a waypoint: the label that names it, on the object (in `field`) or its Namespace, and
/// its Gateway.
fn waypoint_causes(
    binding: &Binding,
    waypoint: Option<&Target>,
    (object, field): (ObjectRef, FieldPath),
    namespace: &str,
) -> Vec<Cause> {
    let Some(waypoint) = waypoint else { return Vec::new() };
    let label = match binding.named_by {
        Some(NamedBy::Object) => Some(Cause::new(object, field)),
        Some(NamedBy::Namespace) => {
            Some(Cause::new(ObjectRef::new(Kind::Namespace, "", namespace), USE_WAYPOINT))
        }
        None => None,
    };
    label.into_iter().chain([waypoint.gateway.object_ref().into()]).collect()
}
