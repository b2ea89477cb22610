//! The Kubernetes objects around a waypoint: the Gateway that asks for one, and what runs it.
//!
//! | module | makes |
//! |---|---|
//! | [`gateway`] | the Gateway that `istioctl waypoint generate` prints |
//! | `service_account` | the account of the proxy's pods |
//! | `deployment` | the proxy's pods |
//! | `container`, `environment` | the container in them |
//! | `service` | the address that they are reached at |
//! | `on_demand` | how many pods there are, where somebody asks for that |
//! | `parameters`, `strategic` | what ConfigMaps change of all that, and how Kubernetes merges it |

mod container;
mod deployment;
mod environment;
pub mod gateway;
mod metadata;
mod on_demand;
mod parameters;
mod service;
mod service_account;
mod strategic;

use serde_json::Value;

use parameters::{Patches, Sort};

pub(crate) use parameters::FOR_CLASS;

use crate::Str;
use crate::features::Features;
use crate::mesh::waypoint::proxy;
use crate::mesh::{DataPlane, Mesh, Waypoint};
use crate::problem::Problem;
use crate::rules::{ManifestRules, Rules};
use crate::snapshot::mesh_config::ProxyConfig;
use crate::snapshot::{Object, gateway_api};
use crate::version::Version;

/// A waypoint, as the templates of its objects see it.
struct Template<'m> {
    release: &'static Rules,
    rules: &'static ManifestRules,
    /// The version of the control plane, which is that of its proxies.
    version: Version,
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

/// The objects that Istio makes for a waypoint.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Manifests {
    /// The objects; none where their parameters cannot be applied.
    pub objects: Vec<Value>,
    /// What is wrong with the parameters.
    pub problems: Vec<Problem>,
}

/// The objects that Istio's gateway deployment controller makes for a waypoint: its ServiceAccount,
/// Deployment and Service, and what the ConfigMaps of its class and its Gateway ask for.
///
/// There are none where the Gateway's `addresses` or a flag say that somebody else runs it, or where it isn't
/// Envoy that runs. Owner references have the Gateway's `uid`, which only the API server knows: it is empty
/// for a Gateway that was never applied.
#[must_use]
pub fn manifests(mesh: &Mesh, waypoint: &Waypoint) -> Manifests {
    let gateway = waypoint.gateway.as_ref();
    let features = &mesh.options.features;
    let is_made =
        features.pilot_enable_gateway_api_deployment_controller && is_managed(&gateway.spec, features);
    if !is_made || waypoint.data_plane != DataPlane::Envoy {
        return Manifests::default();
    }
    let default_name = || proxy::default_name(gateway, &mesh.rules.waypoints);
    let annotated = |key: &str| gateway.meta.annotations.get(key).filter(|value| !value.is_empty()).cloned();
    let template = Template {
        copies_metadata: features.pilot_enable_gateway_api_copy_labels_annotations,
        release: mesh.rules,
        rules: &mesh.rules.manifests,
        version: mesh.options.proxy_version(),
        gateway,
        name: annotated("gateway.istio.io/name-override").unwrap_or_else(default_name),
        service_account: annotated("gateway.istio.io/service-account").unwrap_or_else(default_name),
        proxy_config: mesh.proxy_configs.injected(&waypoint.name),
        proxy_defaults: crate::mesh::proxy_config::defaults(&mesh.rules.bootstrap),
        cluster: &mesh.cluster,
        mesh_id: &mesh.config.mesh_id,
        trust_domain: &mesh.config.trust_domain,
    };
    match objects(mesh, &template) {
        Ok(objects) => Manifests { objects, problems: Vec::new() },
        Err(problem) => Manifests { objects: Vec::new(), problems: vec![*problem] },
    }
}

/// Every object, patched.
fn objects(mesh: &Mesh, template: &Template<'_>) -> Result<Vec<Value>, Box<Problem>> {
    let patches = Patches::of(mesh, template)?;
    let made = [
        (Sort::SERVICE_ACCOUNT, service_account::make(template)),
        (Sort::DEPLOYMENT, deployment::make(template)),
        (Sort::SERVICE, service::make(template)),
        (Sort::AUTOSCALER, on_demand::autoscaler(template)),
        (Sort::BUDGET, on_demand::budget(template)),
    ];
    made.into_iter().filter_map(|(sort, object)| patches.apply(sort, object).transpose()).collect()
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
