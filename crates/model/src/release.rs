//! The releases of Istio whose layout we know.

use std::fmt;
use std::str::FromStr;

/// A release of Istio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Release {
    /// Istio 1.18: waypoints as they were introduced, per namespace or per service account.
    V1_18,
    /// Istio 1.29: as 1.30, with routes of its own kind where nothing else is said.
    V1_29,
    /// Istio 1.30: as 1.31, without canary waypoints and TCPRoutes.
    V1_30,
    /// Istio 1.31: `istio.io/use-waypoint`, `targetRefs` and Gateway API routes.
    #[default]
    V1_31,
}

impl Release {
    /// Every known release, oldest first.
    pub const ALL: &'static [Self] = &[Self::V1_18, Self::V1_29, Self::V1_30, Self::V1_31];

    /// The newest known release.
    pub const LATEST: Self = Self::V1_31;

    /// The release's name as users write it: `1.30`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_18 => "1.18",
            Self::V1_29 => "1.29",
            Self::V1_30 => "1.30",
            Self::V1_31 => "1.31",
        }
    }

    /// The names of all releases, as a sentence lists them: `1.18, 1.29, 1.30 or 1.31`.
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
        let wanted = s.strip_prefix("istio-").unwrap_or(s);
        let wanted = wanted.strip_prefix('v').unwrap_or(wanted);
        let is_of = |release: &&Self| wanted.strip_prefix(release.as_str()).is_some_and(is_patch);
        Self::ALL.iter().find(is_of).copied().ok_or_else(|| UnknownRelease { given: s.to_owned() })
    }
}

/// Whether it is nothing, or what follows the name of a release in a version: `.2`, `.0-rc.1`, `-alpha.3f`.
fn is_patch(text: &str) -> bool {
    let (number, rest) = match text.strip_prefix('.') {
        Some(text) => {
            let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            text.split_at(end)
        }
        None => ("0", text),
    };
    !number.is_empty() && (rest.is_empty() || rest.starts_with('-'))
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
        for patch in ["1.30.2", "v1.30.11", "istio-1.30.0-rc.1", "1.30-alpha.7f", "1.30.2-distroless"] {
            assert_eq!(patch.parse(), Ok(Release::V1_30), "{patch}");
        }
        for other in ["1.3", "1.301", "1.30.", "1.30.x", "1.30.1.2", "", "v"] {
            assert!(other.parse::<Release>().is_err(), "{other}");
        }
        assert!("1.17".parse::<Release>().unwrap_err().to_string().contains("1.17"));
    }
}
