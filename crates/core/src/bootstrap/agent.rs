//! The agent of a waypoint's pod: what it starts its Envoy with.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use crate::Str;
use crate::limits::Limits;
use crate::mesh::{Mesh, Waypoint, age};
use crate::release::{BootstrapRules, WaypointDeployment};
use crate::snapshot::mesh_config::proxy::{AuthenticationPolicy, ProxyConfig, Tracing};
use crate::snapshot::{Duration, Object, networking};
use crate::text::{SourceFile, Unread, documents};

/// The worker threads of a waypoint that nothing is said of: the CPUs that its container may use.
const CPU_LIMIT: i32 = 2;

/// What the agent knows when it writes the bootstrap.
pub(super) struct Agent<'m> {
    /// The waypoint that it runs.
    pub(super) waypoint: &'m Waypoint,
    /// The labels of its pod.
    pub(super) labels: &'m BTreeMap<Str, Str>,
    /// The trust domain, which stands for the mesh's id too.
    pub(super) trust_domain: &'m str,
    /// What the release writes.
    pub(super) rules: &'static BootstrapRules,
    /// The proxy's effective configuration.
    pub(super) config: ProxyConfig,
    /// The IP family of the pod.
    pub(super) family: Family,
}

/// The IP family that a pod listens on. With addresses of both it is IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    fn of(addresses: &[IpAddr]) -> Self {
        let only_v6 = !addresses.is_empty() && addresses.iter().all(IpAddr::is_ipv6);
        if only_v6 { Self::V6 } else { Self::V4 }
    }

    /// The address of the pod itself.
    pub(super) const fn localhost(self) -> &'static str {
        match self {
            Self::V4 => "127.0.0.1",
            Self::V6 => "::1",
        }
    }

    /// Every address.
    pub(super) const fn wildcard(self) -> &'static str {
        match self {
            Self::V4 => "0.0.0.0",
            Self::V6 => "::",
        }
    }

    /// How names are resolved.
    pub(super) const fn dns_lookup(self) -> &'static str {
        match self {
            Self::V4 => "V4_ONLY",
            Self::V6 => "V6_ONLY",
        }
    }
}

impl<'m> Agent<'m> {
    pub(super) fn new(mesh: &'m Mesh, waypoint: &'m Waypoint) -> Self {
        let rules = &mesh.rules.bootstrap;
        let mut config = injected(mesh, waypoint);
        let annotations = &waypoint.proxy.annotations;
        if let Some(own) = annotations.get("proxy.istio.io/config").and_then(|text| read(text)) {
            config = config.overlaid_with(own);
        }
        if config.concurrency.is_none() {
            config.concurrency = Some(CPU_LIMIT);
        }
        if let Some(address) = annotations.get("sidecar.istio.io/discoveryAddress") {
            config.discovery_address = Some(address.clone());
        }
        if let Some(port) = annotations.get("status.sidecar.istio.io/port") {
            config.status_port = Some(port.parse().unwrap_or_default());
        }
        Self {
            waypoint,
            labels: labels_of_pod(mesh, waypoint),
            trust_domain: mesh.config.trust_domain.as_deref().unwrap_or_default(),
            rules,
            config,
            family: Family::of(&waypoint.proxy.addresses),
        }
    }

    pub(super) fn admin_port(&self) -> i32 {
        self.config.proxy_admin_port.unwrap_or_default()
    }

    pub(super) fn status_port(&self) -> i32 {
        self.config.status_port.unwrap_or_default()
    }

    pub(super) fn config_path(&self) -> &str {
        self.config.config_path.as_deref().unwrap_or_default()
    }

    /// A variable of the agent's environment that the proxy's configuration sets.
    pub(super) fn environment(&self, name: &str) -> Option<&str> {
        let metadata = Some(&self.config.proxy_metadata).filter(|_| self.rules.proxy_metadata_is_environment);
        metadata.and_then(|variables| variables.get(name)).map(Str::as_str)
    }

    /// A port that the environment may change.
    pub(super) fn port(&self, variable: &str, default: u16) -> u16 {
        self.environment(variable).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    /// Whether Envoy is to end once it has no connection left.
    pub(super) fn exits_without_connections(&self) -> bool {
        self.environment("EXIT_ON_ZERO_ACTIVE_CONNECTIONS") == Some("true")
    }
}

/// A pod of the snapshot has labels of its own; to those that the model has of it the control plane added some.
fn labels_of_pod<'m>(mesh: &'m Mesh, waypoint: &'m Waypoint) -> &'m BTreeMap<Str, Str> {
    let key = (&waypoint.name.namespace, &waypoint.proxy.pod_name);
    let pods = &mesh.snapshot.pods;
    let found = pods.binary_search_by(|pod| (&pod.meta.namespace, &pod.meta.name).cmp(&key));
    let pod = found.ok().and_then(|index| pods.get(index));
    match mesh.rules.registry.waypoint_deployment {
        WaypointDeployment::WithClass => &waypoint.proxy.labels,
        WaypointDeployment::Plain => pod.map_or(&waypoint.proxy.labels, |pod| &pod.meta.labels),
    }
}

/// The configuration that a waypoint's pod is made with: Istio's defaults, the mesh's, and those of ProxyConfigs for
/// the root namespace, the waypoint's namespace, and its pods. The pods are known by the name of their Gateway only.
///
/// Source: <https://istio.io/latest/docs/reference/config/networking/proxy-config/>.
pub(crate) fn injected(mesh: &Mesh, waypoint: &Waypoint) -> ProxyConfig {
    let mut config = defaults(&mesh.rules.bootstrap);
    if let Some(of_mesh) = &mesh.config.default_config {
        config = config.overlaid_with(of_mesh.clone());
    }
    let mut resources = mesh.snapshot.proxy_configs.clone();
    age::oldest_first(&mut resources, mesh.rules);
    let root = mesh.config.root_namespace.as_deref().unwrap_or_default();
    let namespace = waypoint.name.namespace.as_str();
    let of_namespace = |wanted: &str| {
        let mut found = resources.iter().filter(|o| o.meta.namespace == wanted);
        found.find(|o| o.spec.selector.is_none())
    };
    let of_pods = resources.iter().find(|o| o.meta.namespace == namespace && selects_pods(mesh, waypoint, o));
    let of_own_namespace = (namespace != root).then(|| of_namespace(namespace)).flatten();
    for resource in [of_namespace(root), of_own_namespace, of_pods].into_iter().flatten() {
        config = config.overlaid_with(of_resource(&resource.spec));
    }
    config
}

fn selects_pods(mesh: &Mesh, waypoint: &Waypoint, resource: &Arc<Object<networking::ProxyConfig>>) -> bool {
    let Some(selector) = &resource.spec.selector else { return false };
    let is_name = |(key, value): (&Str, &Str)| {
        *key == mesh.rules.manifests.gateway_name_label && *value == waypoint.name.name
    };
    !selector.match_labels.is_empty() && selector.match_labels.iter().all(is_name)
}

fn of_resource(resource: &networking::ProxyConfig) -> ProxyConfig {
    ProxyConfig {
        concurrency: resource.concurrency,
        proxy_metadata: resource.environment_variables.clone(),
        image: resource.image.clone(),
        ..ProxyConfig::default()
    }
}

/// What a proxy's configuration is where nobody says anything.
pub(crate) fn defaults(rules: &BootstrapRules) -> ProxyConfig {
    ProxyConfig {
        config_path: Some("./etc/istio/proxy".into()),
        binary_path: Some("/usr/local/bin/envoy".into()),
        service_cluster: Some("istio-proxy".into()),
        drain_duration: Some(Duration::from_secs(45)),
        termination_drain_duration: Some(Duration::from_secs(5)),
        discovery_address: Some("istiod.istio-system.svc:15012".into()),
        proxy_admin_port: Some(15_000),
        control_plane_auth_policy: Some(AuthenticationPolicy::MutualTls),
        stat_name_length: Some(189),
        status_port: Some(15_020),
        tracing: rules.zipkin_address.map(to_zipkin),
        ..ProxyConfig::default()
    }
}

fn to_zipkin(address: &str) -> Tracing {
    let mut tracing = Tracing::default();
    tracing.zipkin.get_or_insert_default().address = address.into();
    tracing
}

/// A ProxyConfig in YAML, as the annotation `proxy.istio.io/config` holds it.
fn read(text: &str) -> Option<ProxyConfig> {
    let file = SourceFile::new("proxy.istio.io/config", text);
    let document = documents(&file, &Limits::DEFAULT).next()?.ok()?;
    document.root().decode::<AnySpelling>(&Unread::new()).ok().map(|AnySpelling(config)| config)
}

/// A ProxyConfig whose fields may be spelled `proxyMetadata` or `proxy_metadata`.
struct AnySpelling(ProxyConfig);

impl<'de> Deserialize<'de> for AnySpelling {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ProxyConfig::read(deserializer).map(Self)
    }
}

/// Splits `host:port`, where an IPv6 address stands in brackets.
pub(super) fn host_and_port(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    Some((host, port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_of_both_families_is_ipv4() {
        let v4: IpAddr = "10.0.0.1".parse().unwrap();
        let v6: IpAddr = "fd00::1".parse().unwrap();
        assert_eq!(Family::of(&[]), Family::V4);
        assert_eq!(Family::of(&[v6, v4]), Family::V4);
        assert_eq!(Family::of(&[v6]), Family::V6);
    }

    #[test]
    fn addresses_need_a_port() {
        assert_eq!(host_and_port("zipkin.istio-system:9411"), Some(("zipkin.istio-system", 9411)));
        assert_eq!(host_and_port("[fd00::1]:9411"), Some(("fd00::1", 9411)));
        assert_eq!(host_and_port("fd00::1:9411"), None);
        assert_eq!(host_and_port("zipkin"), None);
    }

    #[test]
    fn an_annotation_is_read_in_either_spelling() {
        let config = read("proxy_admin_port: 15001\nstatusPort: 15099\n").unwrap();
        assert_eq!((config.proxy_admin_port, config.status_port), (Some(15_001), Some(15_099)));
        assert_eq!(read("statusPort: [1]"), None);
    }
}
