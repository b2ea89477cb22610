//! What a release of Istio makes of a snapshot, up to the plan of each waypoint, without any message of
//! Envoy's.
//!
//! A part of waypoint-xds, which shows its users what is for them. The modules of this crate are
//! ARCHITECTURE.md's steps from `rules` to `plan`.
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
pub use waypoint_xds_model::{kind, limits, names, problem, release, snapshot, text};
