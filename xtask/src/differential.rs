//! `cargo xtask differential`: random meshes and random requests, through a real Envoy and through `trace`, as many as one wants.

use crate::Result;
use crate::command::{long_test, succeed};

/// What may be said, and the environment by which the test is told.
const ARGUMENTS: &[(&str, &str)] = &[
    ("--requests", "DIFFERENTIAL_REQUESTS"),
    ("--seed", "DIFFERENTIAL_SEED"),
    ("--release", "DIFFERENTIAL_RELEASE"),
    ("--per-snapshot", "DIFFERENTIAL_PER_SNAPSHOT"),
    ("--shrunk", "DIFFERENTIAL_SHRUNK"),
    ("--workers", "DIFFERENTIAL_WORKERS"),
];

/// Runs the task.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let mut command = long_test("hbone", "differential", args, ARGUMENTS)?;
    succeed(command.args(["--", "--nocapture"]).env("WAYPOINT_XDS_REQUIRE_ENVOY", "1"))
}
