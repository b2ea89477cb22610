//! What a user can choose about a translation.

use crate::features::Features;
use crate::limits::Limits;
use crate::mesh::WaypointName;
use crate::release::Release;
use crate::snapshot::mesh_config::MeshConfig;

/// Options of a translation. `Options::default()` is Istio 1.31 with its ambient profile.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The release whose layout to generate.
    pub release: Release,
    /// Mesh configuration, merged over the snapshot's and the release's defaults.
    pub mesh_config: Option<MeshConfig>,
    /// Generate this waypoint only; all if `None`.
    pub waypoint: Option<WaypointName>,
    /// How large an input may be.
    pub limits: Limits,
    /// Whether a waypoint without status addresses counts as ready.
    pub readiness: Readiness,
    /// Feature flags of the control plane.
    pub features: Features,
}

/// Whether a waypoint without status addresses counts as ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Readiness {
    /// Every waypoint is taken as ready: snapshots from Git have no status. The result says where this was assumed.
    #[default]
    Assumed,
    /// Only the status decides, as in Istio.
    Observed,
}

impl Options {
    /// The defaults for one release.
    #[must_use]
    pub fn for_release(release: Release) -> Self {
        Self { release, ..Self::default() }
    }
}
