//! The releases of Istio whose layout we know, and everything that tells them apart.
//!
//! This is the one place that distinguishes releases: a [`Rules`] value per release, made of constants and of
//! choices. Generators read the rules; they never ask which release they run for. A third release is a third
//! constant here (and, where it does something no release did before, a new variant of a choice).

use std::fmt;
use std::str::FromStr;

/// A release of Istio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Release {
    /// Istio 1.18: waypoints as they were introduced, per namespace or per service account.
    V1_18,
    /// Istio 1.31: `istio.io/use-waypoint`, `targetRefs` and Gateway API routes.
    #[default]
    V1_31,
}

impl Release {
    /// Every known release, oldest first.
    pub const ALL: &'static [Self] = &[Self::V1_18, Self::V1_31];

    /// The release's name as users write it: `1.18`, `1.31`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_18 => "1.18",
            Self::V1_31 => "1.31",
        }
    }

    /// What this release does differently from others.
    #[must_use]
    pub const fn rules(self) -> &'static Rules {
        match self {
            Self::V1_18 => &V1_18,
            Self::V1_31 => &V1_31,
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of a release that this library does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown release `{given}`: expected 1.18 or 1.31")]
pub struct UnknownRelease {
    given: String,
}

impl FromStr for Release {
    type Err = UnknownRelease;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let wanted = s.trim_start_matches("istio-").trim_start_matches('v');
        Self::ALL
            .iter()
            .copied()
            .find(|r| r.as_str() == wanted)
            .ok_or_else(|| UnknownRelease { given: s.to_owned() })
    }
}

/// What distinguishes one release from another.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rules {
    /// The release that these are the rules of.
    pub release: Release,
    /// How a waypoint finds what it serves.
    pub attachment: Attachment,
    /// The creation time of an object that has none, in seconds since the epoch.
    pub assumed_creation: i64,
    /// Which of several Services with the same hostname and namespace counts.
    pub same_host: SameHost,
}

/// How a waypoint finds the services and workloads that it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// By its Gateway's namespace and the annotation `istio.io/for-service-account`; Services by their selectors.
    ServiceAccount,
    /// By the label `istio.io/use-waypoint` of objects and namespaces.
    UseWaypointLabel,
}

/// Which of several Services with the same hostname and namespace counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameHost {
    /// The one created last. An accident: the index is a map that later Services overwrite.
    #[default]
    Latest,
    /// The Kubernetes Service, else the one created first.
    KubernetesThenOldest,
}

/// The rules of 1.18.
static V1_18: Rules = Rules {
    release: Release::V1_18,
    attachment: Attachment::ServiceAccount,
    assumed_creation: 1_686_096_000,
    same_host: SameHost::Latest,
};

/// The rules of 1.31.
static V1_31: Rules = Rules {
    release: Release::V1_31,
    attachment: Attachment::UseWaypointLabel,
    assumed_creation: 1_704_067_200,
    same_host: SameHost::KubernetesThenOldest,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for release in Release::ALL {
            assert_eq!(release.to_string().parse(), Ok(*release));
        }
        assert_eq!("istio-1.18".parse(), Ok(Release::V1_18));
        assert!("1.17".parse::<Release>().unwrap_err().to_string().contains("1.17"));
    }
}
