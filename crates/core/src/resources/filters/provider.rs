//! Where the service of an extension provider is.

use std::collections::BTreeSet;

use envoy::config::core::v3::GrpcService;
use envoy::config::core::v3::grpc_service::{EnvoyGrpc, TargetSpecifier};

use crate::Str;
use crate::mesh::Mesh;
use crate::resources::names::{ClusterName, Direction};

/// The service that a provider names, as a proxy reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// Its hostname.
    pub(crate) hostname: Str,
    /// The cluster that leads there.
    pub(crate) cluster: String,
}

impl Upstream {
    /// Finds what a provider calls `namespace/hostname`, or `hostname` if only one namespace has that.
    pub(crate) fn find(mesh: &Mesh, service: &str, port: u32) -> Option<Self> {
        let services = &mesh.services;
        let id = match service.split_once('/') {
            Some((namespace, hostname)) if !hostname.contains('/') => services.lookup(hostname, namespace),
            _ => {
                let namespaces: BTreeSet<&str> = services
                    .with_hostname(service)
                    .iter()
                    .filter_map(|id| services.get(*id))
                    .map(|service| service.namespace.as_str())
                    .collect();
                match (namespaces.first(), namespaces.len()) {
                    (Some(namespace), 1) => services.lookup(service, namespace),
                    _ => None,
                }
            }
        };
        let hostname = services.get(id?)?.hostname.clone();
        let name = ClusterName { direction: Direction::Outbound, port, subset: "", hostname: &hostname };
        Some(Self { cluster: name.to_string(), hostname })
    }

    /// It as a gRPC service.
    pub(crate) fn grpc(&self) -> GrpcService {
        GrpcService {
            target_specifier: Some(TargetSpecifier::EnvoyGrpc(EnvoyGrpc {
                cluster_name: self.cluster.clone(),
                authority: self.hostname.to_string(),
                ..EnvoyGrpc::default()
            })),
            ..GrpcService::default()
        }
    }
}
