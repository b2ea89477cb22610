//! The clusters that a snapshot is of: the control plane's own, and others that it looks into.
//!
//! A control plane reads its configuration from its own cluster. Of others it reads what runs there:
//! Services, with what is behind them, and the Gateways between networks. Source:
//! <https://istio.io/latest/docs/setup/install/multicluster/>.

use super::{ObjectRef, Snapshot};
use crate::Str;
use crate::kind::Kind;

/// What Istio calls a cluster that has no name of its own.
pub const UNNAMED: Str = Str::new_static("Kubernetes");

/// Whether a control plane reads objects of this kind from clusters that are not its own.
pub(super) const fn is_read_from_others(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Namespace
            | Kind::Node
            | Kind::Service
            | Kind::Endpoints
            | Kind::EndpointSlice
            | Kind::ServiceExport
            | Kind::ServiceImport
            | Kind::Pod
            | Kind::Gateway
            | Kind::WorkloadEntry
    )
}

impl Snapshot {
    /// The name of the cluster that it is of.
    #[must_use]
    pub fn cluster_name(&self) -> Str {
        if self.cluster.is_empty() { UNNAMED } else { self.cluster.clone() }
    }

    /// All of it, cluster by cluster: the own one first.
    pub fn clusters(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.remotes)
    }

    /// The part of another cluster; of no name the own one.
    pub(super) fn part_mut(&mut self, cluster: &str) -> Option<&mut Self> {
        if cluster.is_empty() {
            return Some(self);
        }
        self.remotes.iter_mut().find(|remote| remote.cluster == cluster)
    }

    /// Makes room for what is in another cluster.
    pub(super) fn add_cluster(&mut self, name: &Str) {
        if self.remotes.iter().all(|remote| remote.cluster != *name) {
            self.remotes.push(Self { cluster: name.clone(), ..Self::default() });
        }
    }

    /// The part of the cluster that an object is in.
    pub(super) fn part_of(&self, object: &ObjectRef) -> Option<&Self> {
        if object.cluster.is_empty() {
            return Some(self);
        }
        self.remotes.iter().find(|remote| remote.cluster == object.cluster)
    }
}
