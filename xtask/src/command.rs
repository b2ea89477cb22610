//! Other programs: what every task does with them.

use std::path::PathBuf;
use std::process::Command;

use crate::{Result, root};

/// Features of the workspace that are off by default, and that all checks look at.
pub(crate) const FEATURES: &str = "waypoint-xds/envoy-types,waypoint-xds/serde_yaml";

/// The cargo that runs this program.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a command that has to succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("failed: {command:?}").into()) }
}

/// A test that runs for long, optimized.
pub(crate) fn long_test(package: &str, test: &str) -> Command {
    let mut command = cargo();
    command.args(["test", "--release", "--package", package, "--test", test]).current_dir(root());
    // It saves minutes of building, and costs seconds.
    command.env("CARGO_PROFILE_RELEASE_LTO", "off");
    command
}

/// Tells a test, by its environment, the numbers that were given.
pub(crate) fn tell(command: &mut Command, numbers: &[(&str, Option<u64>)]) {
    for (variable, number) in numbers {
        if let Some(number) = number {
            command.env(variable, number.to_string());
        }
    }
}

/// The machine that compiles, as rustc calls it.
pub(crate) fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let told = String::from_utf8(output.stdout)?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc does not tell its host")?.to_owned())
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The command line that `cargo build` made.
#[cfg(feature = "parity")]
pub(crate) fn program() -> PathBuf {
    target().join("debug/waypoint-xds")
}
