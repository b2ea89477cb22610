//! `cargo xtask fuzz`: builds the fuzz targets and runs each for a while, with a stable compiler.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use crate::args::Fuzz;
use crate::command::{cargo, host, succeed, target};
use crate::{Result, root};

/// What libFuzzer needs of a program: counters at every edge, and what is compared. As cargo-fuzz has it, but
/// without a sanitizer: those need a nightly compiler, and look for what code without `unsafe` cannot do.
const INSTRUMENTED: [&str; 6] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// What each target takes: its name, the longest input, and the folders of `testdata` that have more to start
/// from.
pub(crate) const TARGETS: [(&str, usize, &[&str]); 9] = [
    ("read", 1 << 16, &["cases", "broken", "hostile", "lint"]),
    ("translate", 1 << 15, &["cases", "broken", "hostile", "lint"]),
    ("mend", 1 << 14, &["lint"]),
    ("snapshot", 256, &[]),
    ("mesh", 1 << 12, &[]),
    ("json", 1 << 14, &[]),
    ("dump", 1 << 16, &[]),
    ("doors", 1 << 12, &[]),
    ("patch", 1 << 12, &[]),
];

/// Runs the task: as many targets at a time as there are processors.
pub(crate) fn run(asked: &Fuzz) -> Result<()> {
    let programs = build()?;
    let is_asked = |name: &str| asked.targets.is_empty() || asked.targets.iter().any(|target| target == name);
    let left = Mutex::new(TARGETS.into_iter().filter(|(name, ..)| is_asked(name)));
    let next = || left.lock().ok()?.next();
    let worker = || -> Vec<String> {
        std::iter::from_fn(next)
            .filter_map(|(name, longest, more)| {
                let more = if asked.testdata { more } else { &[] };
                fuzz(&programs, name, longest, more, asked.seconds).err().map(|error| error.to_string())
            })
            .collect()
    };
    let found: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..thread::available_parallelism().map_or(1, usize::from))
            .map(|_| scope.spawn(worker))
            .collect();
        let ended = |worker: thread::ScopedJoinHandle<'_, Vec<String>>| {
            worker.join().unwrap_or_else(|_| vec!["a worker panicked".to_owned()])
        };
        workers.into_iter().flat_map(ended).collect()
    });
    if found.is_empty() { Ok(()) } else { Err(found.join("\n").into()) }
}

/// Builds all targets, and tells where they are.
fn build() -> Result<PathBuf> {
    let (host, folder) = (host()?, target().join("fuzz"));
    let manifest = root().join("fuzz/Cargo.toml");
    let mut command = cargo();
    command.args(["build", "--quiet", "--release", "--bins", "--locked"]);
    // Of a named target, so that what runs while it is compiled is not instrumented.
    command.arg("--manifest-path").arg(manifest).arg("--target-dir").arg(&folder).args(["--target", &host]);
    succeed(command.env("CARGO_ENCODED_RUSTFLAGS", INSTRUMENTED.join("\u{1f}")))?;
    Ok(folder.join(host).join("release"))
}

fn fuzz(programs: &Path, name: &str, longest: usize, more: &[&str], seconds: u64) -> Result<()> {
    let corpus = target().join("fuzz/corpus").join(name);
    let artifacts = target().join("fuzz/artifacts").join(name);
    std::fs::create_dir_all(&corpus)?;
    std::fs::create_dir_all(&artifacts)?;
    let committed = root().join("fuzz/corpus").join(name);
    let more = more.iter().map(|folder| root().join("testdata").join(folder));
    let mut command = Command::new(programs.join(name));
    command.args([
        format!("-max_total_time={seconds}"),
        format!("-max_len={longest}"),
        "-timeout=30".to_owned(),
        "-rss_limit_mb=4096".to_owned(),
        "-print_final_stats=1".to_owned(),
        format!("-artifact_prefix={}/", artifacts.display()),
    ]);
    // What is found is written to the first.
    command.arg(&corpus).args(std::iter::once(committed).chain(more).filter(|folder| folder.is_dir()));
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let last: Vec<&str> = said.lines().rev().take(40).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        return Err(
            format!("{}\nfuzz {name}: found something, in {}", last.join("\n"), artifacts.display()).into()
        );
    }
    let coverage = said.lines().rev().find(|line| line.contains(" cov: ")).unwrap_or_default();
    let runs = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    println!("fuzz {name}: {} inputs, {}", runs.unwrap_or("?").trim(), coverage.trim());
    Ok(())
}
