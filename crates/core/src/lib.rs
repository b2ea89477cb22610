//! What Istio's control plane would send each ambient waypoint, as a pure function of a snapshot.
#![forbid(unsafe_code)]

pub mod admission;
pub mod assume;
pub mod bootstrap;
#[cfg(all(feature = "envoy-types", not(target_family = "wasm")))]
pub mod convert;
pub mod cost;
pub mod describe;
pub mod detect;
pub mod dialect;
pub mod diff;
pub mod expect;
pub mod features;
mod grpc_status;
mod json;
pub mod lint;
pub mod lists;
pub mod live;
pub mod manifests;
pub mod mesh;
pub mod opened;
pub mod options;
mod plan;
pub mod resources;
pub mod rules;
pub mod session;
pub mod static_config;
pub mod status;
pub mod trace;
pub mod translation;
pub mod view;
pub mod ztunnel;

pub use model::Str;
use model::{hash, nearest, re2, schema, validation, well_known};
pub use model::{kind, limits, names, problem, release, snapshot, text};
pub use session::Session;
pub use translation::{Translation, translate};

/// The examples of the documentation, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/rust.md")]
struct Documentation;
