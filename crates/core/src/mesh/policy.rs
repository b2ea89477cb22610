//! Which security policies and patches bind to a waypoint's chains.
//!
//! | release | a policy binds by |
//! |---|---|
//! | 1.18 | its selector, compared with the labels of the waypoint's own pod: alike to every chain |
//! | 1.31 | its `targetRefs`: a Gateway or GatewayClass to every chain, a Service or ServiceEntry to that one's |
//!
//! PeerAuthentication is not among them: it changes nothing for a waypoint.
//!
//! Source: [policy attachment](https://istio.io/latest/docs/ambient/usage/l7-features/#targeting-policies-or-routing-rules).

use std::borrow::Cow;
use std::sync::Arc;

use crate::Str;
use crate::hash::HashMap;
use crate::mesh::MeshSettings;
use crate::mesh::target::{PolicyTarget, TargetScope, WAYPOINT_CLASS};
use crate::mesh::{Service, Waypoint, age};
use crate::rules::{PolicyAttachment, Rules};
use crate::snapshot::networking::EnvoyFilter;
use crate::snapshot::security::{AuthorizationPolicy, RequestAuthentication};
use crate::snapshot::selector::PolicyTargetReference;
use crate::snapshot::{Labels, Object, Snapshot};

/// The security policies and patches of a mesh, by what they bind to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Policies {
    /// Who may call what.
    pub authorization: Bindings<AuthorizationPolicy>,
    /// Which tokens are accepted.
    pub request_authentication: Bindings<RequestAuthentication>,
    /// Patches of what was generated.
    pub envoy_filters: Bindings<EnvoyFilter>,
}

impl Policies {
    /// Builds the index.
    #[must_use]
    pub fn new(snapshot: &Snapshot, rules: &'static Rules, config: &MeshSettings) -> Self {
        let root = &config.root_namespace;
        Self {
            authorization: Bindings::new(&snapshot.authorization_policies, rules, root),
            request_authentication: Bindings::new(&snapshot.request_authentications, rules, root),
            envoy_filters: Bindings::new(&snapshot.envoy_filters, rules, root),
        }
    }
}

/// A kind of policy that says what its objects are for.
pub trait Bind {
    /// The labels of the workloads that it is for.
    fn selector(&self) -> Option<&Labels>;
    /// What it is for, as a single reference.
    fn target_ref(&self) -> Option<&PolicyTargetReference>;
    /// What it is for.
    fn target_refs(&self) -> &[PolicyTargetReference];
}

macro_rules! bind {
    ($($kind:ty),*) => {$(
        impl Bind for $kind {
            fn selector(&self) -> Option<&Labels> {
                self.selector.as_ref().map(|s| &s.match_labels)
            }

            fn target_ref(&self) -> Option<&PolicyTargetReference> {
                self.target_ref.as_ref()
            }

            fn target_refs(&self) -> &[PolicyTargetReference] {
                &self.target_refs
            }
        }
    )*};
}

bind!(AuthorizationPolicy, RequestAuthentication);

impl Bind for EnvoyFilter {
    fn selector(&self) -> Option<&Labels> {
        self.workload_selector.as_ref().map(|s| &s.labels)
    }

    fn target_ref(&self) -> Option<&PolicyTargetReference> {
        None
    }

    fn target_refs(&self) -> &[PolicyTargetReference] {
        &self.target_refs
    }
}

fn target<T: Bind>(object: &Object<T>) -> PolicyTarget<'_> {
    let spec = &object.spec;
    PolicyTarget::new(&object.meta.namespace, spec.selector(), spec.target_ref(), spec.target_refs())
}

/// Whose policies come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precedence {
    /// Those of the root namespace, then those of the waypoint's.
    RootFirst,
    /// Those of the waypoint's namespace, then those of the root namespace.
    WaypointFirst,
}

/// The objects of one kind of policy, indexed so that each waypoint and Service looks only at its own.
#[derive(Clone, Debug)]
pub struct Bindings<T> {
    rules: &'static Rules,
    root_namespace: Str,
    /// In Istio's order of age.
    all: Vec<Arc<Object<T>>>,
    by_namespace: HashMap<Str, Vec<usize>>,
    /// By the policy's namespace, then by the name of what it refers to.
    by_target_name: HashMap<Str, HashMap<Str, Vec<usize>>>,
}

impl<T: Bind> Bindings<T> {
    /// Builds the index.
    #[must_use]
    pub fn new(objects: &[Arc<Object<T>>], rules: &'static Rules, root_namespace: &Str) -> Self {
        let mut all = objects.to_vec();
        age::oldest_first(&mut all, rules);
        let (mut by_namespace, mut by_target_name) =
            (HashMap::<Str, Vec<_>>::default(), HashMap::<Str, HashMap<Str, Vec<_>>>::default());
        for (position, object) in all.iter().enumerate() {
            let namespace = &object.meta.namespace;
            by_namespace.entry(namespace.clone()).or_default().push(position);
            let names = by_target_name.entry(namespace.clone()).or_default();
            for reference in target(object).refs {
                names.entry(reference.name.clone()).or_default().push(position);
            }
        }
        Self { rules, root_namespace: root_namespace.clone(), all, by_namespace, by_target_name }
    }

    /// Where policies for the whole mesh are.
    #[must_use]
    pub fn root_namespace(&self) -> &Str {
        &self.root_namespace
    }

    /// What binds to a waypoint's chains, to be looked up by their Services.
    #[must_use]
    pub fn of_waypoint<'m>(
        &'m self,
        waypoint: &'m Waypoint,
        precedence: Precedence,
    ) -> WaypointBindings<'m, T> {
        let (own, root) = (waypoint.name.namespace.as_str(), self.root_namespace.as_str());
        let namespaces = match precedence {
            Precedence::RootFirst => [root, own],
            Precedence::WaypointFirst => [own, root],
        };
        let count = if own == root { 1 } else { namespaces.len() };
        let scope = TargetScope { waypoint, root_namespace: root, rules: self.rules };
        let in_namespace = |namespace| {
            let mut positions = self.candidates(namespace, waypoint);
            positions.retain(|position| self.binds(*position, &scope, None));
            (namespace, positions)
        };
        let by_namespace: Vec<_> = namespaces.into_iter().take(count).map(in_namespace).collect();
        let every = by_namespace.iter().flat_map(|(_, positions)| positions).copied().collect();
        WaypointBindings { bindings: self, scope, by_namespace, every }
    }

    /// What binds to a waypoint's pod as to any other workload, those of the root namespace first.
    #[must_use]
    pub fn of_pod(&self, waypoint: &Waypoint) -> Vec<usize> {
        let (own, root) = (&waypoint.name.namespace, &self.root_namespace);
        let scope = TargetScope { waypoint, root_namespace: root, rules: self.rules };
        let namespaces = std::iter::once(root).chain((own != root).then_some(own));
        let candidates = namespaces.filter_map(|namespace| self.by_namespace.get(namespace)).flatten();
        let binds = |position: &usize| {
            self.all.get(*position).is_some_and(|object| target(object).binds_to_pod(&scope))
        };
        candidates.copied().filter(binds).collect()
    }

    /// The policies at these positions.
    pub fn at(&self, positions: &[usize]) -> impl Iterator<Item = &Arc<Object<T>>> {
        positions.iter().filter_map(|position| self.all.get(*position))
    }

    /// Those of a namespace that may bind to all of a waypoint's chains, by the little that the index knows; oldest
    /// first.
    fn candidates(&self, namespace: &str, waypoint: &Waypoint) -> Vec<usize> {
        match self.rules.policies.attachment {
            PolicyAttachment::Selector => self.by_namespace.get(namespace).cloned().unwrap_or_default(),
            PolicyAttachment::TargetRefs => {
                let Some(by_name) = self.by_target_name.get(namespace) else { return Vec::new() };
                let names = [WAYPOINT_CLASS, &*waypoint.name.name];
                let positions = names.iter().filter_map(|name| by_name.get(*name)).flatten().copied();
                each_once(positions.collect())
            }
        }
    }

    /// Those that may bind to the chains of a Service only, by the little that the index knows; oldest first.
    fn candidates_by_service(&self, service: &Service) -> &[usize] {
        match self.rules.policies.attachment {
            PolicyAttachment::Selector => &[],
            PolicyAttachment::TargetRefs => {
                let by_name = self.by_target_name.get(&service.namespace);
                // A ServiceEntry is referred to by its own name, not by its host.
                by_name.and_then(|by_name| by_name.get(service.object_name())).map_or(&[], Vec::as_slice)
            }
        }
    }

    fn binds(&self, position: usize, scope: &TargetScope<'_>, service: Option<&Service>) -> bool {
        self.all.get(position).is_some_and(|object| target(object).binds_to(scope, service.as_slice()))
    }
}

/// The policies of one kind that bind to the chains of one waypoint.
#[derive(Clone, Debug)]
pub struct WaypointBindings<'m, T> {
    bindings: &'m Bindings<T>,
    scope: TargetScope<'m>,
    /// What binds to every chain, by namespace in the order of their precedence.
    by_namespace: Vec<(&'m str, Vec<usize>)>,
    /// The same in one list.
    every: Vec<usize>,
}

impl<T: Bind> WaypointBindings<'_, T> {
    /// What binds to the chains for a Service, or to those for no Service (direct access to pods): the namespaces as
    /// their precedence says, the Service's last; within each the oldest first.
    ///
    /// A policy is given by its position: equal lists are equal sets of policies. See [`Bindings::at`].
    #[must_use]
    pub fn of(&self, service: Option<&Service>) -> Cow<'_, [usize]> {
        let Some(service) = service else { return Cow::Borrowed(&self.every) };
        let binds = |position: &usize| self.bindings.binds(*position, &self.scope, Some(service));
        let mut own: Vec<usize> =
            self.bindings.candidates_by_service(service).iter().copied().filter(binds).collect();
        if own.is_empty() {
            return Cow::Borrowed(&self.every);
        }
        let mut found = Vec::with_capacity(self.every.len() + own.len());
        for (namespace, positions) in &self.by_namespace {
            if *namespace == service.namespace {
                own.extend(positions);
                found.append(&mut each_once(std::mem::take(&mut own)));
            } else {
                found.extend(positions);
            }
        }
        found.append(&mut own);
        Cow::Owned(found)
    }
}

/// Positions in order, which is that of age.
fn each_once(mut positions: Vec<usize>) -> Vec<usize> {
    positions.sort_unstable();
    positions.dedup();
    positions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::waypoint::Proxy;
    use crate::mesh::{DataPlane, WaypointName};
    use crate::release::Release;
    use crate::snapshot::gateway_api::Gateway;
    use crate::snapshot::object::{Meta, Source};
    use serde_json::{Value, json};

    fn object<T>(namespace: &str, name: &str, spec: T) -> Arc<Object<T>> {
        let meta = Meta { name: name.into(), namespace: namespace.into(), ..Meta::default() };
        Arc::new(Object { meta, spec, source: Source::default() })
    }

    fn policy(namespace: &str, name: &str, spec: Value) -> Arc<Object<AuthorizationPolicy>> {
        object(namespace, name, serde_json::from_value(spec).unwrap())
    }

    /// The waypoint `shop/gate`.
    fn waypoint() -> Waypoint {
        Waypoint {
            name: WaypointName { namespace: "shop".into(), name: "gate".into() },
            gateway: object("shop", "gate", Gateway::default()),
            data_plane: DataPlane::Envoy,
            for_service_account: None,
            proxy: Proxy { labels: [("app".into(), "gate".into())].into(), ..Proxy::default() },
            services: Vec::new(),
            workloads: Vec::new(),
            readiness_assumed: false,
        }
    }

    fn bindings(
        release: Release,
        policies: &[Arc<Object<AuthorizationPolicy>>],
    ) -> Bindings<AuthorizationPolicy> {
        Bindings::new(policies, release.rules(), &"root".into())
    }

    fn names(bindings: &Bindings<AuthorizationPolicy>, positions: &[usize]) -> Vec<String> {
        bindings.at(positions).map(|p| format!("{}/{}", p.meta.namespace, p.meta.name)).collect()
    }

    fn gateway(name: &str) -> Value {
        json!({"targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name}]})
    }

    fn class() -> Value {
        json!({"targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "GatewayClass", "name": "istio-waypoint"}]})
    }

    #[test]
    fn selectors_bind_where_there_are_no_references() {
        let selecting = |app: &str| json!({"selector": {"matchLabels": {"app": app}}});
        let policies = [
            policy("shop", "own", selecting("gate")),
            policy("shop", "other", selecting("web")),
            policy("root", "all", json!({})),
            policy("far", "away", json!({})),
        ];
        let old = bindings(Release::V1_18, &policies);
        let found = |precedence| names(&old, &old.of_waypoint(&waypoint(), precedence).of(None));
        assert_eq!(found(Precedence::RootFirst), ["root/all", "shop/own"]);
        assert_eq!(found(Precedence::WaypointFirst), ["shop/own", "root/all"]);
        let new = bindings(Release::V1_31, &policies);
        assert!(new.of_waypoint(&waypoint(), Precedence::RootFirst).of(None).is_empty());
        assert_eq!(names(&new, &new.of_pod(&waypoint())), ["root/all", "shop/own"]);
    }

    #[test]
    fn references_bind_in_their_own_namespace() {
        let policies = [
            policy("shop", "mine", gateway("gate")),
            policy("shop", "others", gateway("door")),
            policy("far", "away", gateway("gate")),
            policy("root", "class", class()),
            policy("shop", "no-class", class()),
        ];
        let bindings = bindings(Release::V1_31, &policies);
        let waypoint = waypoint();
        let found = bindings.of_waypoint(&waypoint, Precedence::RootFirst);
        assert_eq!(names(&bindings, &found.of(None)), ["root/class", "shop/mine"]);
        assert_eq!(names(&bindings, &bindings.of_pod(&waypoint)), ["shop/mine"]);
    }

    #[test]
    fn a_policy_that_refers_to_a_gateway_twice_binds_once() {
        let twice =
            json!({"targetRefs": [gateway("gate")["targetRefs"][0], gateway("gate")["targetRefs"][0]]});
        let bindings = bindings(Release::V1_31, &[policy("shop", "twice", twice)]);
        assert_eq!(*bindings.of_waypoint(&waypoint(), Precedence::RootFirst).of(None), [0]);
    }
}
