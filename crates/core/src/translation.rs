//! The whole pipeline as one function.

use crate::dialect;
use crate::mesh::{DataPlane, Mesh, WaypointName};
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
    let (mesh, problems) = mesh(reading, options);
    generate(reading, &mesh, problems)
}

/// The second half of [`translate`], for those who keep the mesh: the resources of its waypoints, with the
/// problems that the first half found, and with what has no equivalent in the dialect.
#[must_use]
pub fn generate(reading: &Reading, mesh: &Mesh, mut problems: Vec<Problem>) -> Translation {
    let options = &mesh.options;
    let wanted = |name: &WaypointName| options.waypoint.as_ref().is_none_or(|only| name == only);
    let mut waypoints = Vec::new();
    let mut lost = Vec::new();
    let of_envoy = mesh.waypoints.iter().filter(|waypoint| waypoint.data_plane == DataPlane::Envoy);
    for waypoint in of_envoy.filter(|waypoint| wanted(&waypoint.name)) {
        let (resources, found) = dialect::convert(options.dialect, resources::generate(mesh, waypoint));
        waypoints.push(resources);
        lost.extend(found);
    }
    add(reading, &mut problems, lost);
    Translation { release: options.release, waypoints, problems, summary: reading.summary.clone() }
}

/// The first half of [`translate`]: what the release makes of a snapshot before any Envoy resource is
/// generated, and everything found wrong on the way, in the order of the text.
#[must_use]
pub fn mesh(reading: &Reading, options: &Options) -> (Mesh, Vec<Problem>) {
    Mesh::of(reading, options)
}

/// Adds problems that were found later, and puts all in the order of the text.
pub fn add(reading: &Reading, problems: &mut Vec<Problem>, mut found: Vec<Problem>) {
    if !found.is_empty() {
        reading.locate(&mut found);
        problems.extend(found);
        problems.sort();
    }
}
