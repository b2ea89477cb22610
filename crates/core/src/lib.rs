//! What Istio's control plane would send each ambient waypoint, as a pure function of a snapshot.
#![forbid(unsafe_code)]

pub mod admission;
pub mod assume;
pub mod bootstrap;
#[cfg(all(feature = "envoy-types", not(target_family = "wasm")))]
pub mod convert;
pub mod cost;
mod dataplane_mode;
pub mod describe;
pub mod detect;
pub mod dialect;
pub mod diff;
pub mod expect;
pub mod features;
mod grpc_status;
mod hash;
mod json;
pub mod kind;
pub mod limits;
pub mod lint;
pub mod lists;
pub mod live;
pub mod manifests;
pub mod mesh;
pub mod names;
mod nearest;
pub mod opened;
pub mod options;
mod plan;
pub mod problem;
mod re2;
pub use rules::release;
pub mod resources;
pub mod rules;
mod schema;
pub mod session;
pub mod snapshot;
pub mod static_config;
pub mod status;
pub mod text;
pub mod trace;
pub mod translation;
mod validation;
pub mod view;
mod well_known;
pub mod ztunnel;

pub use session::Session;
pub use translation::{Translation, translate};

/// An immutable string that is cheap to clone: short ones are stored inline, long ones are shared.
pub type Str = smol_str::SmolStr;

/// The examples of the documentation, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/rust.md")]
struct Documentation;
