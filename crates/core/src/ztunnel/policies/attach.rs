//! Which policies a workload has by name. Those for a whole namespace or mesh need no name: ztunnel finds
//! them itself.

use std::sync::Arc;

use envoy::istio::security::Authorization;

use super::authorization::verdict;
use super::{STATIC_STRICT, allow_waypoint_name, peer_authentication, service_accounts};
use crate::Str;
use crate::hash::HashMap;
use crate::mesh::Mesh;
use crate::mesh::selector_index::SelectorIndex;
use crate::mesh::waypoint::Target;
use crate::resources::Resource;
use crate::snapshot::security::AuthorizationPolicy;
use crate::snapshot::{Labels, Object, ObjectRef};
use crate::ztunnel::index::Index;
use crate::ztunnel::resource;

use peer_authentication::PeerPolicies;

/// The policies that ztunnel gets, by the workloads that they select.
pub(crate) struct Attachments<'m> {
    root_namespace: &'m Str,
    authorizations: Vec<(&'m Arc<Object<AuthorizationPolicy>>, Authorization)>,
    selectors: SelectorIndex<'m, usize>,
    /// Those that select workloads, by namespace.
    selecting: HashMap<&'m str, Vec<usize>>,
    peers: PeerPolicies<'m>,
}

/// The policies that a workload has by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attached {
    /// Their names, `namespace/name`.
    pub(crate) names: Vec<String>,
    /// The objects that they come from.
    pub(crate) objects: Vec<ObjectRef>,
}

impl<'m> Attachments<'m> {
    pub(crate) fn new(mesh: &'m Mesh) -> Self {
        let root_namespace = &mesh.config.root_namespace;
        let policies = mesh.snapshot.authorization_policies.iter();
        let authorizations: Vec<_> = policies
            .filter_map(|object| {
                Some((object, verdict(object, root_namespace, &mesh.options.features).policy?))
            })
            .collect();
        let selecting = (0..).zip(&authorizations).filter_map(|(i, (object, _))| {
            let selector = &object.spec.selector.as_ref()?.match_labels;
            Some((&*object.meta.namespace, selector, i))
        });
        let selectors: Vec<_> = selecting.collect();
        let mut selecting: HashMap<_, Vec<_>> = HashMap::default();
        for (namespace, selector, i) in &selectors {
            if !selector.is_empty() {
                selecting.entry(*namespace).or_default().push(*i);
            }
        }
        let selectors = SelectorIndex::new(&selectors);
        let peers = PeerPolicies::new(mesh, root_namespace);
        Self { root_namespace, authorizations, selectors, selecting, peers }
    }

    pub(super) fn root_namespace(&self) -> &'m Str {
        self.root_namespace
    }

    /// The AuthorizationPolicies that ztunnel gets.
    pub(super) fn authorizations(&self) -> impl Iterator<Item = Resource<Authorization>> {
        self.authorizations
            .iter()
            .map(|(object, policy)| resource(policy.clone(), [object.object_ref().into()]))
    }

    /// The policies that PeerAuthentications with modes for ports become.
    pub(super) fn converted(&self) -> impl Iterator<Item = Resource<Authorization>> {
        self.peers.converted()
    }

    /// The policies that a workload of a namespace with these labels has.
    pub(crate) fn of_workload(&self, namespace: &str, labels: &Labels) -> Attached {
        let root = self.root_namespace.as_str();
        let namespaces = [Some(namespace), Some(root).filter(|root| *root != namespace)];
        let selected: Vec<usize> = if labels.is_empty() {
            // By accident, what has no labels at all is selected by every selector.
            namespaces
                .into_iter()
                .flatten()
                .flat_map(|of| self.selecting.get(of))
                .flatten()
                .copied()
                .collect()
        } else {
            namespaces.into_iter().flatten().flat_map(|of| self.selectors.matching(of, labels)).collect()
        };
        let policies = selected.into_iter().filter_map(|i| self.authorizations.get(i));
        let mut named: Vec<(String, ObjectRef)> = policies
            .map(|(object, _)| (named(&object.meta.namespace, &object.meta.name), object.object_ref()))
            .collect();
        named.sort();
        let (names, objects) = named.into_iter().unzip();
        let mut attached = Attached { names, objects };
        self.peers.attach(namespace, labels, &mut attached);
        attached
    }
}

impl Attached {
    /// Lets the waypoints of a workload's Services, and its own, through to it, where Istio is told to.
    pub(crate) fn allow_waypoints<'t>(
        &mut self,
        index: &Index<'_>,
        of_services: impl Iterator<Item = &'t Target>,
        own: Option<&'t Target>,
    ) {
        if !index.mesh.options.features.pilot_auto_allow_waypoint_policy {
            return;
        }
        let is_other = |target: &&Target| own.is_none_or(|own| own.name() != target.name());
        let mut targets: Vec<&Target> = of_services.filter(is_other).collect();
        targets.sort_by_key(|target| target.name());
        targets.dedup_by_key(|target| target.name());
        targets.extend(own);
        for target in targets.into_iter().filter(|target| !service_accounts(index.mesh, target).is_empty()) {
            self.names.push(named(&target.gateway.meta.namespace, &allow_waypoint_name(target)));
        }
    }
}

/// The name of a policy's resource.
pub(super) fn named(namespace: &str, name: &str) -> String {
    [namespace, name].join("/")
}

/// The name of the policy that denies everything that is not mTLS.
pub(super) fn static_strict(root_namespace: &str) -> String {
    named(root_namespace, STATIC_STRICT)
}
