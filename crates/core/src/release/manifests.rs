//! What tells the releases apart in the objects that run a waypoint.

/// The objects that the gateway deployment controller makes for a waypoint.
///
/// Source: `manifests/charts/istio-control/istio-discovery/files/waypoint.yaml` of each release, and the controller
/// that fills it in.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ManifestRules {
    /// The API version of the Gateways that istioctl writes and that own the objects.
    pub gateway_api_version: &'static str,
    /// The label that ties pods to their Gateway.
    pub gateway_name_label: &'static str,
    /// Where images come from.
    pub hub: &'static str,
    /// The tag of the proxy's image.
    pub tag: &'static str,
    /// How the proxy's container runs.
    pub container: ContainerLayout,
    /// What is copied from the Gateway.
    pub copied: CopiedMetadata,
    /// Which ports the Service has.
    pub ports: ServicePorts,
}

/// How the proxy's container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerLayout {
    /// As root, privileged.
    Privileged,
    /// As an own user, on a file system that is read only, with a socket of its own for identities.
    Restricted,
}

/// What is copied from a Gateway to the objects that run it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopiedMetadata {
    /// The Gateway's own labels and annotations; ServiceAccounts get none.
    OfGateway,
    /// Those of `infrastructure`, else the Gateway's own; to every object.
    OfInfrastructure,
}

/// Which ports a waypoint's Service has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServicePorts {
    /// The one for HBONE, whatever the listeners are.
    Hbone,
    /// One for health checks, and the listeners'.
    Listeners,
}

/// The rules of 1.18.
pub(super) const V1_18: ManifestRules = ManifestRules {
    gateway_api_version: "gateway.networking.k8s.io/v1beta1",
    gateway_name_label: "istio.io/gateway-name",
    hub: "docker.io/istio",
    tag: "1.18.0",
    container: ContainerLayout::Privileged,
    copied: CopiedMetadata::OfGateway,
    ports: ServicePorts::Hbone,
};

/// The rules of 1.31.
pub(super) const V1_31: ManifestRules = ManifestRules {
    gateway_api_version: "gateway.networking.k8s.io/v1",
    gateway_name_label: "gateway.networking.k8s.io/gateway-name",
    hub: "registry.istio.io/release",
    tag: "1.31.0",
    container: ContainerLayout::Restricted,
    copied: CopiedMetadata::OfInfrastructure,
    ports: ServicePorts::Listeners,
};
