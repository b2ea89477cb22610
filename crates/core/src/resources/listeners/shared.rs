//! What chains share, made once: filters that are the same in every chain of a waypoint, and what telemetry
//! asks.

use envoy::Encoded;
use envoy::config::accesslog::v3::AccessLog;
use envoy::config::listener::v3::Filter;
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpConnectionManager, HttpFilter};

use super::http_manager;
use super::proxy_settings::ProxySettings;
use crate::plan::WaypointSettings;
use crate::plan::telemetry as plan;
use crate::resources::filters::access_log::AccessLogs;
use crate::resources::filters::stats;
use crate::resources::filters::tracing::HcmTracing;
use crate::resources::filters::{http, network};
use crate::rules::TunnelState;

/// Filters that are the same in every chain of a waypoint: those for HTTP as inputs of its connection
/// manager.
#[derive(Clone, Debug)]
pub(super) struct SharedFilters {
    /// Tells applications who their client is, if the waypoint is asked for that.
    pub(super) client_identity: Option<Encoded<HttpConnectionManager>>,
    /// gRPC-Web, for ports that speak it.
    pub(super) grpc_web: Encoded<HttpConnectionManager>,
    /// What routes and statistics need.
    pub(super) common: Encoded<HttpConnectionManager>,
    /// Finds out who the peers of a TCP connection are, if the release has that.
    pub(super) metadata_exchange: Option<Filter>,
    /// Passes on the address of a workload that is called itself.
    pub(super) connect_authority: Filter,
}

impl SharedFilters {
    /// Makes the filters of a waypoint.
    pub(super) fn new(settings: &WaypointSettings<'_>) -> Self {
        let rules = &settings.rules.listeners;
        let exchanges = rules.peer_metadata && settings.features.pilot_enable_metadata_exchange;
        Self {
            client_identity: http_manager::includes_client_identity(settings)
                .then(|| http::part(vec![http::client_identity_header()])),
            grpc_web: http::part(vec![http::grpc_web()]),
            common: http::part(vec![http::grpc_stats(), http::fault(), http::cors()]),
            metadata_exchange: exchanges
                .then(|| network::metadata_exchange(&settings.features.pilot_mx_additional_labels)),
            connect_authority: match rules.tunnel_state {
                TunnelState::IstioFilters => network::connect_authority_istio(),
                TunnelState::FilterState => network::connect_authority(),
            },
        }
    }
}

/// What telemetry asks of a chain.
#[derive(Clone, Debug, Default)]
pub(super) struct Telemetry {
    /// Where access logs are written.
    pub(super) access_logs: AccessLogs,
    /// The access logs of a TCP proxy.
    pub(super) tcp_access_logs: Vec<AccessLog>,
    /// A connection manager without its chain's routes and filters; with the last of these: who answers, if
    /// the release finds that out, `istio.stats` and its like, and the router.
    pub(super) manager: Encoded<HttpConnectionManager>,
    /// The same for HTTP/2.
    pub(super) http2_manager: Encoded<HttpConnectionManager>,
    /// `istio.stats` and its like, for TCP.
    pub(super) tcp_stats: Vec<Filter>,
}

impl Telemetry {
    /// Makes what telemetry asks.
    pub(super) fn new(
        settings: &WaypointSettings<'_>,
        proxy: &ProxySettings<'_>,
        telemetry: &plan::Telemetry<'_>,
    ) -> Self {
        let rules = &settings.rules.listeners;
        let access_logs = AccessLogs::new(settings, &telemetry.access_logs);
        let tracing = HcmTracing::new(settings, telemetry.tracing.as_ref());
        let reporting = stats::filters(rules, &telemetry.metrics);
        let baggage = settings.features.ambient_enable_baggage;
        let peer_metadata = rules.peer_metadata.then(|| http::upstream_peer_metadata(baggage));
        let mut last_filters: Vec<HttpFilter> = peer_metadata.into_iter().collect();
        last_filters.extend(reporting.iter().map(|filter| filter.http.clone()));
        last_filters.push(http::router(tracing.router_starts_child_span, proxy.suppresses_envoy_headers()));
        let mut manager = http_manager::base(settings, proxy, &access_logs, &tracing, last_filters);
        let http1 = Encoded::from(&manager);
        manager.http2_protocol_options.get_or_insert_default();
        Self {
            tcp_access_logs: access_logs.tcp(),
            access_logs,
            manager: http1,
            http2_manager: manager.into(),
            tcp_stats: reporting.into_iter().map(|filter| filter.tcp).collect(),
        }
    }
}
