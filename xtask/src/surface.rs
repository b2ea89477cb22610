//! `cargo xtask surface`: all that users of the libraries can name, one line each, so that a review shows
//! what a change adds to it or takes away.
//!
//! rustdoc tells it as JSON, which is not stable yet: it is asked for with the switch that lets a stable
//! compiler do so. That switch goes to rustdoc alone: with it, cargo would compile all dependencies anew. So
//! cargo is told that rustdoc is this program.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use public_api::Builder;

use crate::args::Check;
use crate::command::{FEATURES, cargo, succeed, target};
use crate::{Result, root};

/// The libraries with what users see.
const LIBRARIES: [&str; 3] = ["waypoint-xds", "waypoint-xds-mesh", "waypoint-xds-model"];

/// Where the lists are.
const FOLDER: &str = "api";

/// Set where this program is to be rustdoc.
const AS_RUSTDOC: &str = "XTASK_AS_RUSTDOC";

/// Runs the task.
pub(crate) fn run(&Check { check }: &Check) -> Result<()> {
    document()?;
    let mut stale = Vec::new();
    for library in LIBRARIES {
        let made = surface(library)?;
        let path = root().join(FOLDER).join(format!("{library}.txt"));
        if check {
            if fs::read_to_string(&path).unwrap_or_default() != made {
                stale.push(library);
            }
        } else {
            write(&path, &made)?;
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    let stale = stale.join(", ");
    Err(format!(
        "what users can name has changed in {stale}: run `cargo xtask surface`, and look at the difference"
    )
    .into())
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(root().join(FOLDER))?;
    fs::write(path, text)?;
    println!("{}: {} lines", path.display(), text.lines().count());
    Ok(())
}

/// Has rustdoc tell all of the workspace, with the features of lints and documentation: for one package alone
/// its dependencies would have other features, and be compiled anew.
fn document() -> Result<()> {
    let mut command = cargo();
    command.args(["doc", "--quiet", "--workspace", "--lib", "--no-deps", "--features", FEATURES]);
    command.env("RUSTDOCFLAGS", "-Zunstable-options --output-format=json");
    succeed(command.env("RUSTDOC", std::env::current_exe()?).env(AS_RUSTDOC, "1").current_dir(root()))
}

/// What a library has, a line each, in order. What its types derive, and what holds of all types, is left
/// out.
fn surface(library: &str) -> Result<String> {
    let json = target().join("doc").join(format!("{}.json", library.replace('-', "_")));
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .sorted(true)
        .build()?;
    Ok(format!("{api}"))
}

/// What this program ends with where it is rustdoc.
pub(crate) fn as_rustdoc() -> Option<ExitCode> {
    std::env::var_os(AS_RUSTDOC)?;
    let status =
        Command::new("rustdoc").args(std::env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1").status();
    let is_done = status.is_ok_and(|status| status.success());
    Some(if is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
