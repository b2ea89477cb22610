//! What packages are built with, in an environment of its own: `xtask/dist-requirements.txt`.

use std::path::PathBuf;
use std::process::Command;

use crate::command::{self, succeed};
use crate::{Result, root};

/// The environment.
pub(super) struct Tools {
    bin: PathBuf,
}

impl Tools {
    /// One of the programs in it, which finds the others.
    pub(super) fn program(&self, name: &str) -> Result<Command> {
        let mut path = vec![self.bin.clone()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        let mut command = Command::new(self.bin.join(name));
        command.env("PATH", std::env::join_paths(path)?).current_dir(root());
        Ok(command)
    }
}

/// Makes the environment, unless it has what is listed.
pub(super) fn ready() -> Result<Tools> {
    let folder = command::target().join("dist-tools");
    let listed = root().join("xtask/dist-requirements.txt");
    let wanted = std::fs::read_to_string(&listed)?;
    let stamp = folder.join("requirements.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(Tools { bin: folder.join("bin") });
    }
    succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--requirement"]);
    succeed(pip.arg(&listed))?;
    std::fs::write(stamp, wanted)?;
    Ok(Tools { bin: folder.join("bin") })
}

/// Adds a target to the compiler, where rustup manages it.
pub(super) fn add_target(triple: &str) -> Result<()> {
    let installed = Command::new("rustc").args(["--print", "target-libdir", "--target", triple]).output()?;
    let library = PathBuf::from(String::from_utf8(installed.stdout)?.trim().to_owned());
    if library.is_dir() {
        return Ok(());
    }
    succeed(Command::new("rustup").args(["target", "add", triple]))
}
