//! What a snapshot tells of its control plane: which release of Istio it is, and with which feature flags it
//! runs.

mod flags;
mod release;

pub(crate) use release::proxy_image;
pub use release::{Detected, release};

use crate::options::Options;
use crate::problem::Problem;
use crate::snapshot::Reading;

/// The options with what the snapshot itself says: its release, where that is asked for, and the flags of its
/// control plane below those that are given; with a note of each.
pub(crate) fn settle(reading: &Reading, options: &Options) -> (Options, Vec<Problem>) {
    let (options, release) = release::with_detected(reading, options.clone());
    let (options, flags) = flags::with_own(reading, options);
    (options, release.into_iter().chain(flags).collect())
}
