//! The reference: snapshots with what Istio's own control planes made of them. It is too large for the
//! repository, and lies in a folder `shared` beside it, or beside the folder of its worktrees.
//!
//! Where it is not, tests and tasks that compare with it have nothing to compare. Each says so, and passes;
//! with `$WAYPOINT_XDS_REQUIRE_REFERENCE`, as in `cargo xtask ci`, it fails.
#![forbid(unsafe_code)]

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Where it is set to anything but nothing, the reference has to be there.
pub const REQUIRED: &str = "WAYPOINT_XDS_REQUIRE_REFERENCE";

/// The folders that may hold it, from the repository's.
const BESIDE: [&str; 2] = ["../shared", "../../shared"];

/// The reference is not there, and has to be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{who}: there is no `shared/{folder}` beside the repository, and ${REQUIRED} demands it: put it there, \
     or run `cargo xtask ci --without-reference`"
)]
pub struct Missing {
    who: String,
    folder: String,
}

/// A folder of the reference (`reference/cases`, `pits`), or nothing where what is asked for may be skipped;
/// standard error tells that `who` is.
///
/// # Errors
/// If it is not there, and the environment says that it has to be.
pub fn unless_skipped(folder: &str, who: &str) -> Result<Option<PathBuf>, Missing> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let found = find(&repository, folder, who, env::var_os(REQUIRED).as_deref())?;
    if found.is_none() {
        // Not by `eprintln!`, which a test that passes keeps for itself.
        let _ = writeln!(io::stderr(), "SKIPPED {who}: there is no `shared/{folder}` beside the repository");
    }
    Ok(found)
}

fn find(
    repository: &Path,
    folder: &str,
    who: &str,
    required: Option<&OsStr>,
) -> Result<Option<PathBuf>, Missing> {
    let found =
        BESIDE.iter().map(|beside| repository.join(beside).join(folder)).find(|folder| folder.is_dir());
    match found {
        None if required.is_some_and(|value| !value.is_empty()) => {
            Err(Missing { who: who.to_owned(), folder: folder.to_owned() })
        }
        found => Ok(found),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    /// A repository in a folder of the test's, with the reference beside it or without.
    fn repository(name: &str, reference: Option<&str>) -> PathBuf {
        let folder = env::temp_dir().join(format!("reference-files-{}-{name}", std::process::id()));
        let repository = folder.join("worktrees/one");
        std::fs::create_dir_all(&repository).unwrap();
        if let Some(reference) = reference {
            std::fs::create_dir_all(folder.join(reference)).unwrap();
        }
        repository
    }

    #[test]
    fn absence_passes_unless_it_is_forbidden() {
        let repository = repository("absent", None);
        assert_eq!(find(&repository, "pits", "a test", None), Ok(None));
        assert_eq!(find(&repository, "pits", "a test", Some(OsStr::new(""))), Ok(None));
        let refused = find(&repository, "pits", "a test", Some(OsStr::new("1"))).unwrap_err().to_string();
        assert!(refused.starts_with("a test: there is no `shared/pits`"), "{refused}");
    }

    #[test]
    fn it_is_found_beside_the_repository_or_beside_its_worktrees() {
        for (name, reference) in [("beside", "worktrees/shared/pits"), ("worktree", "shared/pits")] {
            let repository = repository(name, Some(reference));
            assert!(find(&repository, "pits", "a test", Some(OsStr::new("1"))).unwrap().is_some(), "{name}");
        }
    }
}
