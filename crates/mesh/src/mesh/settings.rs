//! What holds for the whole mesh, as plain values.

use super::service::Address;
use crate::Str;
use crate::snapshot::mesh_config::{
    AccessLogEncoding, CertificateData, DefaultProviders, DefaultTrafficPolicy, ExtensionProvider,
    H2UpgradePolicy, MeshConfig, NormalizationType, OutboundTrafficPolicyMode, ProxyConfig, Scope,
    ServiceEntryVisibility, ServiceScopeConfigs, ServiceSettings, TlsConfig, Visibility, VisibilityMatch,
};
use crate::snapshot::networking::destination_rule::{LocalityLoadBalancerSetting, TcpKeepalive};
use crate::snapshot::networking::virtual_service::HttpRetry;
use crate::snapshot::selector::LabelSelector;
use crate::snapshot::{Duration, Labels, label_selector};

/// The hosts that every cluster has for itself.
const OF_EVERY_CLUSTER: [&str; 3] = [
    "*.kube-system.svc.cluster.local",
    "kubernetes.default.svc.cluster.local",
    "istiod.istio-system.svc.cluster.local",
];

/// The mesh configuration in force with Istio's defaults for what it leaves out, resolved once. An `Option`
/// is left only where the absence of a setting has a meaning that no value has.
///
/// Fields are named as in [`MeshConfig`].
///
/// Source of the defaults: <https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/>.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MeshSettings {
    /// The namespace whose policies hold for the whole mesh.
    pub root_namespace: Str,
    /// The trust domain of the mesh's identities.
    pub trust_domain: Str,
    /// Other trust domains whose identities are taken as those of the mesh.
    pub trust_domain_aliases: Vec<Str>,
    /// Other certificate authorities.
    pub ca_certificates: Vec<CertificateData>,
    /// The mesh's id: what `defaultConfig.meshId` says, else the trust domain. Istio's charts put
    /// `global.meshID` into that field and into the environment of proxies, which is where it counts.
    pub mesh_id: Str,
    /// What proxies are configured with.
    pub default_config: ProxyConfig,
    /// How long a connection attempt may take.
    pub connect_timeout: Duration,
    /// How long a tunnel stays open without streams.
    pub hbone_idle_timeout: Duration,
    /// How often host names are resolved.
    pub dns_refresh_rate: Duration,
    /// TCP keepalive; none is another thing than one with the system's values.
    pub tcp_keepalive: Option<TcpKeepalive>,
    /// Whether proxies report traces where no Telemetry says so.
    pub enable_tracing: bool,
    /// Whether servers that speak mTLS are told from others by what is known of them.
    pub enable_auto_mtls: bool,
    /// The file of access logs; empty for none.
    pub access_log_file: Str,
    /// The format of access logs; empty for Istio's.
    pub access_log_format: Str,
    /// How access logs are encoded.
    pub access_log_encoding: AccessLogEncoding,
    /// Whether access logs are sent to a service of the bootstrap.
    pub enable_envoy_access_log_service: bool,
    /// Whether listeners don't log.
    pub disable_envoy_listener_log: bool,
    /// Whom Services are exported to that do not say it.
    pub default_service_export_to: Vec<Str>,
    /// Whom VirtualServices are exported to that do not say it.
    pub default_virtual_service_export_to: Vec<Str>,
    /// Whom DestinationRules are exported to that do not say it.
    pub default_destination_rule_export_to: Vec<Str>,
    /// How load is balanced by locality.
    pub locality_lb_setting: LocalityLoadBalancerSetting,
    /// Whether load is balanced by zone, which takes the place of [`Self::locality_lb_setting`].
    pub zone_aware_lb: bool,
    /// Whether declared HTTP/1.1 is upgraded.
    pub h2_upgrade_policy: H2UpgradePolicy,
    /// Whether sidecars call only what the mesh knows (`outboundTrafficPolicy`). Waypoints and ztunnels do
    /// not look at it.
    pub outbound_registry_only: bool,
    /// The pattern of inbound clusters' names in statistics; empty for Istio's.
    pub inbound_cluster_stat_name: Str,
    /// The pattern of outbound clusters' names in statistics; empty for Istio's.
    pub outbound_cluster_stat_name: Str,
    /// The providers that policies and telemetry name.
    pub extension_providers: Vec<ExtensionProvider>,
    /// The providers that hold where telemetry names none.
    pub default_providers: DefaultProviders,
    /// How paths are normalized.
    pub path_normalization: NormalizationType,
    /// How requests are retried where no route says it; none for Istio's way.
    pub default_http_retry_policy: Option<HttpRetry>,
    /// What TLS to destinations has to offer; none leaves it to Envoy.
    pub tls_defaults: Option<TlsConfig>,
    /// What holds for destinations where no DestinationRule says it.
    pub default_traffic_policy: DefaultTrafficPolicy,
    /// How far ServiceEntries are visible.
    pub service_entry_visibility: ServiceEntryVisibility,
    /// Which hosts are only reached in the client's own cluster.
    pub service_settings: Vec<ServiceSettings>,
    /// Which Services are for the whole mesh, beyond their cluster.
    pub service_scope_configs: Vec<ServiceScopeConfigs>,
    /// The addresses of the networks of `meshNetworks`, in their order.
    pub network_ranges: Vec<Address>,
}

impl MeshSettings {
    /// Fills in Istio's defaults. Every field of the API is used here, or named with the reason why it has no
    /// effect at a waypoint (those that are not even read are listed where a mesh configuration is).
    #[must_use]
    pub fn new(config: MeshConfig) -> Self {
        let MeshConfig {
            connect_timeout,
            hbone_idle_timeout,
            tcp_keepalive,
            enable_tracing,
            access_log_file,
            access_log_format,
            access_log_encoding,
            enable_envoy_access_log_service,
            disable_envoy_listener_log,
            default_config,
            enable_auto_mtls,
            trust_domain,
            trust_domain_aliases,
            ca_certificates,
            default_service_export_to,
            default_virtual_service_export_to,
            default_destination_rule_export_to,
            root_namespace,
            locality_lb_setting,
            zone_aware_lb_setting,
            dns_refresh_rate,
            h2_upgrade_policy,
            outbound_traffic_policy,
            inbound_cluster_stat_name,
            outbound_cluster_stat_name,
            extension_providers,
            default_providers,
            path_normalization,
            default_http_retry_policy,
            tls_defaults,
            default_traffic_policy,
            service_entry_visibility,
            // Ports and listeners that only sidecars have.
            proxy_listen_port: _,
            proxy_inbound_listen_port: _,
            proxy_http_port: _,
            // A waypoint's listeners wait as long as Envoy does.
            protocol_detection_timeout: _,
            // Traffic of a sidecar from what it does not know; a waypoint gets none.
            inbound_traffic_policy: _,
            // Which objects a control plane looks at: decided at admission.
            discovery_selectors: _,
            service_settings,
            service_scope_configs,
            // What is injected into pods with a sidecar.
            enable_prometheus_merge: _,
            // No release reads it any more.
            verify_certificate_at_client: _,
            // What servers with a sidecar speak; tunnels to waypoints are always TLS 1.3.
            mesh_mtls: _,
            // Told at admission.
            unknown: _,
        } = config;
        // An empty list is none.
        let export_to = |names: Option<Vec<Str>>| {
            names.filter(|names| !names.is_empty()).unwrap_or_else(|| vec![Str::new_static("*")])
        };
        let trust_domain = trust_domain.unwrap_or(Str::new_static("cluster.local"));
        let default_config = default_config.unwrap_or_default();
        let mesh_id = default_config.mesh_id.clone().filter(|id| !id.is_empty());
        Self {
            root_namespace: root_namespace.unwrap_or(Str::new_static("istio-system")),
            mesh_id: mesh_id.unwrap_or_else(|| trust_domain.clone()),
            trust_domain,
            trust_domain_aliases,
            ca_certificates,
            default_config,
            connect_timeout: connect_timeout.unwrap_or(Duration::from_secs(10)),
            hbone_idle_timeout: hbone_idle_timeout.unwrap_or(Duration::from_secs(3600)),
            dns_refresh_rate: dns_refresh_rate.unwrap_or(Duration::from_secs(60)),
            // Configured apart: the mesh adds them.
            network_ranges: Vec::new(),
            tcp_keepalive,
            enable_tracing: enable_tracing.unwrap_or(true),
            enable_auto_mtls: enable_auto_mtls.unwrap_or(true),
            access_log_file: access_log_file.unwrap_or_default(),
            access_log_format: access_log_format.unwrap_or_default(),
            access_log_encoding: access_log_encoding.unwrap_or_default(),
            enable_envoy_access_log_service: enable_envoy_access_log_service.unwrap_or(false),
            disable_envoy_listener_log: disable_envoy_listener_log.unwrap_or(false),
            default_service_export_to: export_to(default_service_export_to),
            default_virtual_service_export_to: export_to(default_virtual_service_export_to),
            default_destination_rule_export_to: export_to(default_destination_rule_export_to),
            locality_lb_setting: locality_lb_setting.unwrap_or_default(),
            zone_aware_lb: zone_aware_lb_setting.is_some(),
            h2_upgrade_policy: h2_upgrade_policy.unwrap_or_default(),
            outbound_registry_only: outbound_traffic_policy
                .is_some_and(|policy| policy.mode == OutboundTrafficPolicyMode::RegistryOnly),
            inbound_cluster_stat_name: inbound_cluster_stat_name.unwrap_or_default(),
            outbound_cluster_stat_name: outbound_cluster_stat_name.unwrap_or_default(),
            extension_providers,
            default_providers: default_providers.unwrap_or_default(),
            path_normalization: path_normalization.unwrap_or_default().normalization,
            default_http_retry_policy,
            tls_defaults,
            default_traffic_policy: default_traffic_policy.unwrap_or_default(),
            service_entry_visibility: service_entry_visibility.unwrap_or_default(),
            service_settings,
            service_scope_configs: service_scope_configs.unwrap_or_default(),
        }
    }
}

impl MeshSettings {
    /// The identity of a service account, as
    /// [SPIFFE](https://istio.io/latest/docs/concepts/security/#istio-identity) writes it.
    #[must_use]
    pub fn identity(&self, namespace: &str, account: &str) -> String {
        format!("spiffe://{}/ns/{namespace}/sa/{account}", self.trust_domain)
    }

    /// Whether Services of a namespace with these labels, with these labels of their own, are for the whole
    /// mesh.
    pub(crate) fn is_global(&self, namespace: &Labels, own: &Labels) -> bool {
        let selects = |selector: &Option<LabelSelector>, labels: &Labels| {
            selector.as_ref().is_none_or(|selector| {
                label_selector::is_valid(selector) && label_selector::matches(selector, labels)
            })
        };
        let global = self.service_scope_configs.iter().filter(|config| config.scope == Scope::Global);
        let mut global = global.map(|config| (&config.namespace_selector, &config.services_selector));
        global.any(|(namespaces, services)| selects(namespaces, namespace) && selects(services, own))
    }

    /// Whether a host is only reached in the client's own cluster: what the most specific setting says, else
    /// whether it is one of those that every cluster has.
    pub(crate) fn is_cluster_local(&self, host: &str) -> bool {
        let settings = self.service_settings.iter().flat_map(|setting| {
            let local = setting.settings.as_ref().is_some_and(|settings| settings.cluster_local);
            setting.hosts.iter().map(move |pattern| (pattern.as_str(), local))
        });
        let fits = |pattern: &str| match pattern.strip_prefix('*') {
            Some(suffix) => host.ends_with(suffix),
            None => host == pattern,
        };
        let set = settings.filter(|(pattern, _)| fits(pattern));
        let set = set.max_by_key(|(pattern, _)| (!pattern.starts_with('*'), pattern.len()));
        set.map_or_else(|| OF_EVERY_CLUSTER.iter().any(|pattern| fits(pattern)), |(_, local)| local)
    }

    /// How far ServiceEntries of a namespace with these labels are visible: what the first policy says whose
    /// rules all match. A rule that says nothing matches nothing.
    pub fn visibility_in(&self, labels: &Labels) -> Visibility {
        let setting = &self.service_entry_visibility;
        let matches = |rule: &VisibilityMatch| match rule {
            VisibilityMatch::NamespaceSelector(selector) => label_selector::matches(selector, labels),
            VisibilityMatch::Unset => false,
        };
        let policy = setting.policies.iter().find(|policy| policy.matching_rules.iter().all(matches));
        match policy.map_or(setting.default_visibility, |policy| policy.visibility) {
            Visibility::Unspecified => Visibility::Public,
            visibility => visibility,
        }
    }
}

impl Default for MeshSettings {
    fn default() -> Self {
        Self::new(MeshConfig::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trust_domain_stands_for_the_mesh_s_id() {
        let id = |mesh_id: &str| {
            let default_config = ProxyConfig { mesh_id: Some(mesh_id.into()), ..ProxyConfig::default() };
            let config = MeshConfig {
                trust_domain: Some("td".into()),
                default_config: Some(default_config),
                ..MeshConfig::default()
            };
            MeshSettings::new(config).mesh_id
        };
        assert_eq!((id("").as_str(), id("mine").as_str()), ("td", "mine"));
    }
}
