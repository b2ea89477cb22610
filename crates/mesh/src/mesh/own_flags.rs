//! The feature flags of a snapshot's control plane.

use crate::Str;
use crate::features::Features;
use crate::limits::Limits;
use crate::options::Options;
use crate::problem::{Code, Problem};
use crate::snapshot::{ControlPlane, Reading};
use crate::text::{SourceFile, documents};

/// The options with the feature flags of the snapshot's control plane below those that are given, and a note of which they are.
pub(super) fn with_own_flags(reading: &Reading, mut options: Options) -> (Options, Option<Problem>) {
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
