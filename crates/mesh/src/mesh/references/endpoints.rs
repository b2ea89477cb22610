//! v1 `Endpoints`: Istio reads EndpointSlices only, which a cluster's own control plane makes of the
//! Endpoints of Services without a selector.
//! <https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#endpointslice-mirroring>

use super::Known;
use crate::hash::HashSet;
use crate::problem::{Code, Problem};

/// The label of Endpoints that no EndpointSlice is to be made of.
const SKIP_MIRROR: &str = "endpointslice.kubernetes.io/skip-mirror";

/// The Endpoints that would be a Service's, had the snapshot the slices that a cluster makes of them.
pub(super) fn problems(known: Known<'_>) -> Vec<Problem> {
    let s = known.snapshot;
    if s.endpoints.is_empty() || !known.features.pilot_use_endpoint_slice {
        return Vec::new();
    }
    let sliced: HashSet<_> = s
        .endpoint_slices
        .iter()
        .filter_map(|slice| {
            let service = slice.meta.labels.get("kubernetes.io/service-name")?;
            Some((slice.meta.namespace.as_str(), service.as_str()))
        })
        .collect();
    let without_selector: HashSet<_> = s
        .services
        .iter()
        .filter(|service| service.spec.selector.is_empty())
        .map(|service| (service.meta.namespace.as_str(), service.meta.name.as_str()))
        .collect();
    let unread = s.endpoints.iter().filter(|endpoints| {
        let key = (endpoints.meta.namespace.as_str(), endpoints.meta.name.as_str());
        let mut subsets = endpoints.spec.subsets.iter();
        let has_any = subsets.any(|s| !s.addresses.is_empty() || !s.not_ready_addresses.is_empty());
        has_any && without_selector.contains(&key) && !sliced.contains(&key)
    });
    unread
        .map(|endpoints| {
            let message =
                format!("Istio reads no Endpoints: Service `{}` has none here", endpoints.meta.name);
            // Not even the cluster's own control plane makes a slice of these.
            let is_skipped = endpoints.meta.labels.get(SKIP_MIRROR).is_some_and(|value| value == "true");
            let help = if is_skipped {
                "replace it by an EndpointSlice, labelled `kubernetes.io/service-name`: its own label keeps a cluster from making one"
            } else {
                "add the EndpointSlice that a cluster makes of it, labelled `kubernetes.io/service-name`"
            };
            Problem::new(Code::Ineffective, message).on(endpoints.object_ref()).help(help)
        })
        .collect()
}
