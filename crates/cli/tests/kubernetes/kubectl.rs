//! Finds a `kubectl`, or unpacks Debian's.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where it is set, there has to be a `kubectl`.
const REQUIRED: &str = "WAYPOINT_XDS_REQUIRE_KUBECTL";
/// Debian's package, and where in it the program is.
const PACKAGE: (&str, &str) = ("kubernetes-client", "root/usr/bin/kubectl");

/// The folder of a `kubectl`: one of `$PATH`, else that of Debian's package, which is unpacked into the
/// workspace's `target`. None where a test may be skipped; standard error tells that it is.
pub(crate) fn kubectl_unless_skipped(test: &str) -> Option<PathBuf> {
    let found = on_path().map_or_else(unpacked, Ok);
    match found {
        Ok(folder) => Some(folder),
        Err(why) if env::var_os(REQUIRED).is_some_and(|value| !value.is_empty()) => {
            panic!("there is no kubectl, and ${REQUIRED} demands one: {why}")
        }
        Err(why) => {
            // Not by `eprintln!`, which a test that passes keeps for itself.
            let _ = writeln!(std::io::stderr(), "SKIPPED {test}: there is no kubectl. {why}");
            None
        }
    }
}

fn on_path() -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).find(|folder| folder.join("kubectl").is_file())
}

/// Needs no root: the package is not installed.
fn unpacked() -> Result<PathBuf, String> {
    let (package, program) = PACKAGE;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(package);
    let program = folder.join(program);
    if !program.is_file() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("root")).map_err(|error| error.to_string())?;
        if run(&folder, &["apt-get", "download", "--quiet", package]).is_err() {
            // The lists may be missing, or name versions that the archive no longer has.
            run(&folder, &["apt-get", "update", "--quiet"])?;
            run(&folder, &["apt-get", "download", "--quiet", package])?;
        }
        run(&folder, &["sh", "-c", "dpkg-deb -x *.deb root"])?;
    }
    program
        .parent()
        .filter(|_| program.is_file())
        .map(Path::to_owned)
        .ok_or_else(|| format!("{package} has none"))
}

fn run(folder: &Path, command: &[&str]) -> Result<(), String> {
    let output = Command::new(command[0]).args(&command[1..]).current_dir(folder).output();
    let output = output.map_err(|error| format!("`{}`: {error}", command.join(" ")))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() { Ok(()) } else { Err(format!("`{}`: {said}", command.join(" "))) }
}
