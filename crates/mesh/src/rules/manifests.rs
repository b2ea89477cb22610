//! What tells the releases apart in the objects that run a waypoint.

use super::table::table;

table! {
    /// The objects that the gateway deployment controller makes for a waypoint.
    ///
    /// Source: `manifests/charts/istio-control/istio-discovery/files/waypoint.yaml` of each release, and the
    /// controller that fills it in.
    pub struct ManifestRules {
        /// The API version of the Gateways that istioctl writes and that own the objects.
        pub gateway_api_version: &'static str,
        /// Where images come from.
        pub hub: &'static str,
        /// How the proxy's container runs.
        pub container: ContainerLayout,
        /// What is in the container's environment.
        pub environment: Environment,
        /// Whether the container's ports are declared.
        pub container_ports: bool,
        /// Whether an annotation can name the whole image, or only its type.
        pub image_annotation: bool,
        /// How long a pod has to end, in seconds, if it isn't Kubernetes' default.
        pub termination_grace_period: Option<u32>,
        /// Whether the ServiceAccount has the Gateway's labels and annotations, too.
        pub account_metadata: bool,
        /// Which ports the Service has.
        pub ports: ServicePorts,
        /// Whether ConfigMaps can patch the objects, for a class and for a Gateway.
        pub parameters: bool,
    }
}

/// How the proxy's container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerLayout {
    /// As root, privileged.
    Privileged,
    /// As an own user, on a file system that is read only, with a socket of its own for identities.
    Restricted,
}

/// Which ports a waypoint's Service has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServicePorts {
    /// The one for HBONE, whatever the listeners are.
    Hbone,
    /// One for health checks, and the listeners'.
    Listeners,
}

/// What is in the environment of a proxy's container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// How the control plane is asked for a certificate.
    WithJwtPolicy,
    /// The proxy's configured variables, limits of memory and processors, the network, and the trust domain.
    WithResources,
}
