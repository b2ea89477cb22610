//! Istio 1.29, as what differs from 1.30.

use super::v1_30::RULES as V1_30;
use super::*;
use crate::snapshot::Kind;

/// The rules.
pub(super) const RULES: Rules = Rules {
    release: Release::V1_29,
    mesh: MeshRules { version: "1.29.6", ..V1_30.mesh },
    admission: AdmissionRules {
        unknown_kinds: &[Kind::TrafficExtension, Kind::ListenerSet],
        alpha_kinds: &[Kind::TcpRoute, Kind::TlsRoute, Kind::XBackendTrafficPolicy],
        trust_domains: false,
        header_value_pattern: false,
        ..V1_30.admission
    },
    registry: RegistryRules {
        inline_endpoint_name: InlineEndpointName::Unnamed,
        namespace_traffic_distribution: false,
        ..V1_30.registry
    },
    waypoints: WaypointRules { serves_ranges: false, ..V1_30.waypoints },
    policies: PolicyRules { extension_names: ExtensionNames::OfResource, ..V1_30.policies },
    gateway_api: GatewayApiRules {
        no_backends_status: 500,
        hidden_grpc_routes: HiddenGrpcRoutes::OfSameHost,
        ..V1_30.gateway_api
    },
    listeners: ListenerRules {
        matched_addresses: MatchedAddresses::AllOrPrimary,
        client_identity_header: false,
        ..V1_30.listeners
    },
    routes: RouteRules {
        default_route: DefaultRoute::InboundRetried,
        default_route_body_size: false,
        default_export: DefaultExport::OwnNamespaceOrEveryone,
        ..V1_30.routes
    },
    clusters: ClusterRules {
        wildcard_destinations: false,
        races_connections: false,
        names_have_labels: false,
        crashes_on_labels_of_names: false,
        fixed_sni_is_unverified: false,
        insecure_with_own_certificate: false,
        ..V1_30.clusters
    },
    networks: NetworkRules { leaves_unnamed_network: false, gateways_of_own_family: false, ..V1_30.networks },
    security: SecurityRules {
        several_authorizers: SeveralAuthorizers::DenyTogether,
        authorizer_in_names: false,
        ..V1_30.security
    },
    tracing: TracingRules { sender: SpanSender::Service, ..V1_30.tracing },
    bootstrap: BootstrapRules { app_labels: &["app"], ..V1_30.bootstrap },
    status: StatusRules {
        alpha_protocols: &["TCP", "TLS"],
        east_west_passes_on: false,
        listener_sets_condition: true,
        ..V1_30.status
    },
    ..V1_30
};
