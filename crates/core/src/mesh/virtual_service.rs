//! VirtualServices by host: short names resolved, delegates merged, Gateway API routes converted.

use crate::mesh::Services;
use crate::problem::Problem;
use crate::release::Rules;
use crate::snapshot::Snapshot;
use crate::snapshot::mesh_config::MeshConfig;

/// VirtualServices by host.
#[derive(Clone, Debug, Default)]
pub struct VirtualServices {}

impl VirtualServices {
    /// Builds the index.
    #[must_use]
    pub fn new(
        _snapshot: &Snapshot,
        _rules: &'static Rules,
        _config: &MeshConfig,
        _services: &Services,
        _problems: &mut Vec<Problem>,
    ) -> Self {
        Self::default()
    }

    /// The hosts that the routes of a host lead to.
    pub fn references(&self, _hostname: &str) -> impl Iterator<Item = &crate::Str> {
        std::iter::empty()
    }
}
