//! The feature flags of a snapshot's control plane.

use crate::features::Features;
use crate::options::Options;
use crate::problem::{Code, Problem};
use crate::snapshot::{ControlPlane, Reading};

/// The options with the feature flags of the snapshot's control plane below those that are given, and a note
/// of which they are.
pub(super) fn with_own(reading: &Reading, mut options: Options) -> (Options, Option<Problem>) {
    let known = |plane: &ControlPlane| Features::known(&plane.environment);
    let Some((other, plane)) = reading.control_plane(|plane| !known(plane).is_empty()) else {
        return (options, None);
    };
    let flags = known(plane);
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
    (options, Some(note.on(other.object.clone())))
}
