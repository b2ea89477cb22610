//! PeerAuthentication: whether the servers of a namespace, or of some workloads, speak mTLS.
//!
//! ztunnel enforces it. A waypoint only needs it to guess how destinations that it does not serve are reached.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Str;
use crate::mesh::MeshSettings;
use crate::mesh::age;
use crate::rules::Rules;
use crate::snapshot::security::{MutualTls, MutualTlsMode, PeerAuthentication};
use crate::snapshot::{Labels, Object, Snapshot};

/// Whether a server speaks mTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MtlsMode {
    /// Never.
    Disable,
    /// Also.
    Permissive,
    /// Only.
    Strict,
}

/// PeerAuthentications by namespace.
#[derive(Clone, Debug, Default)]
pub struct PeerAuthentications {
    /// The mesh's mode, if it has one.
    mesh: Option<MtlsMode>,
    by_namespace: BTreeMap<Str, Namespace>,
}

/// The policies of one namespace.
#[derive(Clone, Debug, Default)]
struct Namespace {
    /// What holds for all workloads: absent without a policy, `None` where it says nothing.
    mode: Option<Option<MtlsMode>>,
    /// What holds for some, oldest first.
    for_workloads: Vec<Arc<Object<PeerAuthentication>>>,
}

impl PeerAuthentications {
    /// Builds the index.
    #[must_use]
    pub fn new(snapshot: &Snapshot, rules: &'static Rules, config: &MeshSettings) -> Self {
        let root = config.root_namespace.as_str();
        let mut objects = snapshot.peer_authentications.clone();
        age::oldest_first(&mut objects, rules);
        let mut index = Self::default();
        let mut seen = BTreeSet::new();
        for object in objects {
            let namespace = &object.meta.namespace;
            let selects =
                object.spec.selector.as_ref().is_some_and(|selector| !selector.match_labels.is_empty());
            if selects {
                // The root namespace's are for no workload of another, and have no meaning for its own.
                if namespace != root {
                    index.by_namespace.entry(namespace.clone()).or_default().for_workloads.push(object);
                }
            } else if seen.insert(namespace.clone()) {
                let mode = mode(object.spec.mtls.as_ref());
                if namespace == root {
                    index.mesh = Some(mode.unwrap_or(MtlsMode::Permissive));
                } else {
                    index.by_namespace.entry(namespace.clone()).or_default().mode = Some(mode);
                }
            }
        }
        index
    }

    /// What holds for the workloads of a namespace.
    #[must_use]
    pub fn of_namespace(&self, namespace: &str) -> MtlsMode {
        let mesh = self.mesh.unwrap_or(MtlsMode::Permissive);
        let own = self.by_namespace.get(namespace).and_then(|namespace| namespace.mode);
        own.flatten().unwrap_or(mesh)
    }

    /// What holds for one port of a workload.
    #[must_use]
    pub fn of_workload(&self, namespace: &str, labels: &Labels, port: u32) -> MtlsMode {
        let general = self.of_namespace(namespace);
        let selected = |policy: &&Arc<Object<PeerAuthentication>>| {
            let selector = policy.spec.selector.as_ref();
            selector.is_some_and(|s| s.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value)))
        };
        let policies = self.by_namespace.get(namespace).map(|namespace| &namespace.for_workloads);
        let Some(policy) = policies.into_iter().flatten().find(selected) else { return general };
        let own = mode(policy.spec.mtls.as_ref()).unwrap_or(general);
        policy
            .spec
            .port_level_mtls
            .get(port.to_string().as_str())
            .map_or(own, |tls| mode(Some(tls)).unwrap_or(own))
    }
}

/// The mode that is set, if it is.
fn mode(tls: Option<&MutualTls>) -> Option<MtlsMode> {
    match tls?.mode {
        MutualTlsMode::Unset => None,
        MutualTlsMode::Disable => Some(MtlsMode::Disable),
        MutualTlsMode::Permissive => Some(MtlsMode::Permissive),
        MutualTlsMode::Strict => Some(MtlsMode::Strict),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;
    use crate::snapshot::selector::WorkloadSelector;
    use crate::snapshot::{Meta, Source};

    fn policy(namespace: &str, name: &str, mode: MutualTlsMode) -> Arc<Object<PeerAuthentication>> {
        let meta = Meta { name: name.into(), namespace: namespace.into(), ..Meta::default() };
        let spec = PeerAuthentication { mtls: Some(MutualTls { mode }), ..PeerAuthentication::default() };
        Arc::new(Object { meta, spec, source: Source::default() })
    }

    fn index(policies: Vec<Arc<Object<PeerAuthentication>>>) -> PeerAuthentications {
        let snapshot = Snapshot { peer_authentications: policies, ..Snapshot::default() };
        PeerAuthentications::new(&snapshot, Release::V1_31.rules(), &MeshSettings::default())
    }

    #[test]
    fn the_oldest_of_a_namespace_beats_the_meshs() {
        let index = index(vec![
            policy("istio-system", "mesh", MutualTlsMode::Disable),
            policy("shop", "a", MutualTlsMode::Strict),
            policy("shop", "b", MutualTlsMode::Disable),
            policy("unset", "a", MutualTlsMode::Unset),
        ]);
        assert_eq!(index.of_namespace("shop"), MtlsMode::Strict);
        assert_eq!(index.of_namespace("unset"), MtlsMode::Disable);
        assert_eq!(index.of_namespace("other"), MtlsMode::Disable);
        assert_eq!(PeerAuthentications::default().of_namespace("shop"), MtlsMode::Permissive);
    }

    #[test]
    fn a_workloads_policy_beats_its_namespaces_and_its_ports_that() {
        let mut own = policy("shop", "web", MutualTlsMode::Unset);
        let spec = &mut Arc::make_mut(&mut own).spec;
        spec.selector = Some(WorkloadSelector { match_labels: [("app".into(), "web".into())].into() });
        spec.port_level_mtls = [("80".into(), MutualTls { mode: MutualTlsMode::Disable })].into();
        let index = index(vec![own, policy("shop", "a", MutualTlsMode::Strict)]);
        let labels = [("app".into(), "web".into())].into();
        assert_eq!(index.of_workload("shop", &labels, 80), MtlsMode::Disable);
        assert_eq!(index.of_workload("shop", &labels, 81), MtlsMode::Strict);
        assert_eq!(index.of_workload("shop", &Labels::new(), 80), MtlsMode::Strict);
    }
}
