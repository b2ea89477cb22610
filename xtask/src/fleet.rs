//! `cargo xtask fleet`: the tests of `examples/fleet`, with the Python package's wheel, Spark (which needs
//! Java) and Ray.

use std::process::Command;

use crate::command::{self, succeed};
use crate::{Result, python, root};

/// Runs the task.
pub(crate) fn run() -> Result<()> {
    let example = root().join("examples/fleet");
    let listed = example.join("requirements.txt");
    let environment = command::target().join("fleet");
    let interpreter = environment.join("bin/python");
    let wanted = std::fs::read_to_string(&listed)?;
    let stamp = environment.join("requirements.txt");
    if !std::fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        succeed(python::pip(&interpreter).arg("--requirement").arg(&listed))?;
        std::fs::write(stamp, wanted)?;
    }
    python::install(&interpreter, &python::wheel()?)?;
    succeed(
        Command::new(interpreter).args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]).current_dir(example),
    )
}
