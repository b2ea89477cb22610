//! `cargo xtask golden`: runs the golden tests, which also know how to write their files, and the one of the
//! rules.

use std::process::Command;

use crate::args::Update;
use crate::command::cargo;
use crate::{Result, root};

/// Runs the task.
pub(crate) fn run(&Update { update }: &Update) -> Result<()> {
    let files = passes(&["--test", "golden"], update)?;
    let lint = passes(&["--test", "lint"], update)?;
    let rules = passes(&["--test", "rules"], update)?;
    if update {
        Command::new("git").args(["status", "--short", "testdata"]).current_dir(root()).status()?;
    }
    match (files && lint, rules) {
        (true, true) => Ok(()),
        (true, false) => Err("a rule that no golden case shows: see above".into()),
        (false, _) => Err("golden files differ: `cargo xtask golden --update` writes them".into()),
    }
}

/// Whether tests pass, which write their files if asked to.
fn passes(tests: &[&str], update: bool) -> Result<bool> {
    let mut test = cargo();
    test.args(["test", "--quiet", "--package", "waypoint-xds"]).args(tests).current_dir(root());
    if update {
        test.env("UPDATE_GOLDEN", "1");
    }
    Ok(test.status()?.success())
}
