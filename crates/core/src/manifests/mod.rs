//! The Kubernetes objects around a waypoint: the Gateway that asks for one, and what runs it.
//!
//! | module | makes |
//! |---|---|
//! | [`gateway`] | the Gateway that `istioctl waypoint generate` prints |
//! | `service_account` | the account of the proxy's pods |
//! | `deployment` | the proxy's pods |
//! | `container`, `environment` | the container in them |
//! | `service` | the address that they are reached at |
//!
//! Objects that the controller makes only where somebody asks for them in a ConfigMap (`parametersRef` of a
//! Gateway's `infrastructure`: a HorizontalPodAutoscaler, a PodDisruptionBudget, patches of the others) are
//! not made here.

mod container;
mod deployment;
mod environment;
pub mod gateway;
mod metadata;
mod service;
mod service_account;

use serde_json::Value;

use crate::Str;
use crate::features::Features;
use crate::mesh::waypoint::proxy;
use crate::mesh::{DataPlane, Mesh, Waypoint};
use crate::rules::{ManifestRules, Rules};
use crate::snapshot::mesh_config::ProxyConfig;
use crate::snapshot::{Object, gateway_api};

/// A waypoint, as the templates of its objects see it.
struct Template<'m> {
    release: &'static Rules,
    rules: &'static ManifestRules,
    gateway: &'m Object<gateway_api::Gateway>,
    /// Whether the objects have the Gateway's labels and annotations, where it does not give others for them.
    copies_metadata: bool,
    /// The name of the Deployment and the Service.
    name: Str,
    service_account: Str,
    /// What pods are injected with.
    proxy_config: ProxyConfig,
    /// What a proxy has without being injected with anything.
    proxy_defaults: ProxyConfig,
    cluster: &'m str,
    mesh_id: &'m str,
    trust_domain: &'m str,
}

/// The objects that Istio's gateway deployment controller makes for a waypoint: its ServiceAccount,
/// Deployment and Service.
///
/// There are none where the Gateway's `addresses` or a flag say that somebody else runs it, or where it isn't
/// Envoy that runs. Owner references have the Gateway's `uid`, which only the API server knows: it is empty
/// for a Gateway that was never applied.
#[must_use]
pub fn manifests(mesh: &Mesh, waypoint: &Waypoint) -> Vec<Value> {
    let gateway = waypoint.gateway.as_ref();
    let features = &mesh.options.features;
    let is_made =
        features.pilot_enable_gateway_api_deployment_controller && is_managed(&gateway.spec, features);
    if !is_made || waypoint.data_plane != DataPlane::Envoy {
        return Vec::new();
    }
    let default_name = || proxy::default_name(gateway, &mesh.rules.waypoints);
    let annotated = |key: &str| gateway.meta.annotations.get(key).filter(|value| !value.is_empty()).cloned();
    let template = Template {
        copies_metadata: features.pilot_enable_gateway_api_copy_labels_annotations,
        release: mesh.rules,
        rules: &mesh.rules.manifests,
        gateway,
        name: annotated("gateway.istio.io/name-override").unwrap_or_else(default_name),
        service_account: annotated("gateway.istio.io/service-account").unwrap_or_else(default_name),
        proxy_config: mesh.proxy_configs.injected(&waypoint.name),
        proxy_defaults: crate::mesh::proxy_config::defaults(&mesh.rules.bootstrap),
        cluster: &mesh.cluster,
        mesh_id: &mesh.config.mesh_id,
        trust_domain: &mesh.config.trust_domain,
    };
    vec![service_account::make(&template), deployment::make(&template), service::make(&template)]
}

/// Whether Istio runs the Gateway: it has no address of its own choice, or a single IP address.
pub(crate) fn is_managed(gateway: &gateway_api::Gateway, features: &Features) -> bool {
    match gateway.addresses.as_slice() {
        _ if !features.enable_gateway_api_manual_deployment => true,
        [] => true,
        [only] => only.address_type.as_deref().is_none_or(|kind| kind == "IPAddress"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::gateway_api::Gateway;
    use crate::snapshot::gateway_api::gateway::GatewayAddress;

    #[test]
    fn a_hostname_is_somebody_elses() {
        let address =
            |kind: Option<&str>| GatewayAddress { address_type: kind.map(Str::from), value: "x".into() };
        let managed = |addresses: Vec<GatewayAddress>| {
            is_managed(&Gateway { addresses, ..Gateway::default() }, &Features::default())
        };
        assert!(managed(vec![]));
        assert!(managed(vec![address(None)]));
        assert!(managed(vec![address(Some("IPAddress"))]));
        assert!(!managed(vec![address(Some("Hostname"))]));
        assert!(!managed(vec![address(None), address(None)]));
    }
}
