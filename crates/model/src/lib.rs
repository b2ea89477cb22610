#![doc = include_str!("../README.md")]
//!
//! # Inside
//!
//! The modules of this crate are the first steps (`text`, `snapshot`) of the library's ARCHITECTURE.md, and
//! what all steps share.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub mod hash;
pub mod kind;
pub mod limits;
pub mod names;
pub mod nearest;
pub mod problem;
pub mod re2;
pub mod release;
pub mod schema;
pub mod snapshot;
pub mod strings;
pub mod text;
pub mod validation;
pub mod version;
pub mod well_known;

/// An immutable string that is cheap to clone: short ones are stored inline, long ones are shared.
pub type Str = smol_str::SmolStr;
