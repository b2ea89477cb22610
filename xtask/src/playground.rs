//! `cargo xtask playground`: builds the playground and tests it in a browser.

use std::path::Path;
use std::process::Command;

use crate::args::Playground;
use crate::command::{cargo, succeed};
use crate::{Result, root};

/// Where Debian's Chromium is; the environment's `CHROMIUM` may name another.
const CHROMIUM: &str = "/usr/bin/chromium";

/// Runs the task.
pub(crate) fn run(args: &Playground) -> Result<()> {
    let playground = root().canonicalize()?.join("crates").join("wasm").join("playground");
    if !args.no_wasm {
        succeed(cargo().args(["xtask", "wasm", "--no-test"]).current_dir(&playground))?;
    }
    let npm = |args: &[&str]| succeed(Command::new("npm").args(args).current_dir(&playground));
    npm(&["ci", "--no-audit", "--no-fund"])?;
    for script in ["check", "build"] {
        npm(&["run", "--silent", script])?;
    }
    if !args.no_test {
        install_chromium()?;
        npm(&["run", "--silent", "test"])?;
    }
    Ok(())
}

/// Installs Debian's Chromium where there is none, with fonts to draw text with.
fn install_chromium() -> Result<()> {
    if std::env::var_os("CHROMIUM").is_some() || Path::new(CHROMIUM).exists() {
        return Ok(());
    }
    println!("there is no {CHROMIUM}: installing Debian's");
    let packages = ["chromium", "fonts-dejavu", "fonts-liberation"];
    let apt =
        |args: &[&str]| succeed(Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"));
    apt(&["update", "-qq"])
        .and_then(|()| apt(&[&["install", "-y", "-qq", "--no-install-recommends"], &packages[..]].concat()))
        .map_err(|error| {
            format!("{error}: set CHROMIUM to the path of a Chromium, or leave the tests out with --no-test")
                .into()
        })
}
