//! waypoint-xds
#![forbid(unsafe_code)]
pub mod problem;
pub mod text;
pub mod snapshot;

/// An immutable string that is cheap to clone: short ones are stored inline, long ones are shared.
pub type Str = smol_str::SmolStr;
