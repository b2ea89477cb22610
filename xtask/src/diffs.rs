//! `cargo xtask diffs`: what `diff` says of random pairs of meshes, held against the traces of as many
//! requests as one wants, and policies against a plain enumeration.

use crate::Result;
use crate::args::Diffs;
use crate::command::{long_test, succeed, tell};

/// Runs the task.
pub(crate) fn run(args: &Diffs) -> Result<()> {
    let mut command = long_test("waypoint-xds", "laws");
    let numbers = [
        ("DIFFS_REQUESTS", args.requests),
        ("DIFFS_PER_PAIR", args.per_pair),
        ("DIFFS_POLICIES", args.policies),
        ("DIFFS_SEED", args.seed),
    ];
    tell(&mut command, &numbers);
    succeed(command.args(["--", "--nocapture", "diffs::requests_differ", "enumerated::"]))
}
