//! The page about a laptop, `docs/laptop.md`: its commands, as they are written there, print what stands
//! there.
//!
//! A number may be off by as much as chance makes it, and a line `…` stands for any number of lines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]
#![allow(clippy::indexing_slicing, clippy::print_stderr, reason = "a test may panic and print")]

use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use upstream_envoy::server_unless_skipped;

/// How far a count may be off: ±5 points of 1,000.
const CHANCE: i64 = 50;
/// How long something in the background may take until it serves.
const PATIENCE: Duration = Duration::from_secs(20);

/// A command of a block, and the lines that follow it.
#[derive(Debug)]
struct Step {
    command: String,
    output: Vec<String>,
}

fn steps(markdown: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let blocks = markdown.split("```console laptop\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command: command.to_owned(), output: Vec::new() }),
            (None, Some(step)) if step.command.ends_with('\\') => {
                step.command.push('\n');
                step.command.push_str(line);
            }
            (None, Some(step)) => step.output.push(line.to_owned()),
            (None, None) => panic!("a block begins with a command, not with {line}"),
        }
    }
    steps
}

/// What a step puts into the background, stopped when dropped.
struct Background(Child);

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Laptop {
    directory: PathBuf,
    path: String,
    variables: Vec<(String, String)>,
    background: Vec<Background>,
}

impl Laptop {
    /// A directory with the repository's test data, and one with the three programs.
    fn new(envoy: &Path) -> Self {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("laptop");
        let _ = std::fs::remove_dir_all(&directory);
        let bin = directory.join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        symlink(root().join("testdata"), directory.join("testdata")).unwrap();
        symlink(env!("CARGO_BIN_EXE_hbone"), bin.join("hbone")).unwrap();
        symlink(command_line(), bin.join("waypoint-xds")).unwrap();
        symlink(envoy, bin.join("envoy")).unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        Self { directory, path, variables: Vec::new(), background: Vec::new() }
    }

    fn shell(&self, command: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(&self.directory).stdin(Stdio::null());
        // What the page makes a temporary directory of its own for stays in that of the test.
        shell.env("PATH", &self.path).env("TMPDIR", &self.directory).envs(self.variables.iter().cloned());
        shell
    }

    fn run(&mut self, step: &Step) {
        match (step.command.strip_suffix('&'), step.command.split_once('=')) {
            (Some(command), _) => self.run_in_background(command, &step.output),
            (None, Some((name, _))) if !name.contains(' ') => self.assign(name, step),
            (None, _) => self.run_to_its_end(step),
        }
    }

    /// Until it has printed what it should.
    fn run_in_background(&mut self, command: &str, expected: &[String]) {
        let path = self.directory.join("bin/background.log");
        let log = std::fs::File::create(&path).unwrap();
        let mut shell = self.shell(&format!("exec {command}"));
        let child = shell.stderr(log.try_clone().unwrap()).stdout(log).spawn().unwrap();
        self.background.push(Background(child));
        let start = Instant::now();
        let mut found = String::new();
        while !fits(expected, &found) {
            compare(command, expected, &found, start.elapsed() < PATIENCE);
            sleep(Duration::from_millis(50));
            found = std::fs::read_to_string(&path).unwrap();
        }
    }

    fn run_to_its_end(&self, step: &Step) {
        let output = self.shell(&step.command).output().unwrap();
        let found =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        compare(&step.command, &step.output, &found, output.status.success() && fits(&step.output, &found));
    }

    /// Keeps a variable for the commands that follow.
    fn assign(&mut self, name: &str, step: &Step) {
        let output = self.shell(&format!("{}; printf %s \"${name}\"", step.command)).output().unwrap();
        self.variables.push((name.to_owned(), String::from_utf8(output.stdout).unwrap()));
    }
}

fn compare(command: &str, expected: &[String], found: &str, fits: bool) {
    assert!(fits, "$ {command}\nexpected:\n{}\nfound:\n{found}", expected.join("\n"));
}

fn fits(expected: &[String], found: &str) -> bool {
    let found: Vec<&str> = found.lines().collect();
    let all = |expected: &[String], found: &[&str]| {
        expected.len() == found.len()
            && expected.iter().zip(found).all(|(expected, found)| similar(expected, found))
    };
    match expected.iter().position(|line| line == "…") {
        None => all(expected, &found),
        Some(gap) => {
            let (start, end) = (&expected[..gap], &expected[gap + 1..]);
            found.len() >= start.len() + end.len()
                && all(start, &found[..start.len()])
                && all(end, &found[found.len() - end.len()..])
        }
    }
}

/// Whether two lines have the same words, or numbers that are near each other.
fn similar(expected: &str, found: &str) -> bool {
    let (expected, found): (Vec<&str>, Vec<&str>) =
        (expected.split_whitespace().collect(), found.split_whitespace().collect());
    let near = |expected: &str, found: &str| match (expected.parse::<i64>(), found.parse::<i64>()) {
        (Ok(expected), Ok(found)) => (expected - found).abs() <= CHANCE,
        _ => expected == found,
    };
    expected.len() == found.len() && expected.iter().zip(found).all(|(expected, found)| near(expected, found))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// `waypoint-xds`, which stands next to `hbone` once the workspace's tests are built.
fn command_line() -> PathBuf {
    let built = Path::new(env!("CARGO_BIN_EXE_hbone")).with_file_name("waypoint-xds");
    if !built.exists() {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let build = ["build", "--quiet", "--package", "waypoint-xds-cli"];
        assert!(Command::new(cargo).args(build).current_dir(root()).status().unwrap().success());
    }
    built
}

/// The section's addresses and ports are fixed: two runs on one machine take turns.
fn alone() -> TcpListener {
    loop {
        match TcpListener::bind("127.192.0.1:15008") {
            Ok(turn) => return turn,
            Err(_) => sleep(Duration::from_millis(200)),
        }
    }
}

/// What lies in the folder in which a reader of the page is, by name.
fn checkout() -> Vec<std::ffi::OsString> {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("laptop");
    let names = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<_> = names
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with("tmp."))
        .map(|entry| entry.file_name())
        .collect();
    names.sort();
    names
}

#[test]
fn the_readmes_laptop_works_as_written() {
    let steps = steps(&std::fs::read_to_string(root().join("docs/laptop.md")).unwrap());
    assert!(steps.len() > 5, "the page lost its commands");
    let Some(envoy) = server_unless_skipped("docs/laptop.md").unwrap_or_else(|why| panic!("{why}")) else {
        return;
    };
    let _alone = alone();
    let mut laptop = Laptop::new(&envoy);
    let before = checkout();
    for step in &steps {
        laptop.run(step);
    }
    assert_eq!(checkout(), before, "the page writes into the checkout");
}
