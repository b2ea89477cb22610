//! How a request gets to its destination.

use std::fmt;
use std::str::FromStr;

use crate::names::WaypointName;

/// How a request gets to its destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Via {
    /// As the client's pod says: its ztunnel, its sidecar, or neither.
    #[default]
    Client,
    /// Through the client's ztunnel.
    Ztunnel,
    /// Through the client's sidecar.
    Sidecar,
    /// Through an ingress gateway: the client's pod, or for a client outside of the mesh the one that there
    /// is.
    Ingress,
    /// Through this waypoint, whatever the client would do.
    Waypoint(WaypointName),
}

impl Via {
    /// The waypoint that it is.
    #[must_use]
    pub const fn waypoint(&self) -> Option<&WaypointName> {
        match self {
            Self::Waypoint(name) => Some(name),
            _ => None,
        }
    }
}

/// A text that is no [`Via`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no way: expected ztunnel, sidecar, ingress, or NAMESPACE/NAME of a waypoint")]
pub struct InvalidVia(String);

/// `ztunnel`, `sidecar`, `ingress`, or `NAMESPACE/NAME` of a waypoint.
impl FromStr for Via {
    type Err = InvalidVia;

    fn from_str(text: &str) -> Result<Self, InvalidVia> {
        match text {
            "ztunnel" => Ok(Self::Ztunnel),
            "sidecar" => Ok(Self::Sidecar),
            "ingress" => Ok(Self::Ingress),
            _ => text.parse().map(Self::Waypoint).map_err(|_| InvalidVia(text.to_owned())),
        }
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client => f.write_str("the client"),
            Self::Ztunnel => f.write_str("ztunnel"),
            Self::Sidecar => f.write_str("sidecar"),
            Self::Ingress => f.write_str("ingress"),
            Self::Waypoint(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_read_as_they_are_written() {
        for text in ["ztunnel", "sidecar", "ingress", "shop/waypoint"] {
            assert_eq!(text.parse::<Via>().unwrap().to_string(), text);
        }
        assert!("waypoint".parse::<Via>().is_err());
    }
}
