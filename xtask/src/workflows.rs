//! `cargo xtask workflows`: the workflows through actionlint, and every script that is not in one through
//! shellcheck.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use waypoint_xds::limits::Limits;
use waypoint_xds::text::{Node, SourceFile, documents};

use crate::command::{self, succeed};
use crate::{Result, root};

/// actionlint, as its Go module.
const ACTIONLINT: &str = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";
/// Scripts in files of their own.
const SCRIPTS: [&str; 2] = [".ci/run", "crates/wasm/debian-toolchain.sh"];

/// Runs the task.
pub(crate) fn run() -> Result<()> {
    succeed(Command::new(actionlint()?).current_dir(root()))?;
    if Command::new("shellcheck").arg("--version").output().is_err() {
        println!("workflows: scripts are not checked, there is no shellcheck");
        return Ok(());
    }
    succeed(Command::new("shellcheck").args(SCRIPTS).current_dir(root()))?;
    let action = std::fs::read_to_string(root().join("action.yml"))?;
    for (step, script) in scripts(&action)? {
        let mut shellcheck = Command::new("shellcheck");
        let mut child = shellcheck.args(["--shell", "bash", "-"]).stdin(Stdio::piped()).spawn()?;
        child.stdin.take().ok_or("shellcheck reads nothing")?.write_all(script.as_bytes())?;
        if !child.wait()?.success() {
            return Err(format!("action.yml: the script of step {step}").into());
        }
    }
    Ok(())
}

/// The program: that on the path, else one that Go installs.
fn actionlint() -> Result<PathBuf> {
    if Command::new("actionlint").arg("-version").output().is_ok() {
        return Ok("actionlint".into());
    }
    let folder = command::target().join("actionlint");
    let program = folder.join("actionlint");
    if !program.is_file() {
        std::fs::create_dir_all(&folder)?;
        succeed(Command::new("go").args(["install", ACTIONLINT]).env("GOBIN", folder.canonicalize()?))?;
    }
    Ok(program)
}

/// The scripts of an action, by the names of their steps.
fn scripts(action: &str) -> Result<Vec<(String, String)>> {
    let file = SourceFile::new("action.yml", action);
    let document = documents(&file, &Limits::DEFAULT).next().ok_or("action.yml is empty")?;
    let document = document.map_err(|problem| format!("action.yml: {}", problem.message))?;
    let steps = document.root().find("runs.steps").ok_or("action.yml has no steps")?;
    let text = |step: Node<'_>, key: &str| step.get(key).and_then(Node::as_str).map(str::to_owned);
    Ok(steps.items().filter_map(|step| Some((text(step, "name")?, text(step, "run")?))).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_of_the_action_are_found() {
        let action = std::fs::read_to_string(root().join("action.yml")).unwrap();
        let names: Vec<String> = scripts(&action).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Install", "Lint", "Diff", "Comment", "Fail where lint does"]);
    }
}
