//! `inbound-vip|port|http|host`: clusters of the Services that a waypoint serves, into its tunnel to their
//! workloads.

use envoy::config::cluster::v3::Cluster;
use envoy::config::cluster::v3::cluster::{DiscoveryType, DnsLookupFamily};
use envoy::config::core::v3::TransportSocket;

use super::outbound::Shared;
use super::transport_socket::{self, SharedSockets};
use super::{baggage, base, connection_pool, load_balancer, metadata, outlier, tls};
use crate::plan::WaypointSettings;
use crate::plan::clusters::ClusterPlan;
use crate::plan::clusters::transport::Sockets;

/// The cluster of a plan.
pub(super) fn cluster(
    plan: &ClusterPlan<'_>,
    settings: WaypointSettings<'_>,
    sockets: &SharedSockets,
    shared: &Shared,
) -> Cluster {
    let rules = &settings.rules.clusters;
    let mut draft = base::draft(plan, settings);
    draft.cluster.metadata = metadata::metadata(&plan.metadata, settings.rules.mesh.networking_version);
    let Some(policy) = &plan.policy else {
        draft.cluster.transport_socket = Some(sockets.own.clone());
        return draft.finish();
    };
    connection_pool::apply(&mut draft, &policy.settings, settings.mesh, &shared.unlimited);
    connection_pool::upgrade_to_http2(&mut draft, policy, rules);
    outlier::apply(&mut draft, policy);
    load_balancer::apply(&mut draft, policy, settings.features);

    tls::ask_for_host(&mut draft, plan.transport.requested_host);
    let tls = match &plan.transport.sockets {
        Sockets::Own(Some(tls)) => Some(tls::socket(&mut draft, tls, settings)),
        _ => None,
    };
    let proxied = policy.settings.proxy_protocol.map(|settings| {
        let inner = || sockets.raw_buffer.clone();
        transport_socket::proxy_protocol(settings, tls.clone().unwrap_or_else(inner))
    });
    let inside: Option<TransportSocket> = proxied.or(tls);
    draft.cluster.transport_socket =
        Some(inside.map_or_else(|| sockets.own.clone(), |inner| sockets.own_with(inner)));
    if settings.features.ambient_enable_baggage {
        draft.cluster.filters.extend(draft.is(DiscoveryType::Eds).then(baggage::discovery));
    }
    if plan.races_connections {
        draft.cluster.set_dns_lookup_family(DnsLookupFamily::All);
    }
    draft.finish()
}
