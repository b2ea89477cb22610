//! The agent of a waypoint's pod: what it starts its Envoy with.

use std::net::IpAddr;

use envoy::config::cluster::v3::cluster::DnsLookupFamily;

use crate::Str;
use crate::mesh::{Mesh, Waypoint};
use crate::rules::{BootstrapRules, Rules};
use crate::snapshot::Labels;
use crate::snapshot::mesh_config::ProxyConfig;

/// What the agent knows when it writes the bootstrap.
pub(super) struct Agent<'m> {
    /// The waypoint that it runs.
    pub(super) waypoint: &'m Waypoint,
    /// The labels of its pod.
    pub(super) labels: &'m Labels,
    /// The mesh's id.
    pub(super) mesh_id: &'m str,
    /// What the release does.
    pub(super) release: &'static Rules,
    /// What is in its bootstraps.
    pub(super) rules: &'static BootstrapRules,
    /// The proxy's effective configuration.
    pub(super) config: &'m ProxyConfig,
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
    pub(super) const fn dns_lookup(self) -> DnsLookupFamily {
        match self {
            Self::V4 => DnsLookupFamily::V4Only,
            Self::V6 => DnsLookupFamily::V6Only,
        }
    }
}

impl<'m> Agent<'m> {
    pub(super) fn new(mesh: &'m Mesh, waypoint: &'m Waypoint) -> Self {
        Self {
            waypoint,
            labels: labels_of_pod(mesh, waypoint),
            mesh_id: &mesh.config.mesh_id,
            release: mesh.rules,
            rules: &mesh.rules.bootstrap,
            config: &waypoint.proxy.config,
            family: Family::of(&waypoint.proxy.addresses),
        }
    }

    pub(super) fn admin_port(&self) -> u32 {
        port(self.config.proxy_admin_port)
    }

    pub(super) fn status_port(&self) -> u32 {
        port(self.config.status_port)
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

    /// The cluster of the proxy's node.
    pub(super) fn service_cluster(&self) -> String {
        let Waypoint { name, proxy, .. } = self.waypoint;
        proxy.service_cluster(&name.namespace, self.labels, self.rules).into()
    }

    /// Whether Envoy is to end once it has no connection left.
    pub(super) fn exits_without_connections(&self) -> bool {
        self.environment("EXIT_ON_ZERO_ACTIVE_CONNECTIONS") == Some("true")
    }
}

fn port(configured: Option<i32>) -> u32 {
    configured.and_then(|port| u32::try_from(port).ok()).unwrap_or_default()
}

/// A pod of the snapshot has labels of its own; to those that the model has of it the control plane added
/// some.
fn labels_of_pod<'m>(mesh: &'m Mesh, waypoint: &'m Waypoint) -> &'m Labels {
    let key = (&waypoint.name.namespace, &waypoint.proxy.pod_name);
    let pods = &mesh.snapshot.pods;
    let found = pods.binary_search_by(|pod| (&pod.meta.namespace, &pod.meta.name).cmp(&key));
    let pod = found.ok().and_then(|index| pods.get(index));
    let found = pod.filter(|_| mesh.rules.waypoints.pods_as_found);
    found.map_or(&waypoint.proxy.labels, |pod| &pod.meta.labels)
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
}
