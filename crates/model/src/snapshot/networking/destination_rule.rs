//! `DestinationRule`.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use std::collections::BTreeMap;

use super::PortSelector;
use crate::Str;
use crate::snapshot::Labels;
use crate::snapshot::message::{Duration, choice, message};
use crate::snapshot::selector::WorkloadSelector;

message! {
    /// The spec of a `DestinationRule`.
    pub struct DestinationRule {
        host: Str,
        traffic_policy: Option<TrafficPolicy>,
        subsets: Vec<Subset>,
        export_to: Vec<Str>,
        workload_selector: Option<WorkloadSelector>,
    }

    pub struct TrafficPolicy {
        load_balancer: Option<LoadBalancerSettings>,
        connection_pool: Option<ConnectionPoolSettings>,
        outlier_detection: Option<OutlierDetection>,
        tls: Option<ClientTlsSettings>,
        port_level_settings: Vec<PortTrafficPolicy>,
        tunnel: Option<TunnelSettings>,
        proxy_protocol: Option<ProxyProtocol>,
        retry_budget: Option<RetryBudget>,
    }

    pub struct PortTrafficPolicy {
        port: Option<PortSelector>,
        load_balancer: Option<LoadBalancerSettings>,
        connection_pool: Option<ConnectionPoolSettings>,
        outlier_detection: Option<OutlierDetection>,
        tls: Option<ClientTlsSettings>,
    }

    pub struct TunnelSettings {
        protocol: Str,
        target_host: Str,
        target_port: u32,
    }

    pub struct ProxyProtocol {
        version: ProxyProtocolVersion,
    }

    pub struct RetryBudget {
        percent: Option<f64>,
        min_retry_concurrency: u32,
        budget_interval: Option<Duration>,
    }

    pub struct Subset {
        name: Str,
        labels: Labels,
        traffic_policy: Option<TrafficPolicy>,
    }

    /// At most one of `simple` and `consistent_hash` is set.
    pub struct LoadBalancerSettings {
        simple: Option<SimpleLb>,
        consistent_hash: Option<ConsistentHashLb>,
        locality_lb_setting: Option<LocalityLoadBalancerSetting>,
        zone_aware_lb_setting: Option<ZoneAwareLoadBalancerSetting>,
        warmup_duration_secs: Option<Duration>,
        warmup: Option<WarmupConfiguration>,
    }

    /// At most one hash key and at most one of `ring_hash` and `maglev` are set.
    pub struct ConsistentHashLb {
        http_header_name: Option<Str>,
        http_cookie: Option<HttpCookie>,
        use_source_ip: Option<bool>,
        http_query_parameter_name: Option<Str>,
        ring_hash: Option<RingHash>,
        maglev: Option<MagLev>,
        minimum_ring_size: u64,
    }

    pub struct HttpCookie {
        name: Str,
        path: Str,
        ttl: Option<Duration>,
        attributes: Vec<CookieAttribute>,
    }

    pub struct CookieAttribute {
        name: Str,
        value: Str,
    }

    pub struct RingHash {
        minimum_ring_size: u64,
    }

    pub struct MagLev {
        table_size: u64,
    }

    pub struct WarmupConfiguration {
        duration: Option<Duration>,
        minimum_percent: Option<f64>,
        aggression: Option<f64>,
    }

    pub struct LocalityLoadBalancerSetting {
        distribute: Vec<Distribute>,
        failover: Vec<Failover>,
        failover_priority: Vec<Str>,
        enabled: Option<bool>,
    }

    pub struct ZoneAwareLoadBalancerSetting {
        enabled: Option<bool>,
        failover: Vec<Failover>,
        failover_priority: Vec<Str>,
        min_cluster_size: Option<u32>,
    }

    pub struct Distribute {
        from: Str,
        to: BTreeMap<Str, u32>,
    }

    pub struct Failover {
        from: Str,
        to: Str,
    }

    pub struct ConnectionPoolSettings {
        tcp: Option<TcpSettings>,
        http: Option<HttpSettings>,
    }

    pub struct TcpSettings {
        max_connections: i32,
        connect_timeout: Option<Duration>,
        tcp_keepalive: Option<TcpKeepalive>,
        max_connection_duration: Option<Duration>,
        idle_timeout: Option<Duration>,
    }

    pub struct TcpKeepalive {
        probes: u32,
        time: Option<Duration>,
        interval: Option<Duration>,
    }

    pub struct HttpSettings {
        http1_max_pending_requests: i32,
        http2_max_requests: i32,
        max_requests_per_connection: i32,
        max_retries: i32,
        idle_timeout: Option<Duration>,
        h2_upgrade_policy: H2UpgradePolicy,
        use_client_protocol: bool,
        max_concurrent_streams: i32,
        http2_keep_alive: Option<KeepAliveSettings>,
    }

    pub struct KeepAliveSettings {
        interval: Option<Duration>,
        timeout: Option<Duration>,
    }

    pub struct OutlierDetection {
        consecutive_errors: i32,
        split_external_local_origin_errors: bool,
        consecutive_local_origin_failures: Option<u32>,
        consecutive_gateway_errors: Option<u32>,
        #[serde(rename = "consecutive5xxErrors")]
        consecutive_5xx_errors: Option<u32>,
        interval: Option<Duration>,
        base_ejection_time: Option<Duration>,
        max_ejection_percent: i32,
        min_health_percent: i32,
        outlier_detection_http_error_codes: Vec<u32>,
    }

    pub struct ClientTlsSettings {
        mode: TlsMode,
        client_certificate: Str,
        private_key: Str,
        ca_certificates: Str,
        credential_name: Str,
        subject_alt_names: Vec<Str>,
        sni: Str,
        insecure_skip_verify: Option<bool>,
        ca_crl: Str,
    }
}

choice! {
    pub enum SimpleLb {
        Unspecified = "UNSPECIFIED",
        /// The old name of `LEAST_REQUEST`.
        LeastConn = "LEAST_CONN",
        Random = "RANDOM",
        Passthrough = "PASSTHROUGH",
        RoundRobin = "ROUND_ROBIN",
        LeastRequest = "LEAST_REQUEST",
    }

    pub enum H2UpgradePolicy {
        Default = "DEFAULT",
        DoNotUpgrade = "DO_NOT_UPGRADE",
        Upgrade = "UPGRADE",
    }

    pub enum TlsMode {
        Disable = "DISABLE",
        Simple = "SIMPLE",
        Mutual = "MUTUAL",
        IstioMutual = "ISTIO_MUTUAL",
    }

    pub enum ProxyProtocolVersion {
        V1 = "V1",
        V2 = "V2",
    }
}
