//! What is assumed of objects that no cluster has completed yet.

use std::fmt;
use std::str::FromStr;

/// What is assumed of objects from files that were never applied: what a cluster would have added to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Assume {
    /// Addresses of Services, the Pods of Deployments and the like, Namespaces, the Services of
    /// InferencePools, the addresses in statuses of Gateways of class `istio-remote`. Notes tell what was
    /// assumed.
    #[default]
    All,
    /// Nothing: the snapshot is taken as it stands, as what a cluster has.
    Nothing,
}

impl Assume {
    /// `all` or `nothing`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Nothing => "nothing",
        }
    }
}

impl fmt::Display for Assume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that says nothing about what is assumed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot assume `{0}`: expected all or nothing")]
pub struct UnknownAssumption(String);

impl FromStr for Assume {
    type Err = UnknownAssumption;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        [Self::All, Self::Nothing]
            .into_iter()
            .find(|assume| assume.as_str() == s)
            .ok_or_else(|| UnknownAssumption(s.to_owned()))
    }
}
