//! The snapshot: the objects that a translation starts from, typed.
//!
//! [`Snapshot`] has one list per kind, `Vec<Arc<Object<T>>>`, sorted by namespace and name, so that the order
//! of the input never matters; where Istio's behaviour depends on the order of documents, [`Object::source`]
//! has it. An [`Object`] is its metadata and what is particular to its kind:
//!
//! - of most kinds `object.spec` is the API's `spec`: `virtual_service.spec.http`;
//! - a status that Istio reads is a field of that: `pod.spec.status.pod_ip`, `gateway.spec.status.addresses`;
//! - of kinds without a `spec` it is the whole object: `endpoint_slice.spec.endpoints`,
//!   `config_map.spec.data`.
//!
//! The types are named as in the APIs and hold what Istio 1.18 or 1.31 reads for a waypoint, or validates in
//! it. They follow proto3's and Kubernetes' notion of presence: a scalar is its zero value where absent,
//! messages, wrappers (`google.protobuf.UInt32Value`) and pointers are an `Option`. Which of the fields a
//! release knows and what is refused is the matter of the next step, admission; here nothing depends on a
//! release.
//!
//! | module | API group |
//! |---|---|
//! | [`kubernetes`] | core, `discovery.k8s.io` |
//! | [`gateway_api`] | `gateway.networking.k8s.io`, `gateway.networking.x-k8s.io` |
//! | [`inference`] | `inference.networking.k8s.io` |
//! | [`multicluster`] | `multicluster.x-k8s.io` |
//! | [`networking`] | `networking.istio.io` |
//! | [`security`] | `security.istio.io` |
//! | [`telemetry`] | `telemetry.istio.io` |
//! | [`extensions`] | `extensions.istio.io` |
//! | [`mesh_config`] | `istio.mesh.v1alpha1`, which is no custom resource |
//! | [`mesh_networks`] | `istio.mesh.v1alpha1` as well: the networks of a mesh |
//! | [`selector`] | selectors and references that several of them share |
//! | [`reported`] | statuses, which no object keeps |

mod cause;
mod clusters;
mod control_plane;
pub mod defaults;
pub mod extensions;
#[doc(hidden)]
pub mod faults;
mod files;
pub mod gateway_api;
mod given;
mod identity;
pub mod inference;
mod items;

pub mod kubernetes;
pub mod label_selector;
mod labels;
pub mod mesh_config;
pub mod mesh_networks;
pub mod message;
pub mod multicluster;
#[doc(hidden)]
pub mod names;
pub mod network_policy;
pub mod networking;
pub mod object;
mod objects;
pub mod passed_over;
pub(crate) mod proto_json;
mod read;
#[cfg(test)]
mod read_tests;
pub mod reported;
pub mod security;
pub mod selector;
mod stray;
mod summary;
pub mod telemetry;
pub mod timestamp;
#[cfg(feature = "serde_yaml")]
mod yaml_values;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use crate::kind::{Kind, NameRule, Scope};
pub use crate::names::ObjectRef;
pub use cause::{Cause, FieldPath};
pub use clusters::UNNAMED;
pub use control_plane::ControlPlane;
pub use files::Files;
pub use given::Given;
pub use labels::Labels;
pub use message::{Duration, IntOrString};
pub use object::{Meta, Object, OwnerReference, Resource, Source};
pub use objects::{NotAnObject, Objects};
pub use read::Reading;
pub use summary::{Ignored, Summary};
pub use timestamp::Timestamp;

use crate::Str;
use crate::text::{DecodeError, Node, Unread};

/// Declares the kinds that a snapshot keeps: the list in [`Snapshot`], the type, its [`Kind`], and where in
/// the object the type's fields stand: `in spec`, `in spec and status`, or `in document`.
macro_rules! snapshot {
    ($($(#[$doc:meta])* $list:ident: $ty:ty = $kind:ident in $($place:ident)and+;)*) => {
        /// Typed objects, by kind. See the [module documentation](self).
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Snapshot {
            /// The name of the cluster that the objects are in; empty where nobody names it.
            pub cluster: Str,
            /// What is in other clusters, as far as a control plane looks at it.
            pub remotes: Vec<Snapshot>,
            $($(#[$doc])* pub $list: Vec<Arc<Object<$ty>>>,)*
        }

        impl Snapshot {
            /// Whether objects of this kind are kept.
            pub(crate) fn keeps(kind: Kind) -> bool {
                matches!(kind, $(Kind::$kind)|*)
            }

            /// Reads an object's own part and adds it to its list. A kind that is not kept adds nothing.
            pub(crate) fn add(
                &mut self,
                kind: Kind,
                meta: Meta,
                source: Source,
                object: Node<'_>,
                unread: &Unread,
            ) -> Result<(), DecodeError> {
                match kind {
                    $(Kind::$kind => {
                        let spec: $ty = body!($ty, object, unread, $($place)+);
                        self.$list.push(Arc::new(Object { meta, spec, source }));
                    })*
                    _ => {}
                }
                Ok(())
            }

            /// Sorts every list by namespace and name, keeps the last of equal ones, and tells which were
            /// replaced: the object, where the earlier one stands, and where the later.
            pub(crate) fn sort_and_replace(&mut self) -> Vec<(ObjectRef, Source, Source)> {
                let mut replaced = Vec::new();
                $(sort_and_replace(&mut self.$list, &mut replaced);)*
                replaced
            }

            /// Adds how many objects there are of each kind.
            pub(crate) fn count(&self, counts: &mut BTreeMap<Kind, usize>) {
                for (kind, count) in [$((Kind::$kind, self.$list.len())),*].into_iter().filter(|(_, count)| *count > 0) {
                    *counts.entry(kind).or_default() += count;
                }
            }

            /// Every object's kind and metadata, and where it stands, of this cluster.
            pub fn metadata(&self) -> impl Iterator<Item = (Kind, &Meta, Source)> {
                std::iter::empty()$(.chain(
                    self.$list.iter().map(|object| (Kind::$kind, &object.meta, object.source))
                ))*
            }

            /// Every object's identity and where it stands, of all clusters.
            pub fn sources(&self) -> impl Iterator<Item = (ObjectRef, Source)> {
                self.clusters().flat_map(Self::own_sources)
            }

            fn own_sources(&self) -> impl Iterator<Item = (ObjectRef, Source)> {
                std::iter::empty()$(.chain(self.$list.iter().map(|object| (object.object_ref(), object.source))))*
            }

            /// Where an object stands.
            pub fn source(&self, object: &ObjectRef) -> Option<Source> {
                let part = self.part_of(object)?;
                match object.kind {
                    $(Kind::$kind => find(&part.$list, &object.namespace, &object.name).map(|o| o.source),)*
                    _ => None,
                }
            }

            /// What an object has in common with all others: its labels, its annotations.
            pub fn meta(&self, object: &ObjectRef) -> Option<&Meta> {
                let part = self.part_of(object)?;
                match object.kind {
                    $(Kind::$kind => find(&part.$list, &object.namespace, &object.name).map(|o| &o.meta),)*
                    _ => None,
                }
            }

            /// How many objects there are, of all clusters.
            #[must_use]
            pub fn len(&self) -> usize {
                self.remotes.iter().map(Self::len).sum::<usize>() $(+ self.$list.len())*
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

/// Reads the part of an object that a kind's type holds.
macro_rules! body {
    ($ty:ty, $object:ident, $unread:ident, document) => {
        $object.decode($unread)?
    };
    ($ty:ty, $object:ident, $unread:ident, spec) => {{
        $object.count_other_fields(&["spec"], $unread);
        $object.field("spec", $unread)?
    }};
    ($ty:ty, $object:ident, $unread:ident, spec status) => {{
        $object.count_other_fields(&["spec", "status"], $unread);
        with_status($object, $unread, |spec: &mut $ty, status| spec.status = status)?
    }};
}

/// Reads `spec` and `status`, and puts one into the other.
fn with_status<'t, T, S>(
    object: Node<'t>,
    unread: &Unread,
    set: impl FnOnce(&mut T, S),
) -> Result<T, DecodeError>
where
    T: serde::Deserialize<'t> + Default,
    S: serde::Deserialize<'t> + Default,
{
    let mut spec = object.field("spec", unread)?;
    set(&mut spec, object.field("status", unread)?);
    Ok(spec)
}

/// The object of a list of a snapshot that has this name.
pub fn find<'a, T>(objects: &'a [Arc<Object<T>>], namespace: &str, name: &str) -> Option<&'a Arc<Object<T>>> {
    let key = |object: &Arc<Object<T>>| {
        (object.meta.namespace.as_str(), object.meta.name.as_str()).cmp(&(namespace, name))
    };
    objects.binary_search_by(key).ok().and_then(|at| objects.get(at))
}

/// Sorts objects and keeps the last of those with the same namespace and name.
fn sort_and_replace<T: Resource>(
    objects: &mut Vec<Arc<Object<T>>>,
    replaced: &mut Vec<(ObjectRef, Source, Source)>,
) {
    let key = |object: &Object<T>| (object.meta.namespace.clone(), object.meta.name.clone(), object.source);
    objects.sort_by_cached_key(|object| key(object));
    objects.dedup_by(|later, earlier| {
        let same = later.meta.namespace == earlier.meta.namespace && later.meta.name == earlier.meta.name;
        if same {
            replaced.push((later.object_ref(), earlier.source, later.source));
            // `dedup_by` drops its first argument: the later one has to be in the place that stays.
            std::mem::swap(later, earlier);
        }
        same
    });
}

snapshot! {
    /// Namespaces.
    namespaces: kubernetes::Namespace = Namespace in spec;
    /// Nodes.
    nodes: kubernetes::Node = Node in spec and status;
    /// Services.
    services: kubernetes::Service = Service in spec and status;
    /// Endpoints, as older clients write them.
    endpoints: kubernetes::Endpoints = Endpoints in document;
    /// EndpointSlices.
    endpoint_slices: kubernetes::EndpointSlice = EndpointSlice in document;
    /// Pods.
    pods: kubernetes::Pod = Pod in spec and status;
    /// Service accounts.
    service_accounts: kubernetes::ServiceAccount = ServiceAccount in document;
    /// ConfigMaps.
    config_maps: kubernetes::ConfigMap = ConfigMap in document;
    /// Secrets, without their data.
    secrets: kubernetes::Secret = Secret in document;
    /// Which connections pods may open and take.
    network_policies: network_policy::NetworkPolicy = NetworkPolicy in spec;
    /// Gateway API: classes of gateways.
    gateway_classes: gateway_api::GatewayClass = GatewayClass in spec;
    /// Gateway API: gateways, waypoints among them.
    gateways: gateway_api::Gateway = Gateway in spec and status;
    /// Gateway API: listeners that are added to gateways.
    listener_sets: gateway_api::ListenerSet = ListenerSet in spec;
    /// Gateway API: routes for HTTP.
    http_routes: gateway_api::HttpRoute = HttpRoute in spec;
    /// Gateway API: routes for gRPC.
    grpc_routes: gateway_api::GrpcRoute = GrpcRoute in spec;
    /// Gateway API: routes for TCP.
    tcp_routes: gateway_api::TcpRoute = TcpRoute in spec;
    /// Gateway API: routes for TLS.
    tls_routes: gateway_api::TlsRoute = TlsRoute in spec;
    /// Gateway API: permissions for references from another namespace.
    reference_grants: gateway_api::ReferenceGrant = ReferenceGrant in spec;
    /// Gateway API: TLS towards backends.
    backend_tls_policies: gateway_api::BackendTlsPolicy = BackendTlsPolicy in spec;
    /// Gateway API: retry budgets, an experiment.
    x_backend_traffic_policies: gateway_api::XBackendTrafficPolicy = XBackendTrafficPolicy in spec;
    /// Pools of model servers.
    inference_pools: inference::InferencePool = InferencePool in spec;
    /// Services whose endpoints other clusters know.
    service_exports: multicluster::ServiceExport = ServiceExport in spec;
    /// Services of all clusters.
    service_imports: multicluster::ServiceImport = ServiceImport in spec;
    /// Routes of hosts.
    virtual_services: networking::VirtualService = VirtualService in spec;
    /// What holds after routing.
    destination_rules: networking::DestinationRule = DestinationRule in spec;
    /// Services outside of Kubernetes.
    service_entries: networking::ServiceEntry = ServiceEntry in spec and status;
    /// Workloads outside of Kubernetes.
    workload_entries: networking::WorkloadEntry = WorkloadEntry in spec and status;
    /// Patches of Envoy's configuration.
    envoy_filters: networking::EnvoyFilter = EnvoyFilter in spec;
    /// Settings of proxies.
    proxy_configs: networking::ProxyConfig = ProxyConfig in spec;
    /// Who may call what.
    authorization_policies: security::AuthorizationPolicy = AuthorizationPolicy in spec;
    /// Which tokens are accepted.
    request_authentications: security::RequestAuthentication = RequestAuthentication in spec;
    /// Whether peers have to use mTLS.
    peer_authentications: security::PeerAuthentication = PeerAuthentication in spec;
    /// Access logs, metrics, traces.
    telemetries: telemetry::Telemetry = Telemetry in spec;
    /// Wasm plugins.
    wasm_plugins: extensions::WasmPlugin = WasmPlugin in spec;
    /// Wasm or Lua in the proxy, since 1.30.
    traffic_extensions: extensions::TrafficExtension = TrafficExtension in spec;
}
