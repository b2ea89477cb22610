//! What is found wrong, on both sides.

use serde::Serialize;

use crate::lint::Baseline;
use crate::problem::Problem;

/// What is found wrong: a finding is the same as long as it says the same of the same field.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Findings {
    /// Those that are new.
    pub introduced: Vec<Problem>,
    /// Those that are gone, with their places on the old side.
    pub fixed: Vec<Problem>,
    /// How many are on both sides.
    pub unchanged: usize,
}

pub(super) fn compare(old: &[Problem], new: &[Problem]) -> Findings {
    let introduced = Baseline::of(old).new_ones(new.to_vec());
    Findings {
        fixed: Baseline::of(new).new_ones(old.to_vec()),
        unchanged: new.len() - introduced.len(),
        introduced,
    }
}
