//! What a change of the input changes: resources, who is told of it, findings and statuses.
//!
//! | module | compares |
//! |---|---|
//! | `fields` | two JSON values, field by field |
//! | `resources` | the resources of a waypoint, with what made the difference |
//! | `updates` | which proxies are told, and how much |
//! | `findings` | problems and findings |
//! | `statuses` | the conditions that Istio would write |
//!
//! It is a pure function of two sides: two snapshots, or one snapshot under two settings (two releases of
//! Istio, a feature flag, another mesh configuration).
//!
//! ```
//! use waypoint_xds::options::Options;
//! use waypoint_xds::session::Session;
//! use waypoint_xds::text::SourceFile;
//!
//! let gateway = "
//! apiVersion: gateway.networking.k8s.io/v1
//! kind: Gateway
//! metadata: {name: waypoint, namespace: shop}
//! spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
//! ";
//! let service = "
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
//! spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
//! ";
//! let read = |text: String| Session::read([SourceFile::new("shop.yaml", text)], &Options::default());
//! let (old, new) = (read(gateway.to_owned()), read([gateway, service].concat()));
//! let diff = old.diff(&new);
//! let waypoint = &diff.waypoints[0];
//! assert_eq!(waypoint.waypoint.to_string(), "shop/waypoint");
//! let names: Vec<&str> = waypoint.resources.iter().map(|resource| resource.name.as_str()).collect();
//! assert!(names.contains(&"inbound-vip|80|http|cart.shop.svc.cluster.local"));
//! assert!(old.diff(&old).is_empty());
//! ```

mod causes;
mod fields;
mod findings;
mod resources;
mod statuses;
mod updates;

pub use fields::{Difference, Field};
pub use findings::Findings;
pub use resources::{Change, ChangedField, ResourceDiff};
pub use statuses::{ConditionDiff, ConditionValue, StatusDiff};
pub use updates::{Sidecars, Update};

use std::collections::BTreeSet;

use serde::Serialize;

use crate::mesh::{Mesh, WaypointName};
use crate::problem::Problem;
use crate::resources::WaypointResources;
use crate::status::Status;
use crate::trace::Tracer;
use crate::trace::classes::{self, Compared, DestinationDiff, Limits};
use crate::translation::Translation;

/// One side of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The mesh.
    pub mesh: &'a Mesh,
    /// Its resources.
    pub translation: &'a Translation,
    /// What answers requests.
    pub tracer: Tracer<'a>,
    /// Everything that is found wrong with it.
    pub findings: &'a [Problem],
    /// The statuses that Istio would write.
    pub statuses: &'a [Status],
}

/// What is different on the new side.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Diff {
    /// For each destination of each waypoint, the requests of which something else comes.
    pub behaviour: Vec<DestinationDiff>,
    /// Every waypoint of either side, by namespace and name.
    pub waypoints: Vec<WaypointDiff>,
    /// What sidecars would have been told, for comparison.
    pub sidecars: Sidecars,
    /// What is found wrong.
    pub findings: Findings,
    /// The conditions that differ, by object.
    pub statuses: Vec<StatusDiff>,
}

impl Diff {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.behaviour.iter().all(|destination| destination.compared == Compared::Equal)
            && self
                .waypoints
                .iter()
                .all(|waypoint| waypoint.presence == Presence::Both && waypoint.resources.is_empty())
            && self.findings.introduced.is_empty()
            && self.findings.fixed.is_empty()
            && self.statuses.is_empty()
    }

    /// The waypoints that are told of the change, those that are new or gone among them.
    pub fn told(&self) -> impl Iterator<Item = &WaypointDiff> {
        self.waypoints.iter().filter(|waypoint| !waypoint.resources.is_empty())
    }
}

/// What is different for one waypoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WaypointDiff {
    /// The waypoint.
    pub waypoint: WaypointName,
    /// On which sides it is there.
    pub presence: Presence,
    /// How much its proxy is told.
    pub update: Update,
    /// The resources that differ, by kind and name.
    pub resources: Vec<ResourceDiff>,
}

/// On which sides something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Presence {
    /// Only on the new one.
    Added,
    /// Only on the old one.
    Removed,
    /// On both.
    Both,
}

/// Compares two sides.
#[must_use]
pub fn diff(old: Side<'_>, new: Side<'_>) -> Diff {
    let waypoints = waypoints(old.translation, new.translation);
    let sidecars = updates::sidecars(old.mesh, new.mesh, &waypoints);
    Diff {
        behaviour: behaviour(old, new),
        waypoints,
        sidecars,
        findings: findings::compare(old.findings, new.findings),
        statuses: statuses::compare(old.statuses, new.statuses),
    }
}

/// What differs for requests.
fn behaviour(old: Side<'_>, new: Side<'_>) -> Vec<DestinationDiff> {
    fn at<'a>(side: Side<'a>, name: &WaypointName) -> Option<classes::Side<'a>> {
        let resources = side.translation.waypoint(name)?;
        Some(classes::Side { mesh: side.mesh, resources, tracer: side.tracer })
    }
    let of_waypoint = |name: &WaypointName| match (at(old, name), at(new, name)) {
        (Some(before), Some(after)) => classes::compare(name, (before, after), &Limits::default()),
        (None, Some(side)) => classes::alone(name, side, &Compared::Added),
        (Some(side), None) => classes::alone(name, side, &Compared::Removed),
        (None, None) => Vec::new(),
    };
    let mut all: Vec<DestinationDiff> =
        names(old.translation, new.translation).into_iter().flat_map(of_waypoint).collect();
    let moved = classes::moved(old.tracer, new.tracer, &Limits::default());
    // That a waypoint serves it now, or no more, is said by that.
    let called = |one: &DestinationDiff| (one.host.clone(), one.port);
    let elsewhere: BTreeSet<_> = moved.iter().filter(|one| one.moved.is_some()).map(called).collect();
    all.retain(|one| {
        !matches!(one.compared, Compared::Added | Compared::Removed) || !elsewhere.contains(&called(one))
    });
    all.extend(moved);
    all
}

/// The waypoints of both sides.
fn names<'a>(old: &'a Translation, new: &'a Translation) -> BTreeSet<&'a WaypointName> {
    old.waypoints.iter().chain(&new.waypoints).map(|resources| &resources.waypoint).collect()
}

fn waypoints(old: &Translation, new: &Translation) -> Vec<WaypointDiff> {
    names(old, new)
        .into_iter()
        .filter_map(|name| waypoint(name, old.waypoint(name), new.waypoint(name)))
        .collect()
}

fn waypoint(
    name: &WaypointName,
    old: Option<&WaypointResources>,
    new: Option<&WaypointResources>,
) -> Option<WaypointDiff> {
    let presence = match (old, new) {
        (None, None) => return None,
        (Some(_), Some(_)) => Presence::Both,
        (None, Some(_)) => Presence::Added,
        (Some(_), None) => Presence::Removed,
    };
    let resources = resources::compare(old, new);
    let update = updates::update(&resources, new);
    Some(WaypointDiff { waypoint: name.clone(), presence, update, resources })
}
