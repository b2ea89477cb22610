//! The packages of Python and JavaScript.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::tools::{self, Tools};
use super::{Target, files, name, printed};
use crate::command::{cargo, succeed};
use crate::{Result, root};

fn python_package() -> PathBuf {
    root().join("crates/py/Cargo.toml")
}

/// The sources of the Python package, with those of the crates that it is made of.
pub(super) fn sources(tools: &Tools, out: &Path) -> Result<()> {
    let mut maturin = tools.program("maturin")?;
    maturin.args(["sdist", "--manifest-path"]).arg(python_package());
    succeed(maturin.arg("--out").arg(out))
}

/// A wheel for each target, for every Linux with a C library of 2014 or later.
pub(super) fn wheels(tools: &Tools, targets: &[Target], out: &Path) -> Result<()> {
    for target in targets {
        let triple = target.gnu();
        tools::add_target(&triple)?;
        let mut maturin = tools.program("maturin")?;
        maturin.args(["build", "--quiet", "--locked", "--profile", "wheel", "--zig"]);
        maturin.args(["--compatibility", "manylinux_2_17", "--target", &triple, "--manifest-path"]);
        succeed(maturin.arg(python_package()).arg("--out").arg(out))?;
    }
    Ok(())
}

/// The npm package, as a tarball.
pub(super) fn npm(out: &Path) -> Result<()> {
    succeed(cargo().args(["xtask", "wasm", "--no-test"]).current_dir(root()))?;
    let package = root().join("crates/wasm/pkg");
    printed(Command::new("npm").args(["pack", "--pack-destination"]).arg(out).current_dir(package))?;
    Ok(())
}

/// The file whose name ends so, if there is one.
pub(super) fn made(out: &Path, end: &str) -> Result<Option<PathBuf>> {
    Ok(files(out)?.into_iter().find(|path| name(path).ends_with(end)))
}
