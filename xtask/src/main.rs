//! Development tasks: `cargo xtask --help`.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line program for developers")]

use std::process::ExitCode;

#[cfg(feature = "parity")]
mod ambient;
mod args;
mod bindings;
mod ci;
mod command;
mod commands;
#[cfg(feature = "parity")]
mod coverage;
#[cfg(feature = "parity")]
mod deps;
#[cfg(any(feature = "codegen", feature = "wasm"))]
mod descriptors;
mod differential;
mod diffs;
#[cfg(feature = "parity")]
mod dist;
#[cfg(feature = "parity")]
mod doors;
#[cfg(feature = "codegen")]
mod envoy_types;
mod fleet;
mod fuzz;
mod golden;
#[cfg(feature = "parity")]
mod hooks;
mod layers;
mod linear;
#[cfg(feature = "mutants")]
mod mutants;
#[cfg(feature = "parity")]
mod parity;
#[cfg(feature = "parity")]
mod pits;
mod playground;
mod python;
#[cfg(feature = "parity")]
mod rules;
#[cfg(feature = "schemas")]
mod schemas;
#[cfg(feature = "surface")]
mod surface;
#[cfg(feature = "wasm")]
mod wasm;
#[cfg(feature = "parity")]
mod workflows;

use std::path::PathBuf;

use clap::Parser as _;

use crate::args::{CommandLine, Task};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    #[cfg(feature = "surface")]
    if let Some(result) = surface::as_rustdoc() {
        return result;
    }
    let result = run(CommandLine::parse().task);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Ci(args) => ci::run(&args),
        Task::Bindings(args) => bindings::run(&args),
        Task::Commands(args) => commands::run(&args),
        Task::Differential(args) => differential::run(&args),
        Task::Diffs(args) => diffs::run(&args),
        Task::Fleet => fleet::run(),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Golden(args) => golden::run(&args),
        Task::Layers => layers::run(),
        Task::Linear(args) => linear::run(&args),
        Task::Playground(args) => playground::run(&args),
        Task::Python => python::run(),
        #[cfg(feature = "codegen")]
        Task::EnvoyTypes(args) => envoy_types::run(args),
        #[cfg(not(feature = "codegen"))]
        Task::EnvoyTypes(_) => restart_with("codegen"),
        #[cfg(feature = "mutants")]
        Task::Mutants(args) => mutants::run(&args),
        #[cfg(not(feature = "mutants"))]
        Task::Mutants(_) => restart_with("mutants"),
        #[cfg(feature = "schemas")]
        Task::Schemas(args) => schemas::run(&args),
        #[cfg(not(feature = "schemas"))]
        Task::Schemas(_) => restart_with("schemas"),
        #[cfg(feature = "surface")]
        Task::Surface(args) => surface::run(&args),
        #[cfg(not(feature = "surface"))]
        Task::Surface(_) => restart_with("surface"),
        #[cfg(feature = "wasm")]
        Task::Wasm(args) => wasm::run(&args),
        #[cfg(not(feature = "wasm"))]
        Task::Wasm(_) => restart_with("wasm"),
        #[cfg(feature = "parity")]
        Task::Ambient(args) => ambient::run(&args),
        #[cfg(feature = "parity")]
        Task::Coverage(args) => coverage::run(&args),
        #[cfg(feature = "parity")]
        Task::Deps => deps::run(),
        #[cfg(feature = "parity")]
        Task::Dist(args) => dist::run(&args),
        #[cfg(feature = "parity")]
        Task::Doors => doors::run(),
        #[cfg(feature = "parity")]
        Task::Hooks => hooks::run(),
        #[cfg(feature = "parity")]
        Task::Parity(args) => parity::run(&args),
        #[cfg(feature = "parity")]
        Task::Pits(args) => pits::run(&args),
        #[cfg(feature = "parity")]
        Task::Rules(args) => rules::run(&args),
        #[cfg(feature = "parity")]
        Task::Workflows => workflows::run(),
        #[cfg(not(feature = "parity"))]
        _ => Err("this task needs xtask's feature `parity`".into()),
    }
}

/// Starts this program again with what the task needs compiled in.
#[cfg(not(all(
    feature = "codegen",
    feature = "mutants",
    feature = "schemas",
    feature = "surface",
    feature = "wasm"
)))]
fn restart_with(feature: &str) -> Result<()> {
    let run = ["run", "--quiet", "--package", "xtask", "--no-default-features", "--features", feature, "--"];
    command::succeed(command::cargo().args(run).args(std::env::args_os().skip(1)))
}

/// The workspace's folder.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
