//! `cargo xtask ci`: exactly what CI runs, step by step, with the time that each takes.

mod excerpt;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Instant;

use crate::args::Ci;
use crate::command::{FEATURES, cargo, target};
use crate::{Result, root};
use excerpt::excerpt;

/// A step: its name and the cargo command.
type Step = (&'static str, &'static [&'static str]);

/// One after the other: two that compile at a time take as long, and tests are slow beside them.
const STEPS: &[Step] = &[
    ("format", &["fmt", "--all", "--check"]),
    (
        "lints",
        &[
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--features",
            FEATURES,
            "--",
            "--deny",
            "warnings",
        ],
    ),
    ("dependencies", &["xtask", "deps"]),
    ("layers", &["xtask", "layers"]),
    ("tests", &["test", "--workspace", "--no-fail-fast", "--features", FEATURES]),
    ("documentation", &["doc", "--quiet", "--workspace", "--no-deps", "--features", FEATURES]),
    ("surface of the libraries", &["xtask", "surface", "--check"]),
    ("parity with every release", &["xtask", "parity", "--release", "all"]),
    ("parity of what ztunnel gets", &["xtask", "ambient"]),
    ("what lint finds", &["xtask", "pits"]),
    ("Python package", &["xtask", "python"]),
    ("generated types", &["xtask", "envoy-types", "--check"]),
    ("schemas", &["xtask", "schemas", "--check"]),
    ("what cases reach", &["xtask", "coverage"]),
    ("page of the commands", &["xtask", "commands", "--check"]),
    ("pages of the rules", &["xtask", "rules", "--check"]),
    ("npm package", &["xtask", "wasm"]),
    ("pages of Python and JavaScript", &["xtask", "bindings", "--check"]),
    ("playground", &["xtask", "playground", "--no-wasm"]),
    ("one behaviour, every door", &["xtask", "doors"]),
    ("fuzzing", &["xtask", "fuzz"]),
];

/// What has to be there, so that no step passes because it skips something. The reference does not fit into
/// the repository: who has a checkout and nothing else says so.
fn demands(args: &Ci) -> Vec<&'static str> {
    let mut demands = vec!["WAYPOINT_XDS_REQUIRE_ENVOY", "WAYPOINT_XDS_REQUIRE_KUBECTL"];
    if !args.without_reference {
        demands.push(reference_files::REQUIRED);
    }
    demands
}

/// Runs every step, also those after one that failed, so that one run shows all that is wrong. At the end it
/// says once more why steps failed.
///
/// # Errors
///
/// If a step failed; the error names every such step.
pub(crate) fn run(args: &Ci) -> Result<()> {
    let runner = Runner { tasks: copy_of_this_program()?, demands: demands(args) };
    let failed: Vec<Failure> = STEPS.iter().filter_map(|step| runner.step(step)).collect();
    failed.iter().for_each(|failure| println!("\n=== {} failed:\n{}", failure.step, failure.why));
    if args.without_reference {
        println!("\n--without-reference: where there is none, nothing was compared with it");
    }
    let names: Vec<&str> = failed.iter().map(|failure| failure.step).collect();
    if names.is_empty() { Ok(()) } else { Err(format!("these steps failed: {}", names.join(", ")).into()) }
}

/// This program under a name of its own: while the steps run, some compile it with other features, in its
/// place.
fn copy_of_this_program() -> Result<PathBuf> {
    let copy = target().join("ci/xtask");
    std::fs::create_dir_all(target().join("ci"))?;
    std::fs::copy(std::env::current_exe()?, &copy)?;
    Ok(copy)
}

/// A step that failed, and what it said of it.
struct Failure {
    step: &'static str,
    why: String,
}

/// What runs steps.
struct Runner {
    /// The program that has the tasks.
    tasks: PathBuf,
    /// Variables that are set.
    demands: Vec<&'static str>,
}

impl Runner {
    fn step(&self, (name, arguments): &Step) -> Option<Failure> {
        println!("\n=== {name}: cargo {}", arguments.join(" "));
        let start = Instant::now();
        let mut command = of_cargo(&self.tasks, arguments);
        command
            .env("RUSTDOCFLAGS", "--deny warnings")
            .env_remove(reference_files::REQUIRED)
            .envs(self.demands.iter().map(|demand| (demand, "1")))
            .current_dir(root());
        let why = match repeated(command) {
            Ok((status, _)) if status.success() => None,
            Ok((_, said)) => Some(excerpt(&said)),
            Err(error) => Some(format!("cannot run it: {error}")),
        };
        let outcome = if why.is_none() { "" } else { ", failed" };
        println!("=== {name}: {} s{outcome}", start.elapsed().as_secs());
        why.map(|why| Failure { step: name, why })
    }
}

/// The command of a step.
fn of_cargo(tasks: &Path, arguments: &[&str]) -> Command {
    let (mut command, arguments) = match arguments {
        ["xtask", arguments @ ..] => (Command::new(tasks), arguments),
        arguments => (cargo(), arguments),
    };
    command.args(arguments);
    command
}

/// Runs a command whose output is printed as it comes, and gives that output, too.
fn repeated(mut command: Command) -> std::io::Result<(ExitStatus, String)> {
    let (output, input) = std::io::pipe()?;
    let mut child = command.stdout(input.try_clone()?).stderr(input).spawn()?;
    // It holds the other end, so that reading would not end.
    drop(command);
    let mut all = String::new();
    for line in BufReader::new(output).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        all.push_str(&line);
        all.push('\n');
    }
    Ok((child.wait()?, all))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{Ci, demands, repeated};

    #[test]
    fn both_streams_of_a_command_are_kept() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo a; echo b >&2; exit 3"]);
        let (status, output) = repeated(command).unwrap();
        let mut lines: Vec<&str> = output.lines().collect();
        lines.sort_unstable();
        assert_eq!((status.code(), lines), (Some(3), vec!["a", "b"]));
    }

    #[test]
    fn the_reference_is_demanded_unless_it_is_said_to_be_elsewhere() {
        let demanded =
            |without_reference| demands(&Ci { without_reference }).contains(&reference_files::REQUIRED);
        assert!(demanded(false) && !demanded(true));
    }
}
