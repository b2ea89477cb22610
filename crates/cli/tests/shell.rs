//! Every shell block of the README and of the documentation that has a command of waypoint-xds runs as it is
//! written, in a folder that has what the pages speak of: files in `deploy/`, a cluster that `kubectl` asks,
//! a Git repository with a branch. No command may be refused, be it for an option that there is no more or
//! for a file that it does not find.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]
#![cfg(unix)]

mod book;
#[allow(dead_code, reason = "other tests ask more of the server")]
mod http;
#[allow(dead_code, reason = "other tests ask more of the server")]
mod kubernetes;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use book::{pages, root};
use kubernetes::{Server, kubectl_unless_skipped, shop};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_waypoint-xds");

/// What stands for the program: it tells what was run, and what was refused. 0 and 1 are answers. With
/// `--watch` it would not end.
const WAYPOINT_XDS: &str = r#"#!/bin/bash
echo "$*" >> "$WORLD/ran"
case " $* " in *" --watch "*) timeout 2 "$PROGRAM" "$@"; code=$(($? % 124)) ;; *) "$PROGRAM" "$@"; code=$? ;; esac
if [ "$code" -gt 1 ]; then echo "exit code $code: waypoint-xds $*" >> "$WORLD/refused"; fi
exit "$code"
"#;

/// What stands for kubectl where the small API server does not do: pods and applying.
const KUBECTL: &str = r#"#!/bin/bash
case "$1" in
  exec) exec cat "$WORLD/bin/dump.json" ;;
  apply) exec cat ;;
esac
case " $* " in *" … "*) exec cat "$WORLD/deploy/shop.yaml" ;; esac
exec "$KUBECTL" "$@"
"#;

const ISTIOCTL: &str = "#!/bin/sh\nexec cat \"$WORLD/bin/dump.json\"\n";

/// Programs that install something. That what they install is there is not for this test.
const INSTALLERS: [&str; 2] = ["cargo", "pip"];

/// The shell blocks of a Markdown text.
fn blocks(markdown: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut block: Option<String> = None;
    for line in markdown.lines() {
        match &mut block {
            None if line == "```sh" => block = Some(String::new()),
            None => {}
            Some(_) if line == "```" => found.extend(block.take()),
            Some(text) => text.extend([line, "\n"]),
        }
    }
    found
}

/// How many commands of waypoint-xds a block has.
fn commands(block: &str) -> usize {
    let starts = |line: &str| {
        let line = line.trim_start();
        let pieces = line.split(['|', ';', '&', '(']).map(str::trim_start);
        pieces.filter(|piece| piece.starts_with("waypoint-xds ")).count()
    };
    // What stands behind `#` is no command.
    block.lines().map(|line| starts(line.split(" #").next().unwrap())).sum()
}

/// A folder that has what the pages speak of.
struct World {
    folder: PathBuf,
    kubectl: PathBuf,
    _server: Server,
}

impl World {
    fn new(name: &str, kubectl: &Path) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shell").join(name);
        let _ = fs::remove_dir_all(&folder);
        for made in ["bin", "deploy", "home/.config/fish/completions", "new", "old", "tests"] {
            fs::create_dir_all(folder.join(made)).unwrap();
        }
        let server = Server::start(shop());
        let path = server.write_config(&folder);
        // The contexts of the pages: the one that is used, and `prod`.
        let mut config: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        config["contexts"][1] = json!({"name": "prod", "context": config["contexts"][0]["context"]});
        fs::write(&path, config.to_string()).unwrap();

        let world = Self { folder, kubectl: kubectl.join("kubectl"), _server: server };
        for (name, script) in [("waypoint-xds", WAYPOINT_XDS), ("kubectl", KUBECTL), ("istioctl", ISTIOCTL)] {
            world.program(name, script);
        }
        for name in INSTALLERS {
            world.program(name, "#!/bin/sh\n");
        }
        world.files();
        world.repository();
        world
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.folder.join("bin").join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn files(&self) {
        let copy = |from: &str, to: &str| {
            fs::copy(root().join("testdata").join(from), self.folder.join(to)).expect(from);
        };
        copy("trace/shop.yaml", "deploy/shop.yaml");
        copy("readme/before/policy.yaml", "old/policy.yaml");
        copy("readme/after/policy.yaml", "new/policy.yaml");
        for side in ["old", "new"] {
            copy("readme/before/mesh.yaml", &format!("{side}/mesh.yaml"));
        }
        let test = "apiVersion: waypoint-xds.io/v1\nkind: MeshTest\ntests:\n- name: the front reads its cart\n  \
                    request: {from: web/front, to: \"cart.shop:80\", path: /cart}\n  expect: {verdict: allowed}\n";
        for folder in ["deploy", "tests"] {
            fs::write(self.folder.join(folder).join("cart.test.yaml"), test).unwrap();
        }
        fs::write(self.folder.join("mesh-1.31.yaml"), "accessLogFile: /dev/stdout\n").unwrap();
        let dumped = |arguments: &[&str]| {
            let output =
                Command::new(PROGRAM).args(arguments).current_dir(&self.folder).output().unwrap().stdout;
            assert!(!output.is_empty(), "{arguments:?}");
            output
        };
        let dump = dumped(&["pc", "all", "waypoint.shop", "-f", "deploy", "-o", "json"]);
        fs::write(self.folder.join("bin/dump.json"), &dump).unwrap();
        fs::write(self.folder.join("dump.json"), dump).unwrap();
        let dump = dumped(&["zc", "all", "-f", "deploy", "-o", "json"]);
        fs::write(self.folder.join("ztunnel-dump.json"), dump).unwrap();
    }

    /// The branch that is looked at has one commit more than `main`, here and at `origin`.
    fn repository(&self) {
        let git = |arguments: &[&str]| {
            let identity =
                ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"];
            let mut command = Command::new("git");
            let output = command.args(identity).args(arguments).current_dir(&self.folder).output();
            let output = output.expect("git is there");
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        };
        git(&["init", "--quiet", "--initial-branch", "main", "."]);
        git(&["add", "deploy"]);
        git(&["commit", "--quiet", "--message", "the shop"]);
        git(&["update-ref", "refs/remotes/origin/main", "main"]);
        git(&["checkout", "--quiet", "-b", "change"]);
        git(&["commit", "--quiet", "--allow-empty", "--message", "a change"]);
    }

    /// Runs a block; tells how many commands ran, and which were refused.
    fn run(&self, block: &str) -> (usize, String) {
        let [ran, refused] = ["ran", "refused"].map(|name| self.folder.join(name));
        for file in [&ran, &refused] {
            fs::write(file, "").unwrap();
        }
        let mut path = vec![self.folder.join("bin")];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-c", block])
            .current_dir(&self.folder)
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("HOME", self.folder.join("home"))
            .env("KUBECONFIG", self.folder.join("config"))
            .env("WORLD", &self.folder)
            .env("PROGRAM", PROGRAM)
            .env("KUBECTL", &self.kubectl)
            .stdin(Stdio::null())
            .output()
            .expect("bash is there");
        let [ran, mut refused] = [ran, refused].map(|file| fs::read_to_string(file).unwrap());
        if !refused.is_empty() {
            refused.push_str(&String::from_utf8_lossy(&output.stderr));
        }
        (ran.lines().count(), refused)
    }
}

#[test]
fn shell_blocks_run_as_they_are_written() {
    let Some(kubectl) = kubectl_unless_skipped("the shell blocks of the documentation") else { return };
    let mut total = 0;
    let mut faults = String::new();
    for (number, page) in pages().iter().enumerate() {
        let text = fs::read_to_string(page).unwrap();
        let blocks: Vec<String> = blocks(&text).into_iter().filter(|block| commands(block) > 0).collect();
        if blocks.is_empty() {
            continue;
        }
        let world = World::new(&number.to_string(), &kubectl);
        for block in blocks {
            let (ran, refused) = world.run(&block);
            let written = commands(&block);
            total += written;
            if ran < written || !refused.is_empty() {
                faults.push_str(&format!("{}: {ran} of {written} ran\n{block}{refused}\n", page.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(total > 50, "the documentation lost its commands: {total}");
}

#[test]
fn what_is_no_command_does_not_count() {
    let block = "waypoint-xds lint # waypoint-xds test\ncat a | waypoint-xds trace; waypoint-xds diff\npip install waypoint-xds \n\
                 source <(waypoint-xds completion bash)\n";
    assert_eq!(commands(block), 4);
}

#[test]
fn what_is_refused_is_told() {
    let Some(kubectl) = kubectl_unless_skipped("refused commands of the documentation") else { return };
    let world = World::new("refused", &kubectl);
    for (block, refused) in [
        ("waypoint-xds lint -f deploy/ --no-such-option", true),
        ("waypoint-xds lint -f no-such-folder/", true),
        ("waypoint-xds lint -f deploy/", false),
    ] {
        let (ran, said) = world.run(block);
        assert_eq!((ran, !said.is_empty()), (1, refused), "{block}: {said}");
    }
}
