//! `cargo xtask ci`: exactly what CI runs, step by step, with the time that each takes.

mod excerpt;

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitStatus};
use std::time::Instant;

use crate::args::Ci;
use crate::command::{FEATURES, cargo};
use crate::{Result, root};
use excerpt::excerpt;

/// A step: its name and the cargo command.
const STEPS: &[(&str, &[&str])] = &[
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
    let (mut failed, mut why) = (Vec::new(), Vec::new());
    for (name, command) in STEPS {
        println!("\n=== {name}: cargo {}", command.join(" "));
        let start = Instant::now();
        let mut step = cargo();
        step.args(*command)
            .env("RUSTDOCFLAGS", "--deny warnings")
            .env_remove(reference_files::REQUIRED)
            .envs(demands(args).into_iter().map(|demand| (demand, "1")))
            .current_dir(root());
        let (status, output) = repeated(step)?;
        let outcome = if status.success() { "" } else { ", failed" };
        println!("=== {name}: {} s{outcome}", start.elapsed().as_secs());
        if !status.success() {
            failed.push(*name);
            why.push(format!("\n=== {name} failed:\n{}", excerpt(&output)));
        }
    }
    why.iter().for_each(|why| println!("{why}"));
    if args.without_reference {
        println!("\n--without-reference: where there is none, nothing was compared with it");
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("these steps failed: {}", failed.join(", ")).into()) }
}

/// Runs a command whose output is printed as it comes, and gives that output, too.
fn repeated(mut command: Command) -> Result<(ExitStatus, String)> {
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
