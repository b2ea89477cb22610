//! From a snapshot to its mesh: the steps before this one, in their order, and everything that they find.

use super::Mesh;
use super::own_flags::with_own_flags;
use crate::options::Options;
use crate::problem::{Code, Problem};
use crate::snapshot::Reading;
use crate::{admission, assume, detect};

impl Mesh {
    /// What the release makes of a snapshot before any Envoy resource is generated, and everything found wrong on the
    /// way, in the order of the text.
    #[must_use]
    pub fn of(reading: &Reading, options: &Options) -> (Self, Vec<Problem>) {
        match assume::complete(reading, options.assume) {
            Some(completed) => Self::of_complete(&completed, options),
            None => Self::of_complete(reading, options),
        }
    }

    /// The same of what is complete: nothing is assumed.
    #[must_use]
    pub fn of_complete(reading: &Reading, options: &Options) -> (Self, Vec<Problem>) {
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
