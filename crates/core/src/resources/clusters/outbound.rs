//! `outbound|port|subset|host`: clusters of destinations that the waypoint does not serve, as a sidecar has
//! them.

use envoy::config::cluster::v3::cluster::{DiscoveryType, TransportSocketMatch};
use envoy::config::cluster::v3::{Cluster, Filter};
use envoy::config::core::v3::{HealthStatus, HealthStatusSet, TransportSocket};
use envoy::google::protobuf::Any;
use envoy::tcp::metadataexchange::config::MetadataExchange as MetadataExchangeConfig;
use envoy::udpa::r#type::v1::TypedStruct;

use super::connection_pool::Unlimited;
use super::draft::Draft;
use super::transport_socket::{self, SharedSockets, matching};
use super::{baggage, base, connection_pool, load_balancer, metadata, outlier, tls};
use crate::features::Features;
use crate::plan::WaypointSettings;
use crate::plan::clusters::ClusterPlan;
use crate::plan::clusters::policy::ClusterPolicy;
use crate::plan::clusters::transport::Sockets;
use crate::resources::filters::network;
use crate::rules::MetadataExchange;

/// What is the same for all clusters of a waypoint's destinations.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) unlimited: Unlimited,
    metadata_exchange: Option<Filter>,
}

impl Shared {
    /// That of a release and its flags.
    pub(super) fn new(settings: WaypointSettings<'_>) -> Self {
        let exchanges = settings.features.pilot_enable_metadata_exchange;
        let how = settings.rules.clusters.metadata_exchange;
        let unlimited = Unlimited::new(&settings.rules.clusters, settings.features);
        Self { unlimited, metadata_exchange: exchanges.then(|| metadata_exchange(how, settings.features)) }
    }
}

/// The cluster of a plan.
pub(super) fn cluster(
    plan: &ClusterPlan<'_>,
    settings: WaypointSettings<'_>,
    sockets: &SharedSockets,
    shared: &Shared,
) -> Cluster {
    let mut draft = base::draft(plan, settings);
    if plan.keeps_sessions {
        keep_draining(&mut draft);
    }
    if let Some(policy) = &plan.policy {
        apply(&mut draft, policy, settings, &shared.unlimited);
    }
    tls::ask_for_host(&mut draft, plan.transport.requested_host);
    offer(&mut draft, &plan.transport.sockets, sockets, settings);
    if let Some(policy) = &plan.policy
        && let Some(settings) = policy.settings.proxy_protocol
    {
        wrap(&mut draft, |inner| transport_socket::proxy_protocol(settings, inner));
    }
    draft.cluster.filters.extend(shared.metadata_exchange.clone());
    if settings.features.ambient_enable_baggage {
        draft.cluster.filters.extend(draft.is(DiscoveryType::Eds).then(baggage::discovery));
    }
    draft.cluster.metadata = metadata::metadata(&plan.metadata, settings.rules.mesh.networking_version);
    draft.finish()
}

/// Limits, protocol and load balancing.
fn apply(
    draft: &mut Draft,
    policy: &ClusterPolicy<'_>,
    settings: WaypointSettings<'_>,
    unlimited: &Unlimited,
) {
    let rules = &settings.rules.clusters;
    if !rules.h2_upgrade_wins {
        connection_pool::upgrade_to_http2(draft, policy, rules);
    }
    connection_pool::apply(draft, &policy.settings, settings.mesh, unlimited);
    if rules.h2_upgrade_wins {
        connection_pool::upgrade_to_http2(draft, policy, rules);
    }
    outlier::apply(draft, policy);
    load_balancer::apply(draft, policy, settings.features);
}

fn keep_draining(draft: &mut Draft) {
    let statuses =
        [HealthStatus::Healthy, HealthStatus::Draining, HealthStatus::Unknown, HealthStatus::Degraded];
    draft.common_lb().override_host_status =
        Some(HealthStatusSet { statuses: statuses.map(Into::into).to_vec() });
}

/// What the cluster offers its endpoints.
fn offer(draft: &mut Draft, offered: &Sockets<'_>, sockets: &SharedSockets, settings: WaypointSettings<'_>) {
    draft.cluster.transport_socket_matches = match offered {
        // The way into the waypoint's own tunnel is for its own clusters.
        Sockets::Unset | Sockets::Own(_) => return,
        Sockets::One(tls) => {
            let tls = tls.as_ref().map(|tls| tls::socket(draft, tls, settings));
            draft.cluster.transport_socket = tls;
            return;
        }
        Sockets::HboneOrPlain => sockets.hbone_or_plain.to_vec(),
        Sockets::Detected(tls) => {
            let tls = tls::socket(draft, tls, settings);
            vec![
                sockets.hbone(),
                matching("tlsMode-istio", Some(("tlsMode", "istio")), tls).into(),
                sockets.plain(),
            ]
        }
        Sockets::HboneOrTls(tls) => {
            vec![sockets.hbone(), matching("tlsMode-istio", None, tls::socket(draft, tls, settings)).into()]
        }
        Sockets::TlsInsideHbone(tls) => {
            let tls = tls::socket(draft, tls, settings);
            vec![sockets.hbone_with(tls.clone()), matching("user", None, tls).into()]
        }
    };
}

/// Wraps every socket that the cluster offers.
fn wrap(draft: &mut Draft, wrapper: impl Fn(TransportSocket) -> TransportSocket) {
    draft.cluster.transport_socket = draft.cluster.transport_socket.take().map(&wrapper);
    for alternative in &mut draft.cluster.transport_socket_matches {
        // It was made here, and can be read.
        let _ = alternative.change(|TransportSocketMatch { transport_socket, .. }| {
            *transport_socket = transport_socket.take().map(&wrapper);
        });
    }
}

/// The filter that exchanges metadata with other proxies over TCP.
fn metadata_exchange(how: MetadataExchange, features: &Features) -> Filter {
    const PROTOCOL: &str = "istio-peer-exchange";
    let config: Any = match how {
        MetadataExchange::Message => envoy::any(&MetadataExchangeConfig {
            protocol: PROTOCOL.to_owned(),
            ..MetadataExchangeConfig::default()
        }),
        MetadataExchange::Struct => {
            let fields = network::metadata_exchange_fields(&features.pilot_mx_additional_labels);
            let type_url = envoy::type_url::<MetadataExchangeConfig>();
            envoy::any(&TypedStruct { type_url, value: Some(fields) })
        }
    };
    Filter { name: "istio.metadata_exchange".to_owned(), typed_config: Some(config), ..Filter::default() }
}
