//! `cargo xtask golden`: runs the golden test, which also knows how to write its files.

use std::process::Command;

use crate::command::cargo;
use crate::{Result, root};

/// Runs the task.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let update = match args {
        [] => false,
        [flag] if flag == "--update" => true,
        _ => return Err("golden takes nothing but --update".into()),
    };
    let mut test = cargo();
    test.args(["test", "--quiet", "--package", "waypoint-xds", "--test", "golden"]).current_dir(root());
    if update {
        test.env("UPDATE_GOLDEN", "1");
    }
    let passed = test.status()?.success();
    if update {
        Command::new("git").args(["status", "--short", "testdata"]).current_dir(root()).status()?;
    }
    if passed { Ok(()) } else { Err("golden files differ: `cargo xtask golden --update` writes them".into()) }
}
