//! `cargo xtask diffs`: what `diff` says of random pairs of meshes, held against the traces of as many requests as one wants, and
//! policies against a plain enumeration.

use crate::command::{cargo, succeed, tell};
use crate::{Result, root};

/// What may be said, and the environment by which the laws are told.
const ARGUMENTS: &[(&str, &str)] = &[
    ("--requests", "DIFFS_REQUESTS"),
    ("--per-pair", "DIFFS_PER_PAIR"),
    ("--policies", "DIFFS_POLICIES"),
    ("--seed", "DIFFS_SEED"),
];

/// Runs the task.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--release", "--package", "waypoint-xds", "--test", "laws"]).current_dir(root());
    tell(&mut command, args, ARGUMENTS)?;
    succeed(command.args(["--", "--nocapture", "diffs::requests_differ", "enumerated::"]))
}
