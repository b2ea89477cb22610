//! What the npm package `waypoint-xds` is made of: the core's functions as WebAssembly exports.
//!
//! Nothing is decided here. Two things own memory, [`Snapshot`] and [`Translation`]; whatever else JavaScript
//! asks for goes out as a string, JSON mostly, or as bytes. The package's TypeScript (`npm/src`) gives that
//! its classes and types.
#![deny(unsafe_code)]

mod error;
#[cfg(target_family = "wasm")]
mod memory;
mod problem;
mod snapshot;
mod translation;

pub use error::Error;
pub use problem::explain;
pub use snapshot::{Snapshot, group_of};
pub use translation::{Translation, cost, cost_svg, releases, translate};
