//! `istio.mesh.v1alpha1.MeshConfig`: what holds for the whole mesh.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

mod oneofs;
pub mod provider;
pub mod proxy;

pub use provider::ExtensionProvider;
pub use proxy::ProxyConfig;

use serde::{Deserialize, Deserializer};

use super::message::{Duration, choice, message, oneof};
use super::networking::destination_rule::{
    ClientTlsSettings, ConnectionPoolSettings, LocalityLoadBalancerSetting, OutlierDetection, TcpKeepalive,
    ZoneAwareLoadBalancerSetting,
};
use super::networking::virtual_service::HttpRetry;
use super::proto_json::ProtoJson;
use super::selector::LabelSelector;
use crate::Str;

message! {
    /// The settings of a mesh, as they are written: what is absent here has Istio's default.
    pub struct MeshConfig {
        proxy_listen_port: Option<i32>,
        proxy_inbound_listen_port: Option<i32>,
        proxy_http_port: Option<i32>,
        connect_timeout: Option<Duration>,
        hbone_idle_timeout: Option<Duration>,
        protocol_detection_timeout: Option<Duration>,
        tcp_keepalive: Option<TcpKeepalive>,
        enable_tracing: Option<bool>,
        access_log_file: Option<Str>,
        access_log_format: Option<Str>,
        access_log_encoding: Option<AccessLogEncoding>,
        enable_envoy_access_log_service: Option<bool>,
        disable_envoy_listener_log: Option<bool>,
        default_config: Option<ProxyConfig>,
        outbound_traffic_policy: Option<OutboundTrafficPolicy>,
        inbound_traffic_policy: Option<InboundTrafficPolicy>,
        enable_auto_mtls: Option<bool>,
        trust_domain: Option<Str>,
        trust_domain_aliases: Vec<Str>,
        ca_certificates: Vec<CertificateData>,
        default_service_export_to: Option<Vec<Str>>,
        default_virtual_service_export_to: Option<Vec<Str>>,
        default_destination_rule_export_to: Option<Vec<Str>>,
        root_namespace: Option<Str>,
        locality_lb_setting: Option<LocalityLoadBalancerSetting>,
        zone_aware_lb_setting: Option<ZoneAwareLoadBalancerSetting>,
        dns_refresh_rate: Option<Duration>,
        h2_upgrade_policy: Option<H2UpgradePolicy>,
        inbound_cluster_stat_name: Option<Str>,
        outbound_cluster_stat_name: Option<Str>,
        service_settings: Vec<ServiceSettings>,
        service_scope_configs: Option<Vec<ServiceScopeConfigs>>,
        enable_prometheus_merge: Option<bool>,
        verify_certificate_at_client: Option<bool>,
        extension_providers: Vec<ExtensionProvider>,
        default_providers: Option<DefaultProviders>,
        discovery_selectors: Vec<LabelSelector>,
        path_normalization: Option<ProxyPathNormalization>,
        default_http_retry_policy: Option<HttpRetry>,
        #[serde(rename = "meshMTLS")]
        mesh_mtls: Option<TlsConfig>,
        tls_defaults: Option<TlsConfig>,
        default_traffic_policy: Option<DefaultTrafficPolicy>,
        service_entry_visibility: Option<ServiceEntryVisibility>,
        /// Fields that the text has and the API does not, by path; filled by whoever reads one.
        #[serde(skip)]
        unknown: Vec<Str>,
    }

    pub struct OutboundTrafficPolicy {
        mode: OutboundTrafficPolicyMode,
        tls: Option<ClientTlsSettings>,
    }

    pub struct InboundTrafficPolicy {
        mode: InboundTrafficPolicyMode,
    }

    /// At most one of `pem` and `spiffe_bundle_url` is set.
    pub struct CertificateData {
        pem: Option<Str>,
        spiffe_bundle_url: Option<Str>,
        cert_signers: Vec<Str>,
        trust_domains: Vec<Str>,
    }

    pub struct ServiceSettings {
        settings: Option<Settings>,
        hosts: Vec<Str>,
    }

    pub struct Settings {
        cluster_local: bool,
    }

    pub struct ServiceScopeConfigs {
        namespace_selector: Option<LabelSelector>,
        services_selector: Option<LabelSelector>,
        scope: Scope,
    }

    pub struct DefaultProviders {
        tracing: Option<Vec<Str>>,
        metrics: Option<Vec<Str>>,
        access_logging: Option<Vec<Str>>,
    }

    pub struct ProxyPathNormalization {
        normalization: NormalizationType,
    }

    pub struct TlsConfig {
        min_protocol_version: TlsProtocol,
        ecdh_curves: Vec<Str>,
        cipher_suites: Vec<Str>,
    }

    pub struct DefaultTrafficPolicy {
        connection_pool: Option<ConnectionPoolSettings>,
        outlier_detection: Option<OutlierDetection>,
    }

    pub struct ServiceEntryVisibility {
        default_visibility: Visibility,
        apply_to_sidecars: bool,
        policies: Vec<VisibilityPolicy>,
    }

    pub struct VisibilityPolicy {
        visibility: Visibility,
        matching_rules: Vec<VisibilityMatch>,
    }
}

oneof! {
    /// What a [`VisibilityPolicy`] is for.
    pub enum VisibilityMatch {
        #[default]
        Unset,
        NamespaceSelector(LabelSelector) = "namespaceSelector",
    }
}

choice! {
    pub enum AccessLogEncoding {
        Text = "TEXT",
        Json = "JSON",
    }

    pub enum OutboundTrafficPolicyMode {
        RegistryOnly = "REGISTRY_ONLY",
        AllowAny = "ALLOW_ANY",
        AllowAnyDynamicDns = "ALLOW_ANY_DYNAMIC_DNS",
    }

    pub enum InboundTrafficPolicyMode {
        Passthrough = "PASSTHROUGH",
        Localhost = "LOCALHOST",
    }

    pub enum H2UpgradePolicy {
        DoNotUpgrade = "DO_NOT_UPGRADE",
        Upgrade = "UPGRADE",
    }

    pub enum Scope {
        Local = "LOCAL",
        Global = "GLOBAL",
    }

    pub enum NormalizationType {
        Default = "DEFAULT",
        None = "NONE",
        Base = "BASE",
        MergeSlashes = "MERGE_SLASHES",
        DecodeAndMergeSlashes = "DECODE_AND_MERGE_SLASHES",
    }

    pub enum TlsProtocol {
        Auto = "TLS_AUTO",
        V1_2 = "TLSV1_2",
        V1_3 = "TLSV1_3",
    }

    pub enum Visibility {
        Unspecified = "VISIBILITY_UNSPECIFIED",
        None = "NONE",
        Namespace = "NAMESPACE",
        Public = "PUBLIC",
    }
}

impl MeshConfig {
    /// Reads the fields of a MeshConfig, in either spelling (`trustDomain`, `trust_domain`).
    ///
    /// # Errors
    /// Those of the deserializer: a field of another type than the API's.
    pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut config = Self::deserialize(ProtoJson(deserializer))?;
        config.settle_oneofs();
        Ok(config)
    }

    /// This configuration with another one's settings over it, as `istiod` applies a mesh configuration to
    /// its defaults: what the other one sets replaces what is here, except that `defaultConfig` and
    /// `defaultProviders` are merged field by field, extension providers by their name, and trust domain
    /// aliases are united.
    #[must_use]
    pub fn overlaid_with(self, over: Self) -> Self {
        macro_rules! pick {
            ($($field:ident),*) => { Self {
                $($field: over.$field.or(self.$field),)*
                unknown: self.unknown,
                default_config: merged(self.default_config, over.default_config, ProxyConfig::overlaid_with),
                default_providers: merged(self.default_providers, over.default_providers, DefaultProviders::overlaid_with),
                extension_providers: provider::by_name(self.extension_providers, over.extension_providers),
                trust_domain_aliases: united(self.trust_domain_aliases, over.trust_domain_aliases),
                ca_certificates: non_empty(over.ca_certificates, self.ca_certificates),
                service_settings: non_empty(over.service_settings, self.service_settings),
                discovery_selectors: non_empty(over.discovery_selectors, self.discovery_selectors),
            } };
        }
        pick!(
            proxy_listen_port,
            proxy_inbound_listen_port,
            proxy_http_port,
            connect_timeout,
            hbone_idle_timeout,
            protocol_detection_timeout,
            tcp_keepalive,
            enable_tracing,
            access_log_file,
            access_log_format,
            access_log_encoding,
            enable_envoy_access_log_service,
            disable_envoy_listener_log,
            outbound_traffic_policy,
            inbound_traffic_policy,
            enable_auto_mtls,
            trust_domain,
            default_service_export_to,
            default_virtual_service_export_to,
            default_destination_rule_export_to,
            root_namespace,
            locality_lb_setting,
            zone_aware_lb_setting,
            dns_refresh_rate,
            h2_upgrade_policy,
            inbound_cluster_stat_name,
            outbound_cluster_stat_name,
            service_scope_configs,
            enable_prometheus_merge,
            verify_certificate_at_client,
            path_normalization,
            default_http_retry_policy,
            mesh_mtls,
            tls_defaults,
            default_traffic_policy,
            service_entry_visibility
        )
    }
}

impl DefaultProviders {
    /// A list that is given replaces the other, also an empty one.
    fn overlaid_with(self, over: Self) -> Self {
        Self {
            tracing: over.tracing.or(self.tracing),
            metrics: over.metrics.or(self.metrics),
            access_logging: over.access_logging.or(self.access_logging),
        }
    }
}

/// The first list, or the second where the first is empty.
fn non_empty<T>(first: Vec<T>, second: Vec<T>) -> Vec<T> {
    if first.is_empty() { second } else { first }
}

fn merged<T>(base: Option<T>, over: Option<T>, merge: impl FnOnce(T, T) -> T) -> Option<T> {
    match (base, over) {
        (Some(base), Some(over)) => Some(merge(base, over)),
        (base, over) => over.or(base),
    }
}

/// Both lists in one, sorted and without duplicates.
fn united(mut first: Vec<Str>, second: Vec<Str>) -> Vec<Str> {
    first.extend(second);
    first.sort_unstable();
    first.dedup();
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> MeshConfig {
        MeshConfig::read(&mut serde_json::Deserializer::from_str(json)).unwrap()
    }

    #[test]
    fn both_spellings_are_read_and_map_keys_stay() {
        let snake =
            r#"{"trust_domain": "td", "default_config": {"proxy_metadata": {"ISTIO_META_x_y": "1"}}}"#;
        let camel = r#"{"trustDomain": "td", "defaultConfig": {"proxyMetadata": {"ISTIO_META_x_y": "1"}}}"#;
        assert_eq!(read(snake), read(camel));
        let metadata = read(snake).default_config.unwrap().proxy_metadata;
        assert!(metadata.contains_key("ISTIO_META_x_y"));
    }

    #[test]
    fn an_overlay_merges_what_istiod_merges() {
        let base = read(
            r#"{"trustDomain": "a", "trustDomainAliases": ["z"], "defaultProviders": {"metrics": ["prometheus"]},
                "extensionProviders": [{"name": "one", "prometheus": {}}, {"name": "two", "prometheus": {}}]}"#,
        );
        let over = read(
            r#"{"trustDomainAliases": ["b", "z"], "defaultProviders": {"tracing": ["otel"]},
                "extensionProviders": [{"name": "two", "stackdriver": {}}, {"name": "three", "prometheus": {}}]}"#,
        );
        let merged = base.overlaid_with(over);
        assert_eq!(merged.trust_domain.as_deref(), Some("a"));
        assert_eq!(merged.trust_domain_aliases, ["b", "z"]);
        let providers = merged.default_providers.unwrap();
        assert_eq!(providers.metrics, Some(vec!["prometheus".into()]));
        assert_eq!(providers.tracing, Some(vec!["otel".into()]));
        let names: Vec<_> = merged.extension_providers.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["one", "two", "three"]);
        assert!(merged.extension_providers[1].stackdriver.is_some());
        assert!(merged.extension_providers[1].prometheus.is_none());
    }
}
