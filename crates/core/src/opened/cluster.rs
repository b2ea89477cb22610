//! Clusters and endpoints.

use envoy::config::cluster::v3::Cluster;
use envoy::config::core::v3::Address;
use envoy::config::core::v3::address::Address as Kind;
use envoy::config::core::v3::envoy_internal_address::AddressNameSpecifier;
use envoy::config::core::v3::socket_address::PortSpecifier;
use envoy::config::endpoint::v3::lb_endpoint::HostIdentifier;
use envoy::config::endpoint::v3::{ClusterLoadAssignment, LbEndpoint, LocalityLbEndpoints};

use crate::Str;
use crate::resources::{Origin, Part};

use super::Origins;

/// A cluster.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenedCluster<'r> {
    /// The message.
    pub message: &'r Cluster,
    /// What made it.
    pub origin: Option<&'r Origin>,
    /// What made it and its parts.
    pub origins: &'r [Origin],
}

/// An endpoint that has an address.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenedEndpoint<'r> {
    /// The group of endpoints that it is in.
    pub group: &'r LocalityLbEndpoints,
    /// The message.
    pub message: LbEndpoint,
    /// Where it is.
    pub address: Address,
    /// The JSON pointer to it in its assignment.
    pub pointer: String,
}

impl<'r> OpenedCluster<'r> {
    /// Opens a cluster.
    #[must_use]
    pub fn new(message: &'r Cluster, origins: &'r [Origin]) -> Self {
        Self { message, origin: Origins::new(origins).of(&Part::Resource), origins }
    }

    /// The endpoints that it has itself; their pointers are below `/loadAssignment`.
    pub fn endpoints(&self) -> impl Iterator<Item = OpenedEndpoint<'r>> + use<'r> {
        self.message.load_assignment.iter().flat_map(|assignment| endpoints(assignment))
    }
}

/// The endpoints of an assignment that have an address.
pub fn endpoints(assignment: &ClusterLoadAssignment) -> impl Iterator<Item = OpenedEndpoint<'_>> {
    let groups = assignment.endpoints.iter().enumerate();
    let all = groups.flat_map(|(at, group)| {
        group.lb_endpoints.iter().enumerate().map(move |(index, message)| (at, group, index, message))
    });
    all.filter_map(|(at, group, index, message)| {
        let message = message.decode().ok()?;
        let Some(HostIdentifier::Endpoint(endpoint)) = &message.host_identifier else { return None };
        let address = endpoint.address.clone()?;
        let pointer = format!("/endpoints/{at}/lbEndpoints/{index}");
        Some(OpenedEndpoint { group, message, address, pointer })
    })
}

impl OpenedEndpoint<'_> {
    /// How its origin names it: `10.1.0.5:8080`, also where a listener of the same proxy takes what is for
    /// it. Nothing for any other address.
    #[must_use]
    pub fn name(&self) -> Option<Str> {
        match self.address.address.as_ref()? {
            Kind::SocketAddress(socket) => match socket.port_specifier.as_ref()? {
                PortSpecifier::PortValue(port) => {
                    Some(smol_str::format_smolstr!("{}:{port}", socket.address))
                }
                PortSpecifier::NamedPort(_) => None,
            },
            Kind::EnvoyInternalAddress(internal) if !internal.endpoint_id.is_empty() => {
                Some(internal.endpoint_id.as_str().into())
            }
            Kind::EnvoyInternalAddress(_) | Kind::Pipe(_) => None,
        }
    }

    /// The listener of the same proxy that its address leads to.
    #[must_use]
    pub fn internal_listener(&self) -> Option<&str> {
        let Some(Kind::EnvoyInternalAddress(internal)) = &self.address.address else { return None };
        match &internal.address_name_specifier {
            Some(AddressNameSpecifier::ServerListenerName(name)) => Some(name),
            None => None,
        }
    }
}
