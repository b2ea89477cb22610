//! The labels and annotations that are read, and what looks like one.

use crate::mesh::waypoint::{
    CANARY, CANARY_NAMESPACE, CANARY_WEIGHT, INGRESS_USE_WAYPOINT, USE_WAYPOINT, USE_WAYPOINT_NAMESPACE,
    WAYPOINT_FOR,
};
use crate::mesh::workload::DATAPLANE_MODE;
use crate::nearest::nearest;
use crate::snapshot::Kind;

/// A label or annotation, and the kinds of objects from which it is read.
pub(super) struct Read {
    pub(super) key: &'static str,
    pub(super) is_annotation: bool,
    pub(super) kinds: &'static [Kind],
}

const USERS: &[Kind] = &[Kind::Namespace, Kind::Service, Kind::ServiceEntry, Kind::Pod, Kind::WorkloadEntry];
const SERVICES: &[Kind] = &[Kind::Namespace, Kind::Service, Kind::ServiceEntry];
const GATEWAYS: &[Kind] = &[Kind::Gateway, Kind::GatewayClass];
const PODS: &[Kind] = &[Kind::Namespace, Kind::Pod];

const fn label(key: &'static str, kinds: &'static [Kind]) -> Read {
    Read { key, is_annotation: false, kinds }
}

/// What is read.
pub(super) const READ: [Read; 8] = [
    label(USE_WAYPOINT, USERS),
    label(USE_WAYPOINT_NAMESPACE, USERS),
    label(CANARY, SERVICES),
    label(CANARY_NAMESPACE, SERVICES),
    Read { key: CANARY_WEIGHT, is_annotation: true, kinds: SERVICES },
    label(INGRESS_USE_WAYPOINT, SERVICES),
    label(WAYPOINT_FOR, GATEWAYS),
    label(DATAPLANE_MODE, PODS),
];

/// Other spellings of the names, without their signs.
const ALSO: [(&str, &str); 5] = [
    ("waypoint", USE_WAYPOINT),
    ("waypointname", USE_WAYPOINT),
    ("usewaypointns", USE_WAYPOINT_NAMESPACE),
    ("waypointnamespace", USE_WAYPOINT_NAMESPACE),
    ("usewaypointforingress", INGRESS_USE_WAYPOINT),
];

/// Whether any of them is read from objects of a kind.
pub(super) fn are_read_from(kind: Kind) -> bool {
    USERS.contains(&kind) || GATEWAYS.contains(&kind)
}

/// Whether objects of a kind name waypoints.
pub(super) fn names_waypoints(kind: Kind) -> bool {
    USERS.contains(&kind)
}

/// Whether a key is that of an annotation.
pub(super) fn is_annotation(key: &str) -> bool {
    READ.iter().any(|read| read.key == key && read.is_annotation)
}

/// The key that is meant by one that is not read.
pub(super) fn meant(key: &str) -> Option<&'static str> {
    let (prefix, name) = key.rsplit_once('/').unwrap_or(("", key));
    if READ.iter().any(|read| read.key == key) {
        return None;
    }
    // The shortest that could be meant is `waypoint`.
    if name.len() < 8 {
        return None;
    }
    let squeezed = squeeze(name);
    let of_istio = prefix == "istio.io" || prefix.ends_with(".istio.io");
    let near_istio = || nearest(prefix, std::iter::once("istio.io")).is_some();
    let same = READ.iter().find(|read| squeeze(self::name(read.key)) == squeezed).map(|read| read.key);
    if let Some(same) = same.filter(|_| prefix.is_empty() || of_istio || near_istio()) {
        return Some(same);
    }
    if !of_istio {
        return None;
    }
    let also = ALSO.iter().find(|(other, _)| *other == squeezed).map(|(_, key)| *key);
    also.or_else(|| {
        let near = nearest(name, READ.iter().map(|read| self::name(read.key)))?;
        READ.iter().find(|read| self::name(read.key) == near).map(|read| read.key)
    })
}

/// What stands behind the prefix.
fn name(key: &'static str) -> &'static str {
    key.rsplit_once('/').map_or(key, |(_, name)| name)
}

/// The letters and digits only, in lower case.
fn squeeze(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_keys_are_recognized() {
        for key in [
            "ambient.istio.io/use-waypoint",
            "istio.io/usewaypoint",
            "istio.io/use_waypoint",
            "istio.io/Use-Waypoint",
            "istio.io/use-waypont",
            "istio.io/waypoint",
            "itsio.io/use-waypoint",
            "use-waypoint",
        ] {
            assert_eq!(meant(key), Some(USE_WAYPOINT), "{key}");
        }
        assert_eq!(meant("istio.io/data-plane-mode"), Some(DATAPLANE_MODE));
        assert_eq!(meant("istio.io/waypoint_for"), Some(WAYPOINT_FOR));
        assert_eq!(meant("istio.io/use-waypoint-ns"), Some(USE_WAYPOINT_NAMESPACE));
    }

    #[test]
    fn other_keys_are_left_alone() {
        for key in [
            "istio.io/use-waypoint",
            "istio.io/rev",
            "istio.io/tag",
            "istio.io/global",
            "istio.io/dry-run",
            "istio.io/gateway-name",
            "gateway.networking.k8s.io/gateway-name",
            "example.com/use-waypoint",
            "waypoint",
            "app",
        ] {
            assert_eq!(meant(key), None, "{key}");
        }
    }
}
