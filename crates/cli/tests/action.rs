//! The scripts of the GitHub Action (`action.yml`) do what they say, as a runner would run them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The script of a step.
fn script(step: &str) -> String {
    let action = std::fs::read_to_string(root().join("action.yml")).unwrap();
    let (_, rest) = action.split_once(&format!("\n  - name: {step}\n")).expect("there is such a step");
    let (_, script) = rest.split_once("\n    run: |\n").expect("it has a script");
    let lines = script.lines().take_while(|line| line.is_empty() || line.starts_with("      "));
    lines.map(|line| line.trim_start_matches("      ").to_owned() + "\n").collect()
}

/// A runner: its folder for temporary files, what steps give, and the program on the path.
struct Runner(PathBuf);

impl Runner {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("action").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn run(&self, step: &str, directory: &Path, environment: &[(&str, &str)]) -> Output {
        let file = self.0.join("script.sh");
        std::fs::write(&file, script(step)).unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_waypoint-xds")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(file)
            .current_dir(directory)
            .env("PATH", path)
            .env("RUNNER_TEMP", &self.0)
            .env("GITHUB_OUTPUT", self.0.join("output"))
            .env("GITHUB_STEP_SUMMARY", self.0.join("summary"))
            .envs(environment.iter().copied())
            .output()
            .expect("bash is there")
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }
}

fn git(directory: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"];
    let output = Command::new("git")
        .args(identity)
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("git is there");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn lint(name: &str, input: &str, fail_on: &str) -> (Runner, Output) {
    let runner = Runner::new(name);
    let environment = [("INPUT", input), ("RELEASE", "auto"), ("FAIL_ON", fail_on)];
    let output = runner.run("Lint", &root(), &environment);
    (runner, output)
}

#[test]
fn findings_become_annotations_and_sarif() {
    let (runner, output) = lint("typo", "testdata/readme/typo.yaml", "error");
    assert_eq!(output.status.code(), Some(0), "a later step fails, so that findings are uploaded");
    assert!(runner.text("output").contains("code=1\n"));
    assert!(runner.text("waypoint-xds.sarif").contains("\"unknown-field\""));
    let annotations = String::from_utf8(output.stdout).unwrap();
    assert!(annotations.contains("::error file=testdata/readme/typo.yaml,line=10,"), "{annotations}");
}

#[test]
fn what_is_clean_passes_unless_more_is_asked_for() {
    let (runner, _) = lint("clean", "testdata/readme/before", "error");
    assert!(runner.text("output").contains("code=0\n"));
    let (runner, _) = lint("notes", "testdata/readme/before", "note");
    assert!(runner.text("output").contains("code=1\n"));
}

#[test]
fn what_cannot_be_looked_at_fails() {
    let (_, output) = lint("nothing", "testdata/nothing", "error");
    assert_eq!(output.status.code(), Some(2));
}

/// A repository with what was before and what is after, and its first commit.
fn repository(runner: &Runner) -> (PathBuf, String) {
    let repository = runner.0.join("repository");
    std::fs::create_dir_all(repository.join("deploy")).unwrap();
    git(&repository, &["init", "--quiet", "."]);
    for side in ["before", "after"] {
        for file in ["mesh.yaml", "policy.yaml"] {
            let from = root().join("testdata/readme").join(side).join(file);
            std::fs::copy(from, repository.join("deploy").join(file)).unwrap();
        }
        git(&repository, &["add", "."]);
        git(&repository, &["commit", "--quiet", "--message", side]);
    }
    let base = git(&repository, &["rev-parse", "HEAD~1"]);
    (repository, base)
}

#[test]
fn the_comment_says_whose_traffic_changes() {
    let runner = Runner::new("diff");
    let (repository, base) = repository(&runner);
    let environment = [("INPUT", "deploy"), ("RELEASE", "auto"), ("BASE", base.as_str())];
    let output = runner.run("Diff", &repository, &environment);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let comment = runner.text("waypoint-xds.md");
    assert!(comment.starts_with("<!-- waypoint-xds -->\n### waypoint-xds\n"), "{comment}");
    assert!(comment.contains("| path is `/admin*` but not `/admin` | DENIED 403"), "{comment}");
    assert_eq!(runner.text("summary"), comment);
}

#[test]
fn what_is_refused_keeps_no_comment_back() {
    let runner = Runner::new("refused");
    let (repository, base) = repository(&runner);
    std::fs::write(
        repository.join("deploy/refused.yaml"),
        "apiVersion: v1\nkind: Service\nmetadata: {name: _}\n",
    )
    .unwrap();
    let environment = |input| [("INPUT", input), ("RELEASE", "auto"), ("BASE", base.as_str())];
    let output = runner.run("Diff", &repository, &environment("deploy"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("refused.yaml"), "{said}");
    assert!(runner.text("waypoint-xds.md").contains("| path is `/admin*` but not `/admin` | DENIED 403"));
    assert_eq!(runner.run("Diff", &repository, &environment("no-such-folder")).status.code(), Some(1));
}
