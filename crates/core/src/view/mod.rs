//! How things are printed. Nothing here decides anything.

pub mod access;
pub mod config_dump;
pub mod cost;
pub mod cost_picture;
pub mod description;
pub mod diagnostics;
pub mod difference;
mod excerpt;
pub mod explanation;
pub mod fields;
pub mod findings;
pub mod graph;
pub mod json;
pub mod location;
pub mod origins;
pub mod proxy_config;
pub mod statuses;
pub mod summary;
pub mod table;
pub mod tested;
pub mod trace;
pub mod waypoints;
mod words;
mod xml;
pub mod yaml;
pub mod ztunnel;

pub use crate::lists as resource;
