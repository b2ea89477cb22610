//! A small API server on this machine, and the real `kubectl` that speaks to it.

mod kubectl;
mod objects;
mod server;

pub(crate) use kubectl::kubectl_unless_skipped;
pub(crate) use objects::{Objects, shop};
pub(crate) use server::Server;
