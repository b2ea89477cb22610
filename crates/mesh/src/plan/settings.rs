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

/// Families of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Families {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
    /// Either.
    Both,
}

impl WaypointSettings<'_> {
    /// The families of addresses that names are resolved to: one that has both looks for IPv4 only, unless a
    /// flag says otherwise.
    pub fn resolves_to(&self) -> Families {
        match (self.proxy.supports_ipv4(), self.proxy.supports_ipv6()) {
            (false, true) if self.features.istio_enable_ipv4_outbound_listener_for_ipv6_clusters => {
                Families::Both
            }
            (false, true) => Families::Ipv6,
            (true, true) if self.features.istio_dual_stack => Families::Both,
            _ => Families::Ipv4,
        }
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
        let families = |addresses: &[&str], flags: &[&str]| {
            let mut features = Features::default();
            flags.iter().for_each(|name| features.set(name, "true").unwrap());
            let addresses = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
            let settings = WaypointSettings {
                rules: Rules::of(Release::V1_31),
                mesh: &MeshSettings::default(),
                features: &features,
                name: &WaypointName::new("ns", "waypoint"),
                proxy: &Proxy { addresses, ..Proxy::default() },
            };
            settings.resolves_to()
        };
        const DUAL: &[&str] = &["ISTIO_DUAL_STACK"];
        const BESIDE: &[&str] = &["ISTIO_ENABLE_IPV4_OUTBOUND_LISTENER_FOR_IPV6_CLUSTERS"];
        assert_eq!(families(&[], DUAL), Families::Ipv4);
        assert_eq!(families(&["fd00::1"], DUAL), Families::Ipv6);
        assert_eq!(families(&["fd00::1"], BESIDE), Families::Both);
        assert_eq!(families(&["fd00::1", "10.0.0.1"], BESIDE), Families::Ipv4);
        assert_eq!(families(&["fd00::1", "10.0.0.1"], DUAL), Families::Both);
    }
}
