//! What holds for a waypoint as a whole.

use crate::features::Features;
use crate::mesh::waypoint::Proxy;
use crate::mesh::{MeshSettings, WaypointName};
use crate::rules::Rules;

/// What holds for a waypoint as a whole: its release, the mesh's settings, and its proxy. All of it is
/// decided; a renderer looks nothing up in it.
#[derive(Clone, Copy, Debug)]
pub struct WaypointSettings<'m> {
    /// What the release does.
    pub rules: &'static Rules,
    /// The mesh configuration, with Istio's defaults.
    pub mesh: &'m MeshSettings,
    /// The control plane's feature flags.
    pub features: &'m Features,
    /// The waypoint's name.
    pub name: &'m WaypointName,
    /// The proxy that runs it.
    pub proxy: &'m Proxy,
}

impl WaypointSettings<'_> {
    /// The family of addresses that names are resolved to: one that has both looks for IPv4 only, unless the
    /// feature `ISTIO_DUAL_STACK` is on.
    pub fn resolves_to_ipv6(&self) -> bool {
        self.proxy.supports_ipv6() && !self.proxy.supports_ipv4()
    }

    /// Whether the case of HTTP/1 headers is kept.
    pub fn preserves_header_case(&self) -> bool {
        let headers = self.proxy.config.proxy_headers.as_ref();
        headers.and_then(|headers| headers.preserve_http1_header_case) == Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;

    #[test]
    fn names_are_resolved_to_addresses_that_the_proxy_has() {
        let to_ipv6 = |addresses: &[&str]| {
            let addresses = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
            let settings = WaypointSettings {
                rules: Rules::of(Release::V1_31),
                mesh: &MeshSettings::default(),
                features: &Features::default(),
                name: &WaypointName::new("ns", "waypoint"),
                proxy: &Proxy { addresses, ..Proxy::default() },
            };
            settings.resolves_to_ipv6()
        };
        assert!(!to_ipv6(&[]));
        assert!(to_ipv6(&["fd00::1"]));
        assert!(!to_ipv6(&["fd00::1", "10.0.0.1"]));
    }
}
