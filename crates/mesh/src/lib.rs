#![doc = include_str!("../README.md")]
//!
//! # Inside
//!
//! The modules of this crate are the steps from `rules` to `plan` of the library's ARCHITECTURE.md.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub mod admission;
pub mod assume;
pub mod controllers;
pub mod detect;
pub mod features;
pub mod grpc_status;
pub mod mesh;
pub mod options;
pub mod plan;
pub mod pool_service;
pub mod rules;

pub use waypoint_xds_model::Str;
use waypoint_xds_model::{hash, nearest, re2, schema, strings, validation, well_known};
pub use waypoint_xds_model::{kind, limits, names, problem, release, snapshot, text, version};
