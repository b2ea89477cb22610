//! `discoverySelectors` and the like: which namespaces a control plane looks at.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Str;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::selector::LabelSelector;
use crate::snapshot::{Kind, Labels, Meta, Object, Resource, Snapshot, label_selector};

/// Leaves only some objects of lists.
macro_rules! retain {
    ($snapshot:ident, $is_kept:ident, [$($list:ident),* $(,)?]) => {
        $($snapshot.$list.retain(|object| $is_kept(&object.meta, kind(object)));)*
    };
}

fn kind<T: Resource>(_: &Object<T>) -> Kind {
    T::KIND
}

/// Leaves only objects of the namespaces that one of the selectors selects, which may leave out even the root
/// namespace; no selector, or one that is none, leaves all. Gives the Gateways that are left out: their
/// proxies, where there are any, are still sent what every waypoint has.
///
/// Where configuration is not scoped, only Services, their exports and imports, Pods and their addresses are
/// left out.
///
/// Source: <https://istio.io/latest/docs/ops/configuration/mesh/configuration-scoping/>.
pub(super) fn discover(
    s: &mut Snapshot,
    selectors: &[LabelSelector],
    scopes_configuration: bool,
) -> Vec<Arc<Object<Gateway>>> {
    if selectors.is_empty() || !selectors.iter().all(label_selector::is_valid) {
        return Vec::new();
    }
    let mut namespaces = Namespaces::new(s, selectors);
    keep(s, scopes_configuration, |namespace| namespaces.discovered(namespace))
}

/// Leaves only objects of one namespace, for a control plane that looks at no other. Gives the Gateways that
/// are left out.
pub(super) fn watch(s: &mut Snapshot, namespace: &Str) -> Vec<Arc<Object<Gateway>>> {
    s.config_maps.retain(|object| object.meta.namespace == *namespace);
    s.secrets.retain(|object| object.meta.namespace == *namespace);
    keep(s, true, |of_object| of_object == namespace)
}

/// Leaves only objects of some namespaces. Gives the Gateways that are left out.
fn keep(
    s: &mut Snapshot,
    scopes_configuration: bool,
    mut is_discovered: impl FnMut(&Str) -> bool,
) -> Vec<Arc<Object<Gateway>>> {
    let mut is_kept = |meta: &Meta, _: Kind| is_discovered(&meta.namespace);
    retain!(s, is_kept, [services, pods, endpoints, endpoint_slices, service_exports, service_imports]);
    if !scopes_configuration {
        return Vec::new();
    }
    retain_configuration(s, &mut is_kept);
    s.gateways.extract_if(.., |object| !is_kept(&object.meta, Kind::Gateway)).collect()
}

/// Leaves only some objects of Istio and of the Gateway API; of Gateways and their classes all.
pub(super) fn retain_configuration(s: &mut Snapshot, mut is_kept: impl FnMut(&Meta, Kind) -> bool) {
    retain!(
        s,
        is_kept,
        [
            listener_sets,
            http_routes,
            grpc_routes,
            tcp_routes,
            tls_routes,
            reference_grants,
            backend_tls_policies,
            x_backend_traffic_policies,
            inference_pools,
            virtual_services,
            destination_rules,
            service_entries,
            workload_entries,
            envoy_filters,
            proxy_configs,
            authorization_policies,
            request_authentications,
            peer_authentications,
            telemetries,
            wasm_plugins,
            traffic_extensions
        ]
    );
}

/// What the selectors say of each namespace, found when somebody asks.
struct Namespaces<'s> {
    labels: BTreeMap<Str, Labels>,
    selectors: &'s [LabelSelector],
    known: BTreeMap<Str, bool>,
}

impl<'s> Namespaces<'s> {
    fn new(s: &Snapshot, selectors: &'s [LabelSelector]) -> Self {
        let labels = s.namespaces.iter().map(|n| (n.meta.name.clone(), n.meta.labels.clone())).collect();
        Self { labels, selectors, known: BTreeMap::new() }
    }

    /// Whether objects of a namespace are looked at. One that the snapshot lacks has only the label that all
    /// have.
    fn discovered(&mut self, namespace: &Str) -> bool {
        if let Some(known) = self.known.get(namespace) {
            return *known;
        }
        let labels = self.labels.remove(namespace).unwrap_or_else(|| Labels::of_namespace(namespace));
        let selects = |selector: &LabelSelector| label_selector::matches(selector, &labels);
        let discovered = namespace.is_empty() || self.selectors.iter().any(selects);
        self.known.insert(namespace.clone(), discovered);
        discovered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::text::SourceFile;

    const OBJECTS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: skipped, labels: {skip: 'yes'}}
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: skipped}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: b, namespace: not-in-the-snapshot}
spec: {ports: [{port: 80}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: skipped}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: w, namespace: skipped}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
";

    fn left(selectors: &str, scopes_configuration: bool) -> (Vec<Str>, usize, usize) {
        let mut snapshot = Snapshot::read([SourceFile::new("s", OBJECTS)], &Limits::DEFAULT).snapshot;
        let selectors: Vec<LabelSelector> = serde_json::from_str(selectors).unwrap();
        let hidden = discover(&mut snapshot, &selectors, scopes_configuration);
        let services = snapshot.services.iter().map(|service| service.meta.name.clone()).collect();
        (services, snapshot.authorization_policies.len(), hidden.len())
    }

    #[test]
    fn only_the_namespace_that_is_watched_is_left() {
        let mut snapshot = Snapshot::read([SourceFile::new("s", OBJECTS)], &Limits::DEFAULT).snapshot;
        let hidden = watch(&mut snapshot, &"not-in-the-snapshot".into());
        let services: Vec<_> = snapshot.services.iter().map(|service| service.meta.name.as_str()).collect();
        assert_eq!((services, hidden.len()), (vec!["b"], 1));
        assert!(snapshot.authorization_policies.is_empty() && !snapshot.namespaces.is_empty());
    }

    #[test]
    fn any_selector_may_select_a_namespace() {
        let unskipped = r#"[{"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]}]"#;
        assert_eq!(left(unskipped, true), (vec!["b".into()], 0, 1));
        let by_name = r#"[{"matchLabels": {"kubernetes.io/metadata.name": "not-in-the-snapshot"}},
                          {"matchLabels": {"skip": "yes"}}]"#;
        assert_eq!(left(by_name, true), (vec!["b".into(), "a".into()], 1, 0));
    }

    #[test]
    fn configuration_is_left_where_it_is_not_scoped() {
        let none = r#"[{"matchLabels": {"no": "namespace"}}]"#;
        assert_eq!(left(none, false), (vec![], 1, 0));
    }

    #[test]
    fn no_selector_and_one_that_is_none_select_everything() {
        for selectors in ["[]", r#"[{"matchExpressions": [{"key": "skip", "operator": "Is"}]}]"#] {
            assert_eq!(left(selectors, true), (vec!["b".into(), "a".into()], 1, 0), "{selectors}");
        }
    }
}
