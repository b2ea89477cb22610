//! The whole pipeline as one function.

use std::sync::Arc;

use crate::mesh::{Mesh, WaypointName};
use crate::options::Options;
use crate::problem::Problem;
use crate::release::Release;
use crate::resources::{self, WaypointResources};
use crate::snapshot::{Reading, Summary};

/// What Istio's control plane would send every waypoint of a snapshot, and what is wrong with the snapshot.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Translation {
    /// The release whose layout this is.
    pub release: Release,
    /// Every waypoint, by namespace and name.
    pub waypoints: Vec<WaypointResources>,
    /// Everything found wrong, from the text to the mesh, in the order of the text.
    pub problems: Vec<Problem>,
    /// What was read, and what was ignored and why.
    pub summary: Summary,
}

impl Translation {
    /// The resources of one waypoint.
    #[must_use]
    pub fn waypoint(&self, name: &WaypointName) -> Option<&WaypointResources> {
        self.waypoints.iter().find(|w| w.waypoint == *name)
    }
}

/// Translates a snapshot: the same input gives the same output, whatever the order of its objects.
///
/// A problem with one object never loses the rest: see [`Translation::problems`].
#[must_use]
pub fn translate(reading: &Reading, options: &Options) -> Translation {
    let mesh = mesh(reading, options);
    let wanted = |name: &WaypointName| options.waypoint.as_ref().is_none_or(|only| name == only);
    let waypoints = mesh
        .waypoints
        .iter()
        .filter(|waypoint| wanted(&waypoint.name))
        .map(|waypoint| resources::generate(&mesh, waypoint))
        .collect();
    Translation {
        release: options.release,
        waypoints,
        problems: problems(reading, &mesh),
        summary: reading.summary.clone(),
    }
}

/// The first half of [`translate`]: what the release makes of a snapshot, before any Envoy resource is generated.
#[must_use]
pub fn mesh(reading: &Reading, options: &Options) -> Mesh {
    Mesh::new(Arc::new(reading.snapshot.clone()), options.clone())
}

/// Everything found wrong on the way to a mesh, in the order of the text.
#[must_use]
pub fn problems(reading: &Reading, mesh: &Mesh) -> Vec<Problem> {
    let mut found = mesh.problems.clone();
    reading.locate(&mut found);
    found.extend(reading.problems.iter().cloned());
    found.sort();
    found.dedup();
    found
}
