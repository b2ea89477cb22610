//! The service of an extension provider, as Envoy asks it.

use envoy::config::core::v3::GrpcService;
use envoy::config::core::v3::grpc_service::{EnvoyGrpc, TargetSpecifier};

use crate::plan::provider::Upstream;

/// It as a gRPC service.
pub(crate) fn grpc(upstream: &Upstream) -> GrpcService {
    GrpcService {
        target_specifier: Some(TargetSpecifier::EnvoyGrpc(EnvoyGrpc {
            cluster_name: upstream.cluster.clone(),
            authority: upstream.hostname.to_string(),
            ..EnvoyGrpc::default()
        })),
        ..GrpcService::default()
    }
}
