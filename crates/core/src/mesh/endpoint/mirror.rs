//! v1 `Endpoints` as EndpointSlices.
//!
//! Istio reads EndpointSlices only. For a Service without a selector, whose Endpoints somebody writes by hand, a cluster's
//! control plane makes slices of them:
//! <https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#endpointslice-mirroring>.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::Str;
use crate::snapshot::kubernetes::{Endpoint, EndpointAddress, EndpointConditions, EndpointSlice, Endpoints};
use crate::snapshot::{Object, Snapshot};

/// The label of slices that says who made them, and its value for mirrored ones.
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const MIRROR: &str = "endpointslicemirroring-controller.k8s.io";
/// The label of Endpoints that are not to be mirrored.
const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";
/// The annotation of Endpoints that are a lock of some leader election.
const LOCK: &str = "control-plane.alpha.kubernetes.io/leader";
/// Addresses of one subset that are mirrored.
const MOST: usize = 1000;

/// A Service or what is named like it: namespace and name.
type Key = (Str, Str);

/// The slices that a cluster would have of the snapshot's Endpoints, by Service. Where the snapshot has a mirrored slice
/// itself it was taken from a cluster, and nothing is made.
pub(super) fn slices(snapshot: &Snapshot) -> BTreeMap<Key, Vec<Object<EndpointSlice>>> {
    if snapshot.endpoints.is_empty() {
        return BTreeMap::new();
    }
    let mirrored = snapshot.endpoint_slices.iter().filter(|slice| is_mirrored(slice));
    let mirrored: BTreeSet<_> = mirrored.filter_map(|slice| super::slices::service_of(slice)).collect();
    let without_selector = snapshot.services.iter().filter(|service| service.spec.selector.is_empty());
    let wanted: BTreeSet<_> = without_selector
        .map(|service| (service.meta.namespace.as_str(), service.meta.name.as_str()))
        .filter(|key| !mirrored.contains(key))
        .collect();
    let endpoints = snapshot.endpoints.iter().filter(|endpoints| is_for_mirroring(endpoints));
    endpoints
        .filter(|endpoints| {
            wanted.contains(&(endpoints.meta.namespace.as_str(), endpoints.meta.name.as_str()))
        })
        .map(|endpoints| ((endpoints.meta.namespace.clone(), endpoints.meta.name.clone()), of(endpoints)))
        .collect()
}

fn is_mirrored(slice: &Object<EndpointSlice>) -> bool {
    slice.meta.labels.get(MANAGED_BY).is_some_and(|by| by == MIRROR)
}

fn is_for_mirroring(endpoints: &Object<Endpoints>) -> bool {
    let skipped = endpoints.meta.labels.get(SKIP).is_some_and(|value| value == "true");
    !skipped && !endpoints.meta.annotations.contains_key(LOCK)
}

/// A slice for each subset and address family.
fn of(endpoints: &Object<Endpoints>) -> Vec<Object<EndpointSlice>> {
    let mut slices = Vec::new();
    for subset in &endpoints.spec.subsets {
        let ready = subset.addresses.iter().map(|address| (address, true));
        let not_ready = subset.not_ready_addresses.iter().map(|address| (address, false));
        let (mut ipv4, mut ipv6) = (Vec::new(), Vec::new());
        for (address, is_ready) in ready.chain(not_ready).take(MOST) {
            match address.ip.parse::<IpAddr>() {
                Ok(IpAddr::V4(_)) => ipv4.push(endpoint(address, is_ready)),
                Ok(IpAddr::V6(_)) => ipv6.push(endpoint(address, is_ready)),
                Err(_) => {}
            }
        }
        for (family, found) in [("IPv4", ipv4), ("IPv6", ipv6)] {
            if !found.is_empty() {
                let ports = subset.ports.clone();
                let spec = EndpointSlice { address_type: family.into(), endpoints: found, ports };
                slices.push(Object { meta: endpoints.meta.clone(), spec, source: endpoints.source });
            }
        }
    }
    slices
}

fn endpoint(address: &EndpointAddress, ready: bool) -> Endpoint {
    Endpoint {
        addresses: vec![address.ip.clone()],
        conditions: EndpointConditions { ready: Some(ready), ..EndpointConditions::default() },
        target_ref: address.target_ref.clone(),
        node_name: address.node_name.clone(),
        ..Endpoint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::text::SourceFile;

    const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: db, namespace: a}
spec: {clusterIP: 10.0.0.1, ports: [{port: 5432}]}
---
";
    const ENDPOINTS: &str = "
apiVersion: v1
kind: Endpoints
metadata: {name: db, namespace: a}
subsets:
- addresses: [{ip: 10.1.0.1}, {ip: 'fd00::1'}]
  notReadyAddresses: [{ip: 10.1.0.2}]
  ports: [{port: 5432}]
---
";

    /// The addresses of the slices that are made, with whether they are ready.
    fn mirrored(yaml: &str) -> Vec<(String, bool)> {
        let snapshot = Snapshot::read([SourceFile::new("s", yaml)], &Limits::DEFAULT).snapshot;
        let slices = slices(&snapshot).into_values().flatten();
        let endpoints = slices.flat_map(|slice| slice.spec.endpoints);
        endpoints.map(|e| (e.addresses[0].to_string(), e.conditions.ready == Some(true))).collect()
    }

    #[test]
    fn endpoints_of_a_service_without_selector_become_slices() {
        let expected = [("10.1.0.1", true), ("10.1.0.2", false), ("fd00::1", true)];
        let expected: Vec<_> = expected.map(|(ip, ready)| (ip.to_owned(), ready)).into();
        assert_eq!(mirrored(&[SERVICE, ENDPOINTS].concat()), expected);
    }

    #[test]
    fn no_others_are_mirrored() {
        let selecting = SERVICE.replace("spec: {", "spec: {selector: {app: db}, ");
        let skipped = ENDPOINTS
            .replace("{name: db,", "{name: db, labels: {endpointslice.kubernetes.io/skip-mirror: 'true'},");
        let slice = "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: db-x, namespace: a, labels: {\
                     kubernetes.io/service-name: db, \
                     endpointslice.kubernetes.io/managed-by: endpointslicemirroring-controller.k8s.io}}\naddressType: IPv4\n";
        for parts in [
            [&selecting, ENDPOINTS, ""],
            [SERVICE, &skipped, ""],
            ["", ENDPOINTS, ""],
            [SERVICE, ENDPOINTS, slice],
        ] {
            assert_eq!(mirrored(&parts.concat()), [], "{parts:?}");
        }
    }
}
