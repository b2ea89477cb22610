//! `cargo xtask python`: builds the Python package's wheel, installs it in a clean environment, and checks
//! it.
//!
//! | environment (`target/python`) | has |
//! |---|---|
//! | `tools` | what `crates/py/requirements.txt` lists, and the wheel: builds, type checks and tests |
//! | `clean` | the wheel and nothing else, as a user has it who installs nothing but the package |

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::succeed;
use crate::{Result, root};

/// Where the package's sources are.
fn package() -> PathBuf {
    root().join("crates/py")
}

fn folder() -> PathBuf {
    root().join("target/python")
}

/// An environment's Python.
pub(crate) fn interpreter(environment: &str) -> PathBuf {
    folder().join(environment).join("bin/python")
}

/// Runs the task.
pub(crate) fn run() -> Result<()> {
    let wheel = build()?;
    println!("{}: {} bytes", name(&wheel), std::fs::metadata(&wheel)?.len());
    try_alone(&wheel)?;
    let tools = interpreter("tools");
    let python = |arguments: &[&str]| {
        let mut command = Command::new(&tools);
        command.args(arguments).current_dir(package());
        command
    };
    succeed(&mut python(&["-m", "mypy", "--package", "waypoint_xds"]))?;
    succeed(&mut python(&["-m", "mypy", "tests"]))?;
    succeed(&mut python(&[
        "-m",
        "mypy.stubtest",
        "waypoint_xds._waypoint_xds",
        "--mypy-config-file",
        "pyproject.toml",
    ]))?;
    succeed(&mut python(&["-m", "pytest"]))
}

/// Builds the wheel and installs it beside the tools; gives the Python that has both.
#[cfg(feature = "parity")]
pub(crate) fn installed() -> Result<PathBuf> {
    build()?;
    Ok(interpreter("tools"))
}

/// The wheel: the one that `cargo xtask python` has built, else a new one.
pub(crate) fn wheel() -> Result<PathBuf> {
    let wheels = folder().join("wheels");
    let mut built =
        std::fs::read_dir(wheels).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    match built.next() {
        Some(wheel) => Ok(wheel),
        None => build(),
    }
}

/// Builds the wheel, and installs it beside the tools.
fn build() -> Result<PathBuf> {
    make_tools()?;
    let wheels = folder().join("wheels");
    if wheels.is_dir() {
        std::fs::remove_dir_all(&wheels)?;
    }
    let mut maturin = Command::new(interpreter("tools"));
    maturin.args(["-m", "maturin", "build", "--quiet", "--locked", "--profile", "wheel", "--out"]);
    succeed(maturin.arg(&wheels).current_dir(package()))?;
    let built: Vec<PathBuf> =
        std::fs::read_dir(&wheels)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    let [wheel] = built.as_slice() else {
        return Err(format!("expected one wheel in {}, found {}", wheels.display(), built.len()).into());
    };
    install(&interpreter("tools"), wheel)?;
    Ok(wheel.clone())
}

/// Makes the environment of the tools, unless it has those that are listed.
fn make_tools() -> Result<()> {
    let listed = package().join("requirements.txt");
    let wanted = std::fs::read_to_string(&listed)?;
    let stamp = folder().join("tools/requirements.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(());
    }
    make_environment("tools")?;
    let mut pip = pip(&interpreter("tools"));
    succeed(pip.arg("--requirement").arg(&listed))?;
    Ok(std::fs::write(stamp, wanted)?)
}

/// Makes an empty environment.
fn make_environment(name: &str) -> Result<()> {
    std::fs::create_dir_all(folder())?;
    succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder().join(name)))
}

/// pip of an environment, about to install something.
pub(crate) fn pip(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "install"]);
    command
}

/// Installs a wheel, and nothing that it might need: it needs nothing.
pub(crate) fn install(python: &Path, wheel: &Path) -> Result<()> {
    succeed(pip(python).args(["--no-index", "--force-reinstall"]).arg(wheel))
}

/// The package's own example in an environment that has nothing else.
fn try_alone(wheel: &Path) -> Result<()> {
    const EXAMPLE: &str = "import doctest, sys, waypoint_xds
failed, attempted = doctest.testmod(waypoint_xds)
sys.exit(failed > 0 or attempted == 0)";
    make_environment("clean")?;
    install(&interpreter("clean"), wheel)?;
    succeed(Command::new(interpreter("clean")).args(["-c", EXAMPLE]))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
