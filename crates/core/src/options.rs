//! What a user can choose about a translation.

mod settings;

use std::fmt;
use std::str::FromStr;

pub use settings::{Settings, SettingsError};

use crate::dialect::Dialect;
use crate::features::Features;
use crate::limits::Limits;
use crate::mesh::WaypointName;
use crate::release::Release;
use crate::rules::Rules;
use crate::snapshot::mesh_config::MeshConfig;

/// Options of a translation. `Options::default()` is Istio 1.31 with its ambient profile.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The release whose layout to generate.
    pub release: Release,
    /// Whether the snapshot's own release is taken instead, where it [tells](crate::detect) which that is.
    pub detect_release: bool,
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
    /// Which Envoy is spoken to.
    pub dialect: Dialect,
    /// What the release is to do differently, for a test.
    #[cfg(test)]
    pub(crate) changed_rules: Option<&'static Rules>,
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

impl Readiness {
    /// `assumed` or `observed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assumed => "assumed",
            Self::Observed => "observed",
        }
    }
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that says nothing about readiness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown readiness `{0}`: expected assumed or observed")]
pub struct UnknownReadiness(String);

impl FromStr for Readiness {
    type Err = UnknownReadiness;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "assumed" => Ok(Self::Assumed),
            "observed" => Ok(Self::Observed),
            other => Err(UnknownReadiness(other.to_owned())),
        }
    }
}

impl Options {
    /// The defaults for one release.
    #[must_use]
    pub fn for_release(release: Release) -> Self {
        Self { release, ..Self::default() }
    }

    /// What the release does.
    pub(crate) fn rules(&self) -> &'static Rules {
        #[cfg(test)]
        if let Some(changed) = self.changed_rules {
            return changed;
        }
        self.release.rules()
    }
}
