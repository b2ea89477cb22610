//! The scripts of the GitHub Action (`action.yml`) do what they say, as a runner would run them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![cfg(unix)]

mod http;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
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

/// A runner: its folder for temporary files, what steps give, and the programs on the path: those of its
/// folder `bin`, and ours.
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
        let own = self.0.join("bin");
        let path = format!("{}:{}:{}", own.display(), program.display(), std::env::var("PATH").unwrap());
        Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(file)
            .current_dir(directory)
            .env("PATH", path)
            .env("RUNNER_TEMP", &self.0)
            .env("GITHUB_OUTPUT", self.0.join("output"))
            .env("GITHUB_PATH", self.0.join("path"))
            .env("GITHUB_STEP_SUMMARY", self.0.join("summary"))
            .envs(environment.iter().copied())
            .output()
            .expect("bash is there")
    }

    /// Puts a program into its folder.
    fn program(&self, name: &str, script: &str) {
        std::fs::create_dir_all(self.0.join("bin")).unwrap();
        let path = self.0.join("bin").join(name);
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
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

/// The releases of the project, as GitHub serves them, on this machine: what is asked for under `latest` is
/// somewhere else. The files are those of release `v0.1.0`, by their names.
fn serve_releases(files: BTreeMap<String, Vec<u8>>) -> http::Server {
    http::Server::start(move |path| {
        let latest = path.strip_prefix("/releases/latest/download/");
        let file = path.strip_prefix("/releases/download/v0.1.0/").and_then(|name| files.get(name));
        match (latest, file) {
            (Some(name), _) => {
                (format!("302 Found\r\nLocation: /releases/download/v0.1.0/{name}"), Vec::new())
            }
            (None, Some(bytes)) => ("200 OK".to_owned(), bytes.clone()),
            (None, None) => ("404 Not Found".to_owned(), Vec::new()),
        }
    })
}

fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// An archive as a release has it for this machine, its name, and the sums of all files.
fn release(runner: &Runner) -> (String, BTreeMap<String, Vec<u8>>) {
    let name = format!("waypoint-xds-{}-linux.tar.gz", printed(Command::new("uname").arg("-m")).trim());
    runner.program("waypoint-xds", "#!/bin/sh\necho the release\n");
    let archive = runner.0.join(&name);
    printed(
        Command::new("tar").arg("-czf").arg(&archive).arg("waypoint-xds").current_dir(runner.0.join("bin")),
    );
    std::fs::remove_dir_all(runner.0.join("bin")).unwrap();
    let sum = printed(Command::new("sha256sum").arg(&name).current_dir(&runner.0));
    let other = format!("{:064x}  another-{name}\n", 0);
    let sums = format!("{other}{sum}");
    let files =
        [(name.clone(), std::fs::read(archive).unwrap()), ("SHA256SUMS".to_owned(), sums.into_bytes())];
    (name, files.into())
}

fn install(runner: &Runner, releases: &http::Server, version: &str) -> Output {
    let address = format!("http://{}/releases", releases.address);
    let environment = [("VERSION", version), ("RELEASES", address.as_str()), ("NO_PROXY", "127.0.0.1")];
    runner.run("Install", &runner.0, &environment)
}

#[test]
fn a_release_is_downloaded_checked_and_found() {
    for (version, first) in
        [("latest", "/releases/latest/download/"), ("v0.1.0", "/releases/download/v0.1.0/")]
    {
        let runner = Runner::new(&format!("install-{version}"));
        let (archive, files) = release(&runner);
        let releases = serve_releases(files);
        let output = install(&runner, &releases, version);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let folder = runner.text("path");
        assert_eq!(
            printed(&mut Command::new(Path::new(folder.trim()).join("waypoint-xds"))),
            "the release\n"
        );
        assert_eq!(releases.asked().first(), Some(&format!("{first}{archive}")));
    }
}

#[test]
fn what_is_not_what_was_released_is_not_installed() {
    let refused = |name: &str, version: &str, change: fn(&str, &mut BTreeMap<String, Vec<u8>>)| {
        let runner = Runner::new(name);
        let (archive, mut files) = release(&runner);
        change(&archive, &mut files);
        let output = install(&runner, &serve_releases(files), version);
        assert!(!output.status.success(), "{name}");
        assert!(!runner.0.join("path").exists(), "{name}: the path was changed");
        assert!(!runner.0.join("waypoint-xds/waypoint-xds").exists(), "{name}: it was unpacked");
    };
    refused("install-changed", "latest", |archive, files| files.get_mut(archive).unwrap().push(0));
    refused("install-without-sum", "latest", |_, files| {
        files.insert("SHA256SUMS".to_owned(), b"\n".to_vec());
    });
    refused("install-without-sums", "latest", |_, files| {
        files.remove("SHA256SUMS");
    });
    refused("install-no-such-version", "v9.9.9", |_, _| {});
}

/// What stands for GitHub's own program: it keeps what it was asked, and lists the comments that there are.
const GH: &str = r#"#!/bin/bash
printf '%s\n' "$*" >> "$ASKED"
case "$*" in
  *--paginate*) cat "$EARLIER" ;;
  *--method*) for word in "$@"; do case "$word" in body=@*) cp "${word#body=@}" "$ASKED.body" ;; esac; done ;;
esac
"#;

/// What the step asks GitHub for where there are comments with these numbers that begin as ours do.
fn comment(name: &str, earlier: &str) -> Vec<String> {
    let runner = Runner::new(name);
    runner.program("gh", GH);
    let [asked, comments, file] = ["asked", "earlier", "waypoint-xds.md"].map(|name| runner.0.join(name));
    std::fs::write(&comments, earlier).unwrap();
    std::fs::write(&file, "<!-- waypoint-xds -->\n### waypoint-xds\n").unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let output = runner.run(
        "Comment",
        &runner.0,
        &[
            ("GH_TOKEN", "token"),
            ("COMMENT", &text(&file)),
            ("NUMBER", "7"),
            ("GITHUB_REPOSITORY", "shop/mesh"),
            ("ASKED", &text(&asked)),
            ("EARLIER", &text(&comments)),
        ],
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(runner.text("asked.body"), runner.text("waypoint-xds.md"));
    let file = text(&file);
    runner.text("asked").lines().map(|line| line.replace(&file, "FILE")).collect()
}

#[test]
fn a_comment_is_written_once_and_then_anew() {
    let listed = "api --paginate repos/shop/mesh/issues/7/comments --jq \
                  .[] | select(.body | startswith(\"<!-- waypoint-xds -->\")) | .id";
    let first = comment("comment-first", "");
    assert_eq!(first, [listed, "api --method POST repos/shop/mesh/issues/7/comments --field body=@FILE"]);
    let again = "api --method PATCH repos/shop/mesh/issues/comments/42 --field body=@FILE";
    assert_eq!(comment("comment-again", "42\n43\n"), [listed, again]);
    // More than a pipe holds: whoever lists them is not stopped.
    let many: String = (42..100_000).map(|number| format!("{number}\n")).collect();
    assert_eq!(comment("comment-many", &many), [listed, again]);
}

/// What is asked of each comment, where there is a program that understands it.
#[test]
fn comments_of_others_are_left_alone() {
    let action = std::fs::read_to_string(root().join("action.yml")).unwrap();
    let (_, rest) = action.split_once("--jq '").expect("comments are chosen");
    let (filter, _) = rest.split_once('\'').unwrap();
    let comments = r#"[{"id": 1, "body": "looks good"}, {"id": 2, "body": "<!-- waypoint-xds -->\n### waypoint-xds"},
        {"id": 3, "body": "> <!-- waypoint-xds -->"}, {"id": 4, "body": ""}]"#;
    let runner = Runner::new("comment-filter");
    std::fs::write(runner.0.join("comments.json"), comments).unwrap();
    match Command::new("jq").arg(filter).arg("comments.json").current_dir(&runner.0).output() {
        Ok(output) => assert_eq!(String::from_utf8(output.stdout).unwrap(), "2\n"),
        // Not by `eprintln!`, which a test that passes keeps for itself.
        Err(_) => {
            let _ = writeln!(std::io::stderr(), "SKIPPED comments_of_others_are_left_alone: there is no jq");
        }
    }
}
