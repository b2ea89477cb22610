//! `cargo xtask differential`: random meshes and random requests, through a real Envoy and through `trace`,
//! as many as one wants; or, with `--examples`, so many examples of what `diff` tells of random changes,
//! through an Envoy of each side.

use crate::Result;
use crate::args::Differential;
use crate::command::{long_test, succeed, tell};

/// Runs the task.
pub(crate) fn run(args: &Differential) -> Result<()> {
    let test = if args.examples.is_some() {
        "envoys_confirm_examples_of_diff"
    } else {
        "envoy_does_what_trace_says"
    };
    let mut command = long_test("hbone", "differential");
    let numbers = [
        ("DIFFERENTIAL_REQUESTS", args.requests),
        ("DIFFERENTIAL_SEED", args.seed),
        ("DIFFERENTIAL_PER_SNAPSHOT", args.per_snapshot),
        ("DIFFERENTIAL_SHRUNK", args.shrunk),
        ("DIFFERENTIAL_WORKERS", args.workers),
        ("DIFFERENTIAL_EXAMPLES", args.examples),
    ];
    tell(&mut command, &numbers);
    if let Some(release) = &args.release {
        command.env("DIFFERENTIAL_RELEASE", release);
    }
    succeed(command.args(["--", "--nocapture", test]).env("WAYPOINT_XDS_REQUIRE_ENVOY", "1"))
}
