//! `cargo xtask differential`: random meshes and random requests, through a real Envoy and through `trace`,
//! as many as one wants; or, with `--examples`, so many examples of what `diff` tells of random changes,
//! through an Envoy of each side.

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
    ("--examples", "DIFFERENTIAL_EXAMPLES"),
];

/// Runs the task.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let mut command = long_test("hbone", "differential", args, ARGUMENTS)?;
    let of_diff = args.iter().any(|arg| arg == "--examples");
    let test = if of_diff { "envoys_confirm_examples_of_diff" } else { "envoy_does_what_trace_says" };
    succeed(command.args(["--", "--nocapture", test]).env("WAYPOINT_XDS_REQUIRE_ENVOY", "1"))
}
