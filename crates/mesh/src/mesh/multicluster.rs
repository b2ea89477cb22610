//! Multi-cluster Services: which endpoints of other clusters are known, where a flag leaves that to their
//! ServiceExports.
//!
//! Source: [the API](https://multicluster.sigs.k8s.io/concepts/multicluster-services-api/), and Istio's
//! `pilot/pkg/serviceregistry/kube/controller/serviceexportcache.go`.

use super::{MeshSettings, Service, hostname};
use crate::Str;
use crate::features::Features;
use crate::hash::HashSet;
use crate::snapshot::{Meta, Snapshot};

/// Whether an object is of the group that the control plane reads.
pub(super) fn is_read(meta: &Meta, features: &Features) -> bool {
    meta.api_version.split_once('/').is_some_and(|(group, _)| group == features.mcs_api_group)
}

/// Which Services of a cluster have endpoints that other clusters know.
#[derive(Clone, Debug)]
pub(super) enum Exports {
    /// All of them.
    All,
    /// Those that are exported.
    Exported {
        /// By namespace and name.
        listed: HashSet<(Str, Str)>,
        /// Whether the control plane exports whatever is not for its cluster only.
        automatic: bool,
        /// Whether hosts of `cluster.local` are of their cluster only, exported or not.
        keeps_cluster_local: bool,
    },
}

impl Exports {
    /// Those of a cluster.
    pub(super) fn new(snapshot: &Snapshot, features: &Features) -> Self {
        if !features.enable_mcs_service_discovery {
            return Self::All;
        }
        let exports = snapshot.service_exports.iter().filter(|export| is_read(&export.meta, features));
        Self::Exported {
            listed: exports.map(|e| (e.meta.namespace.clone(), e.meta.name.clone())).collect(),
            automatic: features.enable_mcs_auto_export,
            keeps_cluster_local: features.keeps_cluster_local(),
        }
    }

    /// Whether other clusters know the endpoints of a Service.
    pub(super) fn have(&self, service: &Service, config: &MeshSettings) -> bool {
        let Self::Exported { listed, automatic, keeps_cluster_local } = self else { return true };
        let (namespace, name) = (&service.namespace, &service.name);
        let automatic = || *automatic && !config.is_cluster_local(&hostname::of_service(name, namespace));
        let stays = *keeps_cluster_local && !service.imported;
        !stays && (listed.contains(&(namespace.clone(), name.clone())) || automatic())
    }

    /// Whether something has to be exported at all.
    pub(super) const fn are_asked(&self) -> bool {
        matches!(self, Self::Exported { .. })
    }
}
