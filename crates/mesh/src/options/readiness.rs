//! Whether a waypoint without status addresses counts as ready.

use std::fmt;
use std::str::FromStr;

/// Whether a waypoint without status addresses counts as ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Readiness {
    /// Every waypoint is taken as ready: snapshots from Git have no status. The result says where this was
    /// assumed.
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
