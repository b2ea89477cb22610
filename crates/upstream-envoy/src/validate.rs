//! What Envoy thinks of a configuration.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Why a configuration is not one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Envoy says no.
    #[error("{0}")]
    Invalid(String),
    /// Envoy could not be asked.
    #[error("{path}: {source}")]
    NotAsked {
        /// What could not be written or run.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Asks Envoy whether it accepts a configuration, which is written to this file (`….json` or `….yaml`).
///
/// Validation opens no socket. It does not see everything: with ADS or SDS left in, a configuration is valid
/// and never becomes live.
///
/// # Errors
/// [`Refused`]: with Envoy's own words.
pub fn validate(envoy: &Path, configuration: &str, file: &Path) -> Result<(), Refused> {
    let not_asked = |path: &Path| {
        let path = path.to_owned();
        move |source| Refused::NotAsked { path, source }
    };
    fs::write(file, configuration).map_err(not_asked(file))?;
    let mut command = Command::new(envoy);
    command.args(["--mode", "validate", "--log-level", "error", "--config-path"]).arg(file);
    let output = command.output().map_err(not_asked(envoy))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    // "[time][thread][critical][main] [source] error initializing configuration 'file': why"
    let why = words.split_once("error initializing configuration").map_or(&*words, |(_, why)| why);
    let why = why.split_once("': ").map_or(why, |(_, why)| why);
    Err(Refused::Invalid(why.trim().to_owned()))
}
