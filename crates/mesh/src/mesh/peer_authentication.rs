//! PeerAuthentication: whether the servers of a namespace, or of some workloads, speak mTLS.
//!
//! ztunnel enforces it. A waypoint only needs it to guess how destinations that it does not serve are
//! reached.

use crate::mesh::MeshSettings;
use crate::mesh::attachment::{Attachments, Bound};
use crate::rules::Rules;
use crate::snapshot::security::{MutualTls, MutualTlsMode, PeerAuthentication};
use crate::snapshot::{Cause, FieldPath, Labels, Object, Snapshot};

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

/// PeerAuthentications by what they are for.
#[derive(Clone, Debug)]
pub struct PeerAuthentications {
    attachments: Attachments<Object<PeerAuthentication>>,
}

impl PeerAuthentications {
    /// Builds the index.
    #[must_use]
    pub fn new(snapshot: &Snapshot, rules: &'static Rules, config: &MeshSettings) -> Self {
        let objects = snapshot.peer_authentications.iter().cloned();
        Self { attachments: Attachments::new(objects, rules, &config.root_namespace) }
    }

    /// What holds for the workloads of a namespace.
    #[must_use]
    pub fn of_namespace(&self, namespace: &str) -> MtlsMode {
        let own = self.wide_mode(namespace);
        own.or_else(|| self.wide_mode(self.attachments.root_namespace())).unwrap_or(MtlsMode::Permissive)
    }

    /// The field that says what holds for the workloads of a namespace; none where nothing does.
    #[must_use]
    pub(crate) fn cause_of_namespace(&self, namespace: &str) -> Option<Cause> {
        let said = |namespace: &str| {
            let policy = self.attachments.for_namespace(namespace)?;
            mode(policy.spec.mtls.as_ref())?;
            Some(Cause::new(policy.object.object_ref(), FieldPath::field("spec.mtls.mode")))
        };
        said(namespace).or_else(|| said(self.attachments.root_namespace()))
    }

    /// What holds for one port of a workload.
    #[must_use]
    pub fn of_workload(&self, namespace: &str, labels: &Labels, port: u32) -> MtlsMode {
        let general = self.of_namespace(namespace);
        let Some(policy) = self.selecting(namespace, labels) else { return general };
        let own = mode(policy.spec.mtls.as_ref()).unwrap_or(general);
        policy
            .spec
            .port_level_mtls
            .get(port.to_string().as_str())
            .map_or(own, |tls| mode(Some(tls)).unwrap_or(own))
    }

    /// What the oldest policy for all of a namespace says, if it says anything.
    fn wide_mode(&self, namespace: &str) -> Option<MtlsMode> {
        mode(self.attachments.for_namespace(namespace)?.spec.mtls.as_ref())
    }

    /// The oldest policy that selects a workload. The root namespace's are for no workload of another, and
    /// have no meaning for its own.
    fn selecting(&self, namespace: &str, labels: &Labels) -> Option<Bound<'_, Object<PeerAuthentication>>> {
        let is_root = self.attachments.root_namespace() == namespace;
        if is_root { None } else { self.attachments.for_labels(namespace, labels) }
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
    use std::collections::BTreeMap;

    use super::*;
    use crate::release::Release;
    use crate::snapshot::selector::WorkloadSelector;
    use std::sync::Arc;

    use crate::snapshot::{Meta, Source};

    fn policy(namespace: &str, name: &str, mode: MutualTlsMode) -> Arc<Object<PeerAuthentication>> {
        let meta = Meta { name: name.into(), namespace: namespace.into(), ..Meta::default() };
        let spec = PeerAuthentication { mtls: Some(MutualTls { mode }), ..PeerAuthentication::default() };
        Arc::new(Object { meta, spec, source: Source::default() })
    }

    fn index(policies: Vec<Arc<Object<PeerAuthentication>>>) -> PeerAuthentications {
        let snapshot = Snapshot { peer_authentications: policies, ..Snapshot::default() };
        PeerAuthentications::new(&snapshot, Rules::of(Release::V1_31), &MeshSettings::default())
    }

    #[test]
    fn the_oldest_of_a_namespace_beats_the_meshs() {
        let none = index(Vec::new());
        let index = index(vec![
            policy("istio-system", "mesh", MutualTlsMode::Disable),
            policy("shop", "a", MutualTlsMode::Strict),
            policy("shop", "b", MutualTlsMode::Disable),
            policy("unset", "a", MutualTlsMode::Unset),
        ]);
        assert_eq!(index.of_namespace("shop"), MtlsMode::Strict);
        assert_eq!(index.of_namespace("unset"), MtlsMode::Disable);
        assert_eq!(index.of_namespace("other"), MtlsMode::Disable);
        assert_eq!(none.of_namespace("shop"), MtlsMode::Permissive);
    }

    #[test]
    fn a_workloads_policy_beats_its_namespaces_and_its_ports_that() {
        let mut own = policy("shop", "web", MutualTlsMode::Unset);
        let spec = &mut Arc::make_mut(&mut own).spec;
        spec.selector = Some(WorkloadSelector { match_labels: [("app".into(), "web".into())].into() });
        spec.port_level_mtls =
            BTreeMap::from([("80".into(), MutualTls { mode: MutualTlsMode::Disable })]).into();
        let index = index(vec![own, policy("shop", "a", MutualTlsMode::Strict)]);
        let labels = [("app".into(), "web".into())].into();
        assert_eq!(index.of_workload("shop", &labels, 80), MtlsMode::Disable);
        assert_eq!(index.of_workload("shop", &labels, 81), MtlsMode::Strict);
        assert_eq!(index.of_workload("shop", &Labels::new(), 80), MtlsMode::Strict);
    }
}
