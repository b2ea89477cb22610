#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub mod address;
pub mod cover;
pub mod diagram;
mod hash;
mod limits;
pub mod text;

pub use cover::{Cover, Cube};
pub use diagram::{Condition, Decision, Diagrams};
pub use limits::{Limits, TooMuch};

/// Classes of an attribute's values, by their positions.
pub type ClassSet = fixedbitset::FixedBitSet;
