//! DestinationRules by host, merged as Istio merges them.

use crate::mesh::Services;
use crate::release::Rules;
use crate::snapshot::Snapshot;
use crate::snapshot::mesh_config::MeshConfig;

/// DestinationRules by host, merged as Istio merges them.
#[derive(Clone, Debug, Default)]
pub struct DestinationRules {}

impl DestinationRules {
    /// Builds the index.
    #[must_use]
    pub fn new(_snapshot: &Snapshot, _rules: &'static Rules, _config: &MeshConfig, _services: &Services) -> Self {
        Self::default()
    }
}
