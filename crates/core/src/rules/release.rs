//! The releases of Istio whose layout we know.

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

    /// The newest known release.
    pub const LATEST: Self = Self::V1_31;

    /// The release's name as users write it: `1.18`, `1.31`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_18 => "1.18",
            Self::V1_31 => "1.31",
        }
    }

    /// The names of all releases, as a sentence lists them: `1.18 or 1.31`.
    #[must_use]
    pub fn names() -> String {
        let names: Vec<&str> = Self::ALL.iter().map(|release| release.as_str()).collect();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
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
#[error("unknown release `{given}`: expected {}", Release::names())]
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
