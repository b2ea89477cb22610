//! `cargo xtask commands`: the page of the command line in the book, from what the program says of itself.

use crate::args::Check;
use crate::command::cargo;
use crate::{Result, root};

/// Runs the task.
pub(crate) fn run(&Check { check }: &Check) -> Result<()> {
    let page = root().join("docs/reference/command-line.md");
    let arguments = ["run", "--quiet", "--package", "waypoint-xds-cli", "--", "reference"];
    let told = cargo().args(arguments).current_dir(root()).output()?;
    if !told.status.success() {
        return Err(String::from_utf8_lossy(&told.stderr).into_owned().into());
    }
    if !check {
        return Ok(std::fs::write(page, told.stdout)?);
    }
    if std::fs::read(&page)? != told.stdout {
        return Err("docs/reference/command-line.md is stale: cargo xtask commands".into());
    }
    println!("the page of the command line is as it should be");
    Ok(())
}
