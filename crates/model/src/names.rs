//! What things are called: an object of a snapshot, a waypoint.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use crate::Str;
use crate::kind::Kind;

/// An object's identity within a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// The kind.
    pub kind: Kind,
    /// The namespace; empty for kinds of the cluster.
    pub namespace: Str,
    /// The name.
    pub name: Str,
    /// The cluster; empty for the control plane's own.
    #[serde(default, skip_serializing_if = "Str::is_empty")]
    pub cluster: Str,
}

impl ObjectRef {
    /// The identity with these parts, in the control plane's own cluster.
    pub fn new(kind: Kind, namespace: impl Into<Str>, name: impl Into<Str>) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into(), cluster: Str::default() }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(if self.name.is_empty() { "(no name)" } else { &self.name })?;
        if self.cluster.is_empty() { Ok(()) } else { write!(f, " in cluster {}", self.cluster) }
    }
}

/// Those of some things that have a name, in a namespace or in whichever has one; where there is none, and no
/// namespace is given, the name is `NAME.NAMESPACE`. `key` gives the namespace and the name of each.
pub fn named<'t, T>(
    all: &'t [T],
    (name, namespace): (&str, Option<&str>),
    key: impl Fn(&T) -> (&str, &str),
) -> Vec<&'t T> {
    let of = |name: &str, namespace: Option<&str>| -> Vec<&'t T> {
        let fits = |thing: &&T| {
            let (of, called) = key(thing);
            called == name && namespace.is_none_or(|namespace| namespace == of)
        };
        all.iter().filter(fits).collect()
    };
    let found = of(name, namespace);
    match (namespace, name.rsplit_once('.')) {
        (None, Some((name, namespace))) if found.is_empty() => of(name, Some(namespace)),
        _ => found,
    }
}

/// A waypoint's name: the namespace and name of its Gateway, written `namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaypointName {
    /// The Gateway's namespace.
    pub namespace: Str,
    /// The Gateway's name.
    pub name: Str,
}

impl WaypointName {
    /// The name with these parts.
    #[must_use]
    pub fn new(namespace: impl Into<Str>, name: impl Into<Str>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

/// As text, `namespace/name`.
impl Serialize for WaypointName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for WaypointName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Str::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for WaypointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// A text that is not `namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected NAMESPACE/NAME of a Gateway, found `{0}`")]
pub struct NotAWaypointName(String);

impl FromStr for WaypointName {
    type Err = NotAWaypointName;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(Self { namespace: namespace.into(), name: name.into() })
            }
            _ => Err(NotAWaypointName(s.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_say_its_namespace() {
        let all = [("shop", "cart"), ("bank", "cart"), ("shop", "cart.bank")];
        let find = |name, namespace| named(&all, (name, namespace), |thing| *thing);
        assert_eq!(find("cart", None), [&("shop", "cart"), &("bank", "cart")]);
        assert_eq!(find("cart", Some("bank")), [&("bank", "cart")]);
        assert_eq!(find("cart.shop", None), [&("shop", "cart")]);
        assert_eq!(find("cart.bank", None), [&("shop", "cart.bank")], "as it stands first");
        assert!(find("cart.shop", Some("shop")).is_empty());
    }
}
