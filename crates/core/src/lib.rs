#![doc = include_str!("../README.md")]
//!
//! # Where to go on
//!
//! | | |
//! |---|---|
//! | [`Session`] | everything that can be asked of what was read |
//! | [`options`] | the release, the mesh configuration, feature flags: typed, and as plain data ([`options::Settings`]) |
//! | [`text`], [`snapshot`] | YAML and JSON as `kubectl apply` reads them; objects |
//! | [`Translation`], [`resources`] | what each waypoint gets, with its origins |
//! | [`trace`], [`diff`](mod@diff), [`lint`](mod@lint), [`expect`] | requests, changes, findings, tests |
//! | [`view`] | tables, JSON, texts, pictures |
//! | [`problem`] | what can be wrong, by code |
//! | [`limits`] | how large an input may be |
//! | [`envoy`] | the messages |
//!
//! What is not shown here may be there all the same, since the parts of this project share it, and change in
//! any version.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub mod bootstrap;
#[cfg(all(feature = "envoy-types", not(target_family = "wasm")))]
pub mod convert;
pub mod cost;
mod dataplane_mode;
pub mod describe;
pub mod dialect;
pub mod diff;
pub mod expect;
mod json;
pub mod lint;
pub mod lists;
pub mod live;
pub mod manifests;
pub mod opened;
pub mod resources;
pub mod session;
pub mod static_config;
pub mod status;
pub mod trace;
pub mod translation;
pub mod view;
pub mod ztunnel;

/// Envoy's messages: the crate `waypoint-xds-envoy`.
pub use envoy;
pub use session::Session;
pub use translation::{Translation, translate};
#[doc(hidden)]
pub use waypoint_xds_mesh::{admission, assume};
use waypoint_xds_mesh::{controllers, grpc_status, plan, pool_service};
pub use waypoint_xds_mesh::{detect, features, options};
pub use waypoint_xds_model::Str;
use waypoint_xds_model::{hash, nearest, re2, strings, well_known};
pub use waypoint_xds_model::{kind, limits, names, problem, release, snapshot, text, version};

/// The mesh: an index of a snapshot as one release of Istio understands it, which a [`Session`] holds.
pub mod mesh {
    pub use waypoint_xds_mesh::mesh::{DataPlane, Mesh, Waypoint, WaypointName};

    // What the steps look up in.
    #[doc(hidden)]
    pub use waypoint_xds_mesh::mesh::*;
}

/// What tells the releases of Istio apart: a [`Rules`](rules::Rules) value each, which some functions take.
pub mod rules {
    pub use waypoint_xds_mesh::rules::Rules;

    // Its parts, which the steps read.
    #[doc(hidden)]
    pub use waypoint_xds_mesh::rules::*;
}
