//! Policies by what they bind to.


use crate::release::Rules;
use crate::snapshot::Snapshot;
use crate::snapshot::mesh_config::MeshConfig;

/// Policies by what they bind to.
#[derive(Clone, Debug, Default)]
pub struct Policies {}

impl Policies {
    /// Builds the index.
    #[must_use]
    pub fn new(_snapshot: &Snapshot, _rules: &'static Rules, _config: &MeshConfig) -> Self {
        Self::default()
    }
}
