//! The snapshot: the objects that a translation starts from, typed.
//!
//! [`Snapshot`] has one list per kind, `Vec<Arc<Object<T>>>`, sorted by namespace and name, so that the order of the
//! input never matters; where Istio's behaviour depends on the order of documents, [`Object::source`] has it.
//! An [`Object`] is its metadata and what is particular to its kind:
//!
//! - of most kinds `object.spec` is the API's `spec`: `virtual_service.spec.http`;
//! - a status that Istio reads is a field of that: `pod.spec.status.pod_ip`, `gateway.spec.status.addresses`;
//! - of kinds without a `spec` it is the whole object: `endpoint_slice.spec.endpoints`, `config_map.spec.data`.
//!
//! The types are named as in the APIs and hold what Istio 1.18 or 1.31 reads for a waypoint, or validates in it. They
//! follow proto3's and Kubernetes' notion of presence: a scalar is its zero value where absent, messages, wrappers
//! (`google.protobuf.UInt32Value`) and pointers are an `Option`. Which of the fields a release knows, their defaults
//! and what is refused is [`crate::admission`]'s matter; here nothing depends on a release.
//!
//! | module | API group |
//! |---|---|
//! | [`kubernetes`] | core, `discovery.k8s.io` |
//! | [`gateway_api`] | `gateway.networking.k8s.io`, `gateway.networking.x-k8s.io` |
//! | [`networking`] | `networking.istio.io` |
//! | [`security`] | `security.istio.io` |
//! | [`telemetry`] | `telemetry.istio.io` |
//! | [`extensions`] | `extensions.istio.io` |
//! | [`mesh_config`] | `istio.mesh.v1alpha1`, which is no custom resource |
//! | [`selector`] | selectors and references that several of them share |

pub mod extensions;
pub mod gateway_api;
pub mod kind;
pub mod kubernetes;
pub mod mesh_config;
pub mod message;
pub mod networking;
pub mod object;
pub(crate) mod proto_json;
pub mod security;
pub mod selector;
pub mod telemetry;
pub mod timestamp;

use std::sync::Arc;

pub use kind::{Kind, NameRule, Scope};
pub use message::{Duration, IntOrString};
pub use object::{Meta, Object, ObjectRef, OwnerReference, Resource, Source};
pub use timestamp::Timestamp;

/// Declares the kinds that a snapshot keeps: the list in [`Snapshot`], the type, its [`Kind`], and where in the
/// document the type's fields stand: `in spec`, `in spec and status`, or `in document`.
macro_rules! snapshot {
    ($($(#[$doc:meta])* $list:ident: $ty:ty = $kind:ident;)*) => {
        /// Typed objects, by kind. See the [module documentation](self).
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Snapshot {
            $($(#[$doc])* pub $list: Vec<Arc<Object<$ty>>>,)*
        }

        impl Snapshot {
            /// Sorts every list by namespace and name.
            pub(crate) fn sort(&mut self) {
                $(self.$list.sort_by(|a, b| {
                    (&a.meta.namespace, &a.meta.name, a.source).cmp(&(&b.meta.namespace, &b.meta.name, b.source))
                });)*
            }

            /// How many objects there are.
            #[must_use]
            pub fn len(&self) -> usize {
                0 $(+ self.$list.len())*
            }

            /// Whether there is no object.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }

        $(impl Resource for $ty {
            const KIND: Kind = Kind::$kind;
        })*
    };
}

snapshot! {
    /// Namespaces.
    namespaces: kubernetes::Namespace = Namespace;
    /// Nodes.
    nodes: kubernetes::Node = Node;
    /// Services.
    services: kubernetes::Service = Service;
    /// Endpoints, as older clients write them.
    endpoints: kubernetes::Endpoints = Endpoints;
    /// EndpointSlices.
    endpoint_slices: kubernetes::EndpointSlice = EndpointSlice;
    /// Pods.
    pods: kubernetes::Pod = Pod;
    /// Service accounts.
    service_accounts: kubernetes::ServiceAccount = ServiceAccount;
    /// ConfigMaps.
    config_maps: kubernetes::ConfigMap = ConfigMap;
    /// Secrets, without their data.
    secrets: kubernetes::Secret = Secret;
    /// Gateway API: classes of gateways.
    gateway_classes: gateway_api::GatewayClass = GatewayClass;
    /// Gateway API: gateways, waypoints among them.
    gateways: gateway_api::Gateway = Gateway;
    /// Gateway API: routes for HTTP.
    http_routes: gateway_api::HttpRoute = HttpRoute;
    /// Gateway API: routes for gRPC.
    grpc_routes: gateway_api::GrpcRoute = GrpcRoute;
    /// Gateway API: routes for TCP.
    tcp_routes: gateway_api::TcpRoute = TcpRoute;
    /// Gateway API: routes for TLS.
    tls_routes: gateway_api::TlsRoute = TlsRoute;
    /// Gateway API: permissions for references from another namespace.
    reference_grants: gateway_api::ReferenceGrant = ReferenceGrant;
    /// Gateway API: TLS towards backends.
    backend_tls_policies: gateway_api::BackendTlsPolicy = BackendTlsPolicy;
    /// Gateway API: retry budgets, an experiment.
    x_backend_traffic_policies: gateway_api::XBackendTrafficPolicy = XBackendTrafficPolicy;
    /// Routes of hosts.
    virtual_services: networking::VirtualService = VirtualService;
    /// What holds after routing.
    destination_rules: networking::DestinationRule = DestinationRule;
    /// Services outside of Kubernetes.
    service_entries: networking::ServiceEntry = ServiceEntry;
    /// Workloads outside of Kubernetes.
    workload_entries: networking::WorkloadEntry = WorkloadEntry;
    /// Patches of Envoy's configuration.
    envoy_filters: networking::EnvoyFilter = EnvoyFilter;
    /// Settings of proxies.
    proxy_configs: networking::ProxyConfig = ProxyConfig;
    /// Who may call what.
    authorization_policies: security::AuthorizationPolicy = AuthorizationPolicy;
    /// Which tokens are accepted.
    request_authentications: security::RequestAuthentication = RequestAuthentication;
    /// Whether peers have to use mTLS.
    peer_authentications: security::PeerAuthentication = PeerAuthentication;
    /// Access logs, metrics, traces.
    telemetries: telemetry::Telemetry = Telemetry;
    /// Wasm plugins.
    wasm_plugins: extensions::WasmPlugin = WasmPlugin;
    /// Wasm or Lua in the proxy, since 1.30.
    traffic_extensions: extensions::TrafficExtension = TrafficExtension;
}
