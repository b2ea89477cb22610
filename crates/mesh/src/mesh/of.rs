//! From a snapshot to its mesh: the steps before this one, in their order, and everything that they find.

use super::Mesh;
use crate::options::Options;
use crate::problem::Problem;
use crate::snapshot::Reading;
use crate::{admission, assume, detect};

impl Mesh {
    /// What the release makes of a snapshot before any Envoy resource is generated, and everything found
    /// wrong on the way, in the order of the text.
    #[must_use]
    pub fn of(reading: &Reading, options: &Options) -> (Self, Vec<Problem>) {
        match assume::complete(reading, options) {
            Some(completed) => Self::of_complete(&completed, options),
            None => Self::of_complete(reading, options),
        }
    }

    /// The same of what is complete: nothing is assumed.
    #[must_use]
    pub fn of_complete(reading: &Reading, options: &Options) -> (Self, Vec<Problem>) {
        let (options, notes) = detect::settle(reading, options);
        let mut admitted = admission::admit(reading.snapshot.clone(), &options);
        let mut problems = std::mem::take(&mut admitted.problems);
        problems.extend(admission::unreadable(reading, &options));
        problems.extend(admission::controllers(&reading.passed_over, &options));
        let mesh = Mesh::new(admitted, options);
        problems.extend(notes);
        problems.extend(mesh.problems.iter().cloned());
        reading.locate(&mut problems);
        problems.extend(reading.problems.iter().cloned());
        problems.extend(reading.stray_fields(mesh.options.release, mesh.options.validation));
        problems.sort();
        problems.dedup();
        (mesh, problems)
    }
}
