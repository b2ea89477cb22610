//! Development tasks: `cargo xtask --help`.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line program for developers")]

use std::process::ExitCode;

#[cfg(feature = "codegen")]
mod envoy_types;

const USAGE: &str = "\
usage: cargo xtask <task>

tasks:
  envoy-types [--check] [--source types.bin]
      make crates/envoy's messages, descriptors and JSON tables again, from the descriptor set that
      the envoy-types crate ships and crates/envoy/proto; with --check only fail if they are stale";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.split_first() {
        Some((task, rest)) if task == "envoy-types" => envoy_types(rest),
        Some((flag, _)) if flag == "--help" => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "codegen")]
fn envoy_types(args: &[String]) -> Result<()> {
    envoy_types::run(args)
}

/// Starts this program again with what the task needs compiled in.
#[cfg(not(feature = "codegen"))]
fn envoy_types(args: &[String]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = std::process::Command::new(cargo)
        .args(["run", "--quiet", "--package", "xtask", "--features", "codegen", "--", "envoy-types"])
        .args(args)
        .status()?;
    if status.success() { Ok(()) } else { Err("envoy-types failed".into()) }
}
