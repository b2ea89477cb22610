//! `cargo xtask diffs`: what `diff` says of random pairs of meshes, held against the traces of as many
//! requests as one wants, and policies against a plain enumeration.

use crate::Result;
use crate::command::{long_test, succeed};

/// What may be said, and the environment by which the laws are told.
const ARGUMENTS: &[(&str, &str)] = &[
    ("--requests", "DIFFS_REQUESTS"),
    ("--per-pair", "DIFFS_PER_PAIR"),
    ("--policies", "DIFFS_POLICIES"),
    ("--seed", "DIFFS_SEED"),
];

/// Runs the task.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let mut command = long_test("waypoint-xds", "laws", args, ARGUMENTS)?;
    succeed(command.args(["--", "--nocapture", "diffs::requests_differ", "enumerated::"]))
}
