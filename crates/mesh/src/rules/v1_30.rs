//! Istio 1.30, as what differs from 1.31.

use super::v1_31::RULES as V1_31;
use super::*;
use crate::snapshot::Kind;

/// The rules.
pub(super) const RULES: Rules = Rules {
    release: Release::V1_30,
    mesh: MeshRules { version: "1.30.0", ..V1_31.mesh },
    admission: AdmissionRules {
        alpha_kinds: &[Kind::TcpRoute, Kind::XBackendTrafficPolicy],
        least_aggression: LeastAggression::One,
        ..V1_31.admission
    },
    registry: RegistryRules { pool_app_protocols: false, ..V1_31.registry },
    waypoints: WaypointRules { canaries: false, assumed_status_addresses: false, ..V1_31.waypoints },
    gateway_api: GatewayApiRules {
        no_backends_status: 404,
        retry_budget_interval: false,
        ..V1_31.gateway_api
    },
    listeners: ListenerRules { matches_without_ranges: true, ..V1_31.listeners },
    routes: RouteRules { default_route_hash: false, ..V1_31.routes },
    clusters: ClusterRules {
        unready_endpoints: UnreadyEndpoints::OfDistributed,
        minimum_holds: false,
        mtls_check: MtlsCheck::BySubset,
        failover_priority: FailoverPriority::ThenRegions,
        on_demand_families: false,
        ..V1_31.clusters
    },
    status: StatusRules {
        gateway_references: false,
        gateway_parameters: false,
        invalid_listeners: false,
        listener_conflicts: false,
        listeners_need_tls: false,
        certificates_decide: false,
        alpha_protocols: &["TCP"],
        ..V1_31.status
    },
    ..V1_31
};
