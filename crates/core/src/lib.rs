//! What Istio's control plane would send each ambient waypoint, as a pure function of a snapshot.
#![forbid(unsafe_code)]

pub mod bootstrap;
#[cfg(all(feature = "envoy-types", not(target_family = "wasm")))]
pub mod convert;
pub mod cost;
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

pub use session::Session;
pub use translation::{Translation, translate};
pub use waypoint_xds_mesh::{admission, assume, detect, features, mesh, options, rules};
use waypoint_xds_mesh::{grpc_status, plan};
pub use waypoint_xds_model::Str;
use waypoint_xds_model::{hash, nearest, re2, well_known};
pub use waypoint_xds_model::{kind, limits, names, problem, release, snapshot, text};

/// The examples of the documentation, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/rust.md")]
struct Documentation;
