//! The kinds that are read: their groups, the versions served for them, their scope and the rule for their
//! names.

use std::fmt;

use crate::well_known::{GKE_MCS_GROUP, MCS_GROUP};

/// What Kubernetes asks of an object's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRule {
    /// RFC 1123 subdomain: labels joined by dots, at most 253 characters. Most kinds.
    Subdomain,
    /// RFC 1123 label: at most 63 characters, no dot. Namespaces.
    Label,
    /// RFC 1035 label: as an RFC 1123 label, starting with a letter. Services.
    ServiceName,
}

/// Where objects of a kind live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace; `default` when none is given, as for `kubectl apply`.
    Namespaced,
    /// In the cluster itself: such an object has no namespace.
    Cluster,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $group:literal / $name:literal [$($version:literal),+] $scope:ident $rule:ident;)+) => {
        /// A kind of object that is read, or that something is to be said of. Others are counted and ignored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $variant,)+ }

        impl Kind {
            /// Every kind, in the order of the enum.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant),+];

            /// The API group; empty for the core group.
            #[must_use]
            pub const fn group(self) -> &'static str { match self { $(Kind::$variant => $group),+ } }

            /// The name as in an object's `kind` field.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Kind::$variant => $name),+ } }

            /// The versions read, newest first.
            #[must_use]
            pub const fn versions(self) -> &'static [&'static str] {
                match self { $(Kind::$variant => &[$($version),+]),+ }
            }

            /// Whether objects of this kind live in a namespace.
            #[must_use]
            pub const fn scope(self) -> Scope { match self { $(Kind::$variant => Scope::$scope),+ } }

            /// The rule for names of this kind.
            #[must_use]
            pub const fn name_rule(self) -> NameRule { match self { $(Kind::$variant => NameRule::$rule),+ } }

            /// The kind called `name` in the API group `group`, or in one that stands for it.
            #[must_use]
            pub fn find(group: &str, name: &str) -> Option<Kind> {
                let group = if group == GKE_MCS_GROUP { MCS_GROUP } else { group };
                match (group, name) { $(($group, $name) => Some(Kind::$variant),)+ _ => None }
            }
        }
    };
}

kinds! {
    /// A namespace: its labels enrol it and bind it to a waypoint.
    Namespace = "" / "Namespace" ["v1"] Cluster Label;
    /// A node: its address and topology labels.
    Node = "" / "Node" ["v1"] Cluster Subdomain;
    /// A service.
    Service = "" / "Service" ["v1"] Namespaced ServiceName;
    /// The endpoints of a service without a selector, as older clients write them.
    Endpoints = "" / "Endpoints" ["v1"] Namespaced Subdomain;
    /// A pod.
    Pod = "" / "Pod" ["v1"] Namespaced Subdomain;
    /// A service account.
    ServiceAccount = "" / "ServiceAccount" ["v1"] Namespaced Subdomain;
    /// A config map: mesh configuration, certificates.
    ConfigMap = "" / "ConfigMap" ["v1"] Namespaced Subdomain;
    /// A secret: certificates and pull secrets.
    Secret = "" / "Secret" ["v1"] Namespaced Subdomain;
    /// Endpoints of a service.
    EndpointSlice = "discovery.k8s.io" / "EndpointSlice" ["v1", "v1beta1"] Namespaced Subdomain;
    /// Which connections pods may open and take, as the network's plugin enforces it.
    NetworkPolicy = "networking.k8s.io" / "NetworkPolicy" ["v1"] Namespaced Subdomain;
    /// Gateway API: the class of a gateway.
    GatewayClass = "gateway.networking.k8s.io" / "GatewayClass" ["v1", "v1beta1", "v1alpha2"] Cluster Subdomain;
    /// Gateway API: a gateway; waypoints are of class `istio-waypoint`.
    Gateway = "gateway.networking.k8s.io" / "Gateway" ["v1", "v1beta1", "v1alpha2"] Namespaced Subdomain;
    /// Gateway API: routes for HTTP.
    HttpRoute = "gateway.networking.k8s.io" / "HTTPRoute" ["v1", "v1beta1", "v1alpha2"] Namespaced Subdomain;
    /// Gateway API: routes for gRPC.
    GrpcRoute = "gateway.networking.k8s.io" / "GRPCRoute" ["v1", "v1alpha2"] Namespaced Subdomain;
    /// Gateway API: routes for TCP.
    TcpRoute = "gateway.networking.k8s.io" / "TCPRoute" ["v1", "v1alpha2"] Namespaced Subdomain;
    /// Gateway API: routes for TLS that is passed through.
    TlsRoute = "gateway.networking.k8s.io" / "TLSRoute" ["v1", "v1alpha3", "v1alpha2"] Namespaced Subdomain;
    /// Gateway API: permission for references from another namespace.
    ReferenceGrant = "gateway.networking.k8s.io" / "ReferenceGrant" ["v1", "v1beta1", "v1alpha2"] Namespaced Subdomain;
    /// Gateway API: TLS towards a backend.
    BackendTlsPolicy = "gateway.networking.k8s.io" / "BackendTLSPolicy" ["v1", "v1alpha3"] Namespaced Subdomain;
    /// Gateway API: listeners that are added to a gateway.
    ListenerSet = "gateway.networking.k8s.io" / "ListenerSet" ["v1"] Namespaced Subdomain;
    /// Gateway API, experimental: retries and session persistence towards a backend.
    XBackendTrafficPolicy = "gateway.networking.x-k8s.io" / "XBackendTrafficPolicy" ["v1alpha1"] Namespaced Subdomain;
    /// Gateway API inference extension: a pool of model servers.
    InferencePool = "inference.networking.k8s.io" / "InferencePool" ["v1"] Namespaced Subdomain;
    /// Multi-cluster Services: a Service whose endpoints other clusters know.
    ServiceExport = "multicluster.x-k8s.io" / "ServiceExport" ["v1alpha1", "v1beta1", "v1"] Namespaced Subdomain;
    /// Multi-cluster Services: a Service of all clusters, with addresses of its own.
    ServiceImport = "multicluster.x-k8s.io" / "ServiceImport" ["v1alpha1", "v1beta1", "v1"] Namespaced Subdomain;
    /// Istio's own gateway.
    IstioGateway = "networking.istio.io" / "Gateway" ["v1", "v1beta1", "v1alpha3"] Namespaced Subdomain;
    /// Routes of a host.
    VirtualService = "networking.istio.io" / "VirtualService" ["v1", "v1beta1", "v1alpha3"] Namespaced Subdomain;
    /// What applies after routing: subsets, load balancing, TLS, pools.
    DestinationRule = "networking.istio.io" / "DestinationRule" ["v1", "v1beta1", "v1alpha3"] Namespaced Subdomain;
    /// A service outside of Kubernetes.
    ServiceEntry = "networking.istio.io" / "ServiceEntry" ["v1", "v1beta1", "v1alpha3"] Namespaced Subdomain;
    /// A workload outside of Kubernetes.
    WorkloadEntry = "networking.istio.io" / "WorkloadEntry" ["v1", "v1beta1", "v1alpha3"] Namespaced Subdomain;
    /// A template for workload entries.
    WorkloadGroup = "networking.istio.io" / "WorkloadGroup" ["v1", "v1beta1", "v1alpha3"] Namespaced Subdomain;
    /// What a sidecar imports.
    Sidecar = "networking.istio.io" / "Sidecar" ["v1", "v1beta1", "v1alpha3"] Namespaced Subdomain;
    /// Patches of generated resources.
    EnvoyFilter = "networking.istio.io" / "EnvoyFilter" ["v1alpha3"] Namespaced Subdomain;
    /// Settings of the proxy's bootstrap.
    ProxyConfig = "networking.istio.io" / "ProxyConfig" ["v1beta1"] Namespaced Subdomain;
    /// Who may call what.
    AuthorizationPolicy = "security.istio.io" / "AuthorizationPolicy" ["v1", "v1beta1"] Namespaced Subdomain;
    /// Whether peers have to use mTLS.
    PeerAuthentication = "security.istio.io" / "PeerAuthentication" ["v1", "v1beta1"] Namespaced Subdomain;
    /// Which JSON web tokens are accepted.
    RequestAuthentication = "security.istio.io" / "RequestAuthentication" ["v1", "v1beta1"] Namespaced Subdomain;
    /// Metrics, access logs, tracing.
    Telemetry = "telemetry.istio.io" / "Telemetry" ["v1", "v1alpha1"] Namespaced Subdomain;
    /// A WebAssembly filter.
    WasmPlugin = "extensions.istio.io" / "WasmPlugin" ["v1alpha1"] Namespaced Subdomain;
    /// A template for pods.
    Deployment = "apps" / "Deployment" ["v1"] Namespaced Subdomain;
    /// A template for pods with names.
    StatefulSet = "apps" / "StatefulSet" ["v1"] Namespaced Subdomain;
    /// A template for a pod on each node.
    DaemonSet = "apps" / "DaemonSet" ["v1"] Namespaced Subdomain;
    /// A template for pods that another controller makes, a Deployment mostly.
    ReplicaSet = "apps" / "ReplicaSet" ["v1"] Namespaced Subdomain;
    /// A template for pods that run once.
    Job = "batch" / "Job" ["v1"] Namespaced Subdomain;
    /// Argo's template for pods.
    Rollout = "argoproj.io" / "Rollout" ["v1alpha1"] Namespaced Subdomain;
    /// Settings of an installation.
    IstioOperator = "install.istio.io" / "IstioOperator" ["v1alpha1"] Namespaced Subdomain;
    /// Settings of an installation, as the Sail operator has them.
    SailIstio = "sailoperator.io" / "Istio" ["v1", "v1alpha1"] Cluster Subdomain;
    /// A WebAssembly or Lua filter (1.31).
    TrafficExtension = "extensions.istio.io" / "TrafficExtension" ["v1alpha1"] Namespaced Subdomain;
}

impl Kind {
    /// The name that tells two kinds of one name apart: `Gateway` is the Gateway API's, Istio's own gets its
    /// group.
    #[must_use]
    pub const fn display_name(self) -> &'static str {
        match self {
            Kind::IstioGateway => "Gateway.networking.istio.io",
            other => other.name(),
        }
    }

    /// What a custom resource definition of the kind is called: `virtualservices.networking.istio.io`.
    #[must_use]
    pub fn resource_name(self) -> String {
        let singular = self.name().to_ascii_lowercase();
        let plural = match singular.strip_suffix('y').filter(|stem| !stem.ends_with('a')) {
            Some(stem) => format!("{stem}ies"),
            None if singular.ends_with('s') => format!("{singular}es"),
            None => format!("{singular}s"),
        };
        format!("{plural}.{}", self.group())
    }

    /// Whether it says where requests or bytes go.
    #[must_use]
    pub const fn is_route(self) -> bool {
        matches!(
            self,
            Kind::VirtualService | Kind::HttpRoute | Kind::GrpcRoute | Kind::TcpRoute | Kind::TlsRoute
        )
    }

    /// Whether the kind lives in a namespace.
    #[must_use]
    pub fn is_namespaced(self) -> bool {
        self.scope() == Scope::Namespaced
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.display_name())
    }
}

impl serde::Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.display_name())
    }
}

/// A word that is no kind's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind `{0}` is known here")]
pub struct UnknownKind(pub String);

/// By its [`display_name`](Kind::display_name).
impl std::str::FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let found = Kind::ALL.iter().copied().find(|kind| kind.display_name() == name);
        found.ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

impl<'de> serde::Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = crate::Str::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_resource_definitions_have_the_plural() {
        let all = [Kind::Gateway, Kind::ServiceEntry, Kind::GatewayClass, Kind::WasmPlugin];
        let names = all.map(Kind::resource_name);
        let expected = [
            "gateways.gateway.networking.k8s.io",
            "serviceentries.networking.istio.io",
            "gatewayclasses.gateway.networking.k8s.io",
            "wasmplugins.extensions.istio.io",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn group_and_name_find_the_kind_again() {
        for &kind in Kind::ALL {
            assert_eq!(Kind::find(kind.group(), kind.name()), Some(kind));
        }
        assert_eq!(Kind::find("networking.istio.io", "Pod"), None);
        assert_eq!(Kind::find("", "pod"), None);
    }

    #[test]
    fn the_two_gateways_differ() {
        assert_eq!(Kind::Gateway.to_string(), "Gateway");
        assert_eq!(Kind::IstioGateway.to_string(), "Gateway.networking.istio.io");
    }
}
