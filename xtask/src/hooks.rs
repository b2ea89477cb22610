//! `cargo xtask hooks`: the hooks of `.pre-commit-hooks.yaml`, run by the real `pre-commit` in a repository
//! that has the configuration of the book's guide.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::command::{self, cargo, succeed};
use crate::{Result, python, root};

/// `pre-commit`, as PyPI has it.
const PRE_COMMIT: &str = "pre-commit==4.7.0";
/// Where the guide has its configuration, and what in it names the project.
const GUIDE: &str = "docs/guides/review.md";
const PUBLISHED: [&str; 2] = ["repo: https://github.com/waypoint-xds/waypoint-xds\n", "rev: v0.1.0\n"];

/// Runs the task.
pub(crate) fn run() -> Result<()> {
    succeed(cargo().args(["build", "--quiet", "--package", "waypoint-xds-cli"]).current_dir(root()))?;
    let folder = command::target().join("hooks");
    let pre_commit = installed(&folder.join("environment"))?;
    let [hooks, project] = ["repository", "project"].map(|name| folder.join(name));
    for made in [&hooks, &project] {
        if made.is_dir() {
            std::fs::remove_dir_all(made)?;
        }
    }
    let revision = published(&hooks)?;
    let project = Project { folder: project, pre_commit, cache: folder.join("cache") };
    project.make(&configuration(&std::fs::read_to_string(root().join(GUIDE))?, &hooks, &revision)?)?;

    succeed(project.pre_commit(&["validate-manifest"]).arg(hooks.join(".pre-commit-hooks.yaml")))?;
    project.expect(&["run", "--all-files"], true, &["waypoint-xds lint", "waypoint-xds test", "Passed"])?;
    project.expect(&["run", "--files", "notes.txt"], true, &["(no files to check)Skipped"])?;
    project.add("deploy/typo.yaml", "readme/typo.yaml")?;
    project.expect(&["run"], false, &["error[unknown-field]", "did you mean `from`?"])?;
    project.expect(&["run", "waypoint-xds-test"], false, &["exit code: 1"])?;
    println!("hooks: a commit with a misspelt field is stopped");
    Ok(())
}

/// Makes the environment of pre-commit, unless it is there; gives the program.
fn installed(environment: &Path) -> Result<PathBuf> {
    let stamp = environment.join("installed.txt");
    if !std::fs::read_to_string(&stamp).is_ok_and(|made| made == PRE_COMMIT) {
        succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment))?;
        succeed(python::pip(&environment.join("bin/python")).arg(PRE_COMMIT))?;
        std::fs::write(stamp, PRE_COMMIT)?;
    }
    Ok(environment.join("bin/pre-commit"))
}

/// A repository that has the hooks as they are here, in one commit; gives that.
fn published(folder: &Path) -> Result<String> {
    std::fs::create_dir_all(folder)?;
    std::fs::copy(root().join(".pre-commit-hooks.yaml"), folder.join(".pre-commit-hooks.yaml"))?;
    git(folder, &["init", "--quiet", "."])?;
    git(folder, &["add", "."])?;
    git(folder, &["commit", "--quiet", "--message", "hooks"])?;
    git(folder, &["rev-parse", "HEAD"])
}

/// The guide's configuration, of hooks that are on this machine; with the hook for tests, too.
fn configuration(guide: &str, hooks: &Path, revision: &str) -> Result<String> {
    let blocks = guide.split("```yaml\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let block = blocks.map(|(block, _)| block).find(|block| block.contains("waypoint-xds-lint"));
    let mut text = block.ok_or_else(|| format!("{GUIDE} has no configuration of pre-commit"))?.to_owned();
    let ours = [format!("repo: {}\n", hooks.display()), format!("rev: {revision}\n")];
    for (theirs, ours) in PUBLISHED.iter().zip(&ours) {
        if !text.contains(theirs) {
            return Err(
                format!("{GUIDE}: the configuration of pre-commit lacks `{}`", theirs.trim_end()).into()
            );
        }
        text = text.replace(theirs, ours);
    }
    Ok(text + "  - id: waypoint-xds-test\n    args: [-f, deploy/]\n")
}

/// A repository of somebody who uses the hooks.
struct Project {
    folder: PathBuf,
    pre_commit: PathBuf,
    cache: PathBuf,
}

impl Project {
    fn make(&self, configuration: &str) -> Result<()> {
        std::fs::create_dir_all(self.folder.join("deploy"))?;
        git(&self.folder, &["init", "--quiet", "."])?;
        std::fs::write(self.folder.join(".pre-commit-config.yaml"), configuration)?;
        std::fs::write(self.folder.join("notes.txt"), "nothing that is read\n")?;
        self.add("deploy/shop.yaml", "trace/shop.yaml")?;
        self.add("deploy/shop.test.yaml", "tests/shop.test.yaml")?;
        git(&self.folder, &["add", "."]).map(|_| ())
    }

    /// Adds a file that is in testdata.
    fn add(&self, file: &str, from: &str) -> Result<()> {
        std::fs::copy(root().join("testdata").join(from), self.folder.join(file))?;
        git(&self.folder, &["add", file]).map(|_| ())
    }

    /// pre-commit, which finds the program that was built: the hooks run what is installed.
    fn pre_commit(&self, arguments: &[&str]) -> Command {
        let mut path = vec![command::program().parent().map(Path::to_owned).unwrap_or_default()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        let mut command = Command::new(&self.pre_commit);
        command.args(arguments).current_dir(&self.folder);
        command.env("PATH", std::env::join_paths(path).unwrap_or_default());
        command.env("PRE_COMMIT_HOME", &self.cache).env("PRE_COMMIT_COLOR", "never");
        command
    }

    /// Runs pre-commit, which has to pass or not, and to say something.
    fn expect(&self, arguments: &[&str], passes: bool, said: &[&str]) -> Result<()> {
        let Output { status, stdout, .. } = self.pre_commit(arguments).output()?;
        let text = String::from_utf8_lossy(&stdout);
        if status.success() == passes && said.iter().all(|said| text.contains(said)) {
            return Ok(());
        }
        let outcome = if passes { "pass" } else { "fail" };
        Err(format!("pre-commit {} should {outcome} and say {said:?}:\n{text}", arguments.join(" ")).into())
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String> {
    let identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(identity).args(arguments).current_dir(folder).output()?;
    if !output.status.success() {
        return Err(
            format!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)).into()
        );
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_guide_has_a_configuration() {
        let guide = std::fs::read_to_string(root().join(GUIDE)).unwrap();
        let text = configuration(&guide, Path::new("/hooks"), "abc").unwrap();
        assert!(text.contains("- repo: /hooks\n  rev: abc\n") && !text.contains("github.com"), "{text}");
        assert!(configuration("# Review\n", Path::new("/hooks"), "abc").is_err());
    }
}
