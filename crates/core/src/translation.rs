//! The whole pipeline as one function.

use crate::Str;
use crate::admission;
use crate::assume;
use crate::detect;
use crate::dialect;
use crate::features::Features;
use crate::limits::Limits;
use crate::mesh::{DataPlane, Mesh, WaypointName};
use crate::options::Options;
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::resources::{self, WaypointResources};
use crate::snapshot::{ControlPlane, Reading, Summary};
use crate::text::{SourceFile, documents};

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

/// The second half of [`translate`], for those who keep the mesh: the resources of its waypoints, with the problems
/// that the first half found, and with what has no equivalent in the dialect.
#[must_use]
pub fn generate(reading: &Reading, mesh: &Mesh, mut problems: Vec<Problem>) -> Translation {
    let options = &mesh.options;
    let wanted = |name: &WaypointName| options.waypoint.as_ref().is_none_or(|only| name == only);
    let mut waypoints = Vec::new();
    let mut lost = Vec::new();
    let of_envoy = mesh.waypoints.iter().filter(|waypoint| waypoint.data_plane == DataPlane::Envoy);
    for waypoint in of_envoy.filter(|waypoint| wanted(&waypoint.name)) {
        let (resources, found) = dialect::speak(options.dialect, resources::generate(mesh, waypoint));
        waypoints.push(resources);
        lost.extend(found);
    }
    add(reading, &mut problems, lost);
    Translation { release: options.release, waypoints, problems, summary: reading.summary.clone() }
}

/// The first half of [`translate`]: what the release makes of a snapshot before any Envoy resource is generated,
/// and everything found wrong on the way, in the order of the text.
#[must_use]
pub fn mesh(reading: &Reading, options: &Options) -> (Mesh, Vec<Problem>) {
    match assume::complete(reading, options.assume) {
        Some(completed) => mesh_of(&completed, options),
        None => mesh_of(reading, options),
    }
}

/// The same of what is complete.
pub(crate) fn mesh_of(reading: &Reading, options: &Options) -> (Mesh, Vec<Problem>) {
    let (options, note) = with_detected_release(reading, options.clone());
    let (options, flags) = with_own_flags(reading, options);
    let mut admitted = admission::admit(reading.snapshot.clone(), &options);
    let mut problems = std::mem::take(&mut admitted.problems);
    let mesh = Mesh::new(admitted, options);
    problems.extend(note);
    problems.extend(flags);
    problems.extend(mesh.problems.iter().cloned());
    reading.locate(&mut problems);
    problems.extend(reading.problems.iter().cloned());
    problems.extend(reading.stray_fields(mesh.options.release, mesh.options.validation));
    problems.sort();
    problems.dedup();
    (mesh, problems)
}

/// The options with the snapshot's own release, where that is asked for, and a note of which it is.
fn with_detected_release(reading: &Reading, mut options: Options) -> (Options, Option<Problem>) {
    if !options.detect_release {
        return (options, None);
    }
    let note = |message| Problem::new(Code::ReleaseDetected, message);
    let note = match detect::release(&reading.snapshot) {
        Some(found) => {
            options.release = found.release;
            note(format!("the image `{}` is of Istio {}", found.image, found.release)).on(found.object)
        }
        None => note(format!("no image tells the release: Istio {} was taken", options.release)),
    };
    (options, Some(note))
}

/// The options with the feature flags of the snapshot's control plane below those that are given, and a note of which they are.
fn with_own_flags(reading: &Reading, mut options: Options) -> (Options, Option<Problem>) {
    let of_settings = options.mesh_config.as_ref().map(|file| of_settings(file, &options.limits));
    let of_settings = of_settings.filter(|flags| !flags.is_empty());
    let known = |plane: &ControlPlane| Features::known(&plane.environment);
    let own = reading.control_plane(|plane| !known(plane).is_empty());
    let (flags, object) = match (of_settings, own) {
        (Some(flags), _) => (flags, None),
        (None, Some((other, plane))) => (known(plane), Some(other.object.clone())),
        (None, None) => return (options, None),
    };
    let mut others = Features::default();
    for (name, value) in &flags {
        // What Istio does not take leaves the flag as it is.
        let _ = others.set(name, value);
    }
    options.features = options.features.over(others);
    let flags: Vec<String> = flags.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let note = Problem::new(
        Code::FlagsDetected,
        format!("feature flags of the control plane: {}", flags.join(", ")),
    );
    (
        options,
        Some(match object {
            Some(object) => note.on(object),
            None => note,
        }),
    )
}

/// The flags in what is given as a mesh configuration: values of a Helm chart may have them.
fn of_settings(file: &SourceFile, limits: &Limits) -> Vec<(Str, Str)> {
    let document = documents(file, limits).next().and_then(Result::ok);
    let plane = document.map(|document| ControlPlane::of_settings(document.root()));
    Features::known(&plane.unwrap_or_default().environment)
}

/// Adds problems that were found later, and puts all in the order of the text.
pub fn add(reading: &Reading, problems: &mut Vec<Problem>, mut found: Vec<Problem>) {
    if !found.is_empty() {
        reading.locate(&mut found);
        problems.extend(found);
        problems.sort();
    }
}
