//! What the API server fills in, which is the same in every release.

mod gateway_api;
mod kubernetes;

use std::sync::Arc;

use super::{Object, Snapshot};

/// Fills in the defaults of Kubernetes' kinds and of the Gateway API. Done once, when a snapshot is read: its
/// objects are not shared yet then, so that none is copied.
pub fn fill(s: &mut Snapshot) {
    for namespace in &mut s.namespaces {
        kubernetes::label_with_name(&mut Arc::make_mut(namespace).meta);
    }
    each(&mut s.services, kubernetes::fill_service);
    each(&mut s.pods, kubernetes::fill_pod);
    each(&mut s.endpoint_slices, kubernetes::fill_endpoint_slice);
    each(&mut s.endpoints, kubernetes::fill_endpoints);
    each(&mut s.gateways, gateway_api::fill_gateway);
    each(&mut s.listener_sets, gateway_api::fill_listener_set);
    each(&mut s.http_routes, gateway_api::fill_http_route);
    each(&mut s.grpc_routes, gateway_api::fill_grpc_route);
    each(&mut s.tcp_routes, gateway_api::fill_tcp_route);
    each(&mut s.tls_routes, gateway_api::fill_tls_route);
}

impl Snapshot {
    /// Sorts Pods that were added, and fills in their defaults. It does nothing to those that have them.
    pub fn complete_pods(&mut self) {
        self.pods.sort_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
        each(&mut self.pods, kubernetes::fill_pod);
    }
}

fn each<T: Clone>(list: &mut [Arc<Object<T>>], fill: impl Fn(&mut T)) {
    for object in list {
        fill(&mut Arc::make_mut(object).spec);
    }
}
