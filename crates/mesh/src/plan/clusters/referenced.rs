//! Which Services a waypoint needs clusters of besides those that it serves.

use crate::mesh::ServiceId;
use crate::mesh::attachment::Precedence;
use crate::plan::Scope;
use crate::plan::envoy_filters::referenced_services;
use crate::plan::policies::jwks;
use crate::snapshot::mesh_config::ExtensionProvider;

/// The Services that this waypoint needs outbound clusters of: what the routes of its own Services lead to
/// and it does not serve itself (or lies outside the mesh), and what extension providers and EnvoyFilters
/// name. Of two that have clusters of one name the first counts.
pub(super) fn services(scope: Scope<'_>) -> Vec<ServiceId> {
    let mesh = scope.mesh;
    let client = &scope.waypoint.name.namespace;
    let hosts = mesh.virtual_services.destinations(scope.waypoint, &mesh.services);
    let merges = scope.rules.clusters.merges_ports;
    let seen = |host: &&str| {
        if merges {
            mesh.services.visible(host, client).into_iter().collect()
        } else {
            mesh.services.all_visible(host, client)
        }
    };
    let mut found: Vec<ServiceId> = hosts.iter().flat_map(seen).chain(named_services(scope)).collect();
    if merges {
        found.sort_unstable();
        found.dedup();
    }
    found
}

/// The Services that the mesh's extension providers and the waypoint's EnvoyFilters name: `host` or
/// `namespace/host`.
fn named_services(scope: Scope<'_>) -> Vec<ServiceId> {
    if !scope.rules.clusters.provider_clusters {
        return Vec::new();
    }
    let client = scope.waypoint.name.namespace.as_str();
    let services = &scope.mesh.services;
    let providers = scope.mesh.config.extension_providers.iter().filter_map(provider_service);
    // Policies for a Service name none.
    let fetch = scope.mesh.options.features.pilot_jwt_enable_remote_jwks;
    let authentication = &scope.mesh.policies.request_authentication;
    let everywhere = authentication.of_waypoint(scope.waypoint, Precedence::WaypointFirst);
    let everywhere = everywhere.of(None);
    let keys = jwks::hosts(fetch, authentication.at(&everywhere).map(|bound| &bound.object.spec));
    let names = providers.chain(referenced_services(&scope)).chain(keys);
    names
        .filter_map(|name| match name.split_once('/') {
            None => services.visible(name, client),
            Some((namespace, host)) => services
                .visible(host, client)
                .filter(|id| services.get(*id).is_some_and(|s| s.namespace == namespace)),
        })
        .collect()
}

/// The Service that a provider names.
fn provider_service(provider: &ExtensionProvider) -> Option<&str> {
    let service = None
        .or(provider.envoy_ext_authz_http.as_ref().map(|p| &p.service))
        .or(provider.envoy_ext_authz_grpc.as_ref().map(|p| &p.service))
        .or(provider.zipkin.as_ref().map(|p| &p.service))
        .or(provider.datadog.as_ref().map(|p| &p.service))
        .or(provider.skywalking.as_ref().map(|p| &p.service))
        .or(provider.opentelemetry.as_ref().map(|p| &p.service))
        .or(provider.envoy_http_als.as_ref().map(|p| &p.service))
        .or(provider.envoy_tcp_als.as_ref().map(|p| &p.service))
        .or(provider.envoy_otel_als.as_ref().map(|p| &p.service))
        .or(provider.sds.as_ref().map(|p| &p.service));
    service.map(|service| service.as_str())
}
