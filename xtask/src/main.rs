//! Development tasks: `cargo xtask --help`.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line program for developers")]

use std::process::ExitCode;

#[cfg(feature = "parity")]
mod ambient;
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
mod layers;
mod linear;
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

use std::path::PathBuf;

const USAGE: &str = "\
usage: cargo xtask <task>

tasks:
  ambient [--only GLOB] [--show N] [--update]
      compare what ztunnel gets with what the reference has; fails if a case is worse than the committed score,
      --update commits a better one
  ci
      everything that CI runs: format, lints, tests, documentation, parity, packages, generated types
  commands [--check]
      write docs/reference/command-line.md, from what the command line says of itself; with --check only fail if it is stale
  coverage [--update]
      which fields, values and flags no golden or reference case has: fails if docs/coverage.md lists less; --update
      writes it
  deps
      fail if a dependency has a licence that deny.toml does not allow, comes from elsewhere, is banned or is not used
  differential [--requests N] [--seed S] [--release R|all] [--per-snapshot N] [--shrunk N] [--workers N]
      random meshes and requests, through a real Envoy and through trace: fails if they do not say the same of one. In
      release mode; the same number draws the same again
  differential --examples N [--seed S]
      so many examples of what diff tells of random changes, through an Envoy of each side: fails if one does something else
  diffs [--requests N] [--per-pair N] [--policies N] [--seed S]
      random changes of random meshes: fails if something else comes of a request that diff tells of in no class, or
      nothing else of one that is in a class; so many pairs of policies against a plain enumeration. In release mode
  dist [--target all] [--wheels] [--npm] [--all] [--check]
      what a release has, in target/dist: the static program of this machine (or of all) in archives, man pages and completions,
      the Python package's sources, the SBOM, manifests, checksums; wheels and the npm package take minutes more. With
      --check install what was made, and try it
  doors
      translate every golden case through every door (command line, Python, JavaScript): identical bytes
  envoy-types [--check] [--source types.bin]
      make crates/envoy's messages, descriptors and JSON tables again, from the descriptor set that
      the envoy-types crate ships and crates/envoy/proto; with --check only fail if they are stale
  fleet
      test examples/fleet: Spark (which needs Java) and Ray, with the wheel that `python` has built, else a new one
  fuzz [TARGET…] [--seconds N] [--testdata]
      build the fuzz targets (fuzz/README.md) and run each, for 20 seconds if not told otherwise; with --testdata it starts
      from the inputs of other tests, too
  golden [--update]
      compare what we generate with testdata/golden; with --update write it and remove stale files
  layers
      fail if a module of the core knows one of a later step
  linear [NAME…]
      count, with valgrind, the instructions that hostile inputs of growing size take: fails if something grows faster
      than the input
  parity [--release R] [--only GLOB] [--show N] [--update]
      score every case of the reference with its compare.py; fails if a case is worse than the committed
      score, --update commits a better one
  pits [--only GLOB] [--show N] [--update]
      score lint by the pits beside the repository: how many are found, how many valid configurations are quiet; fails if a case
      is worse than the committed score, --update commits a better one
  playground [--no-wasm] [--no-test]
      build the playground (crates/wasm/playground/build/site) and test it in Chromium; with --no-wasm on the npm
      package as it was built last
  python
      build the Python package's wheel, install it in a clean environment, check its types and test it
  rules [--check]
      write docs/rules, a page for each code of what lint says; with --check only fail if one is stale
  schemas [--check]
      make crates/model/schemas from the custom resource definitions of each release, where they are beside the
      repository, and from those extracts what the core is compiled with: the fields and limits of each kind, and
      what is newer than a release; with --check only fail if something is stale
  surface [--check]
      write api/, all that users of the libraries can name, from what rustdoc says of them; with --check only fail if it is stale
  wasm [--dev] [--no-test]
      build the npm package (crates/wasm/pkg), report its size and test it; with --dev quicker and larger";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    #[cfg(feature = "surface")]
    if let Some(result) = surface::as_rustdoc() {
        return result;
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.split_first() {
        Some((task, rest)) if task == "envoy-types" => envoy_types(rest),
        Some((task, rest)) if task == "wasm" => wasm(rest),
        Some((task, rest)) if task == "schemas" => schemas(rest),
        Some((task, rest)) if task == "surface" => surface(rest),
        Some((task, rest)) if task == "playground" => playground::run(rest),
        Some((task, rest)) if task == "ci" => ci::run(rest),
        Some((task, rest)) if task == "commands" => commands::run(rest),
        Some((task, rest)) if task == "differential" => differential::run(rest),
        Some((task, rest)) if task == "diffs" => diffs::run(rest),
        Some((task, rest)) if task == "golden" => golden::run(rest),
        Some((task, rest)) if task == "layers" => layers::run(rest),
        Some((task, rest)) if task == "fleet" => fleet::run(rest),
        Some((task, rest)) if task == "fuzz" => fuzz::run(rest),
        Some((task, rest)) if task == "linear" => linear::run(rest),
        #[cfg(feature = "parity")]
        Some((task, rest)) if task == "ambient" => ambient::run(rest),
        #[cfg(feature = "parity")]
        Some((task, rest)) if task == "coverage" => coverage::run(rest),
        #[cfg(feature = "parity")]
        Some((task, rest)) if task == "deps" => deps::run(rest),
        #[cfg(feature = "parity")]
        Some((task, rest)) if task == "dist" => dist::run(rest),
        #[cfg(feature = "parity")]
        Some((task, rest)) if task == "doors" => doors::run(rest),
        #[cfg(feature = "parity")]
        Some((task, rest)) if task == "parity" => parity::run(rest),
        #[cfg(feature = "parity")]
        Some((task, rest)) if task == "rules" => rules::run(rest),
        #[cfg(feature = "parity")]
        Some((task, rest)) if task == "pits" => pits::run(rest),
        Some((task, rest)) if task == "python" => python::run(rest),
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

/// The workspace's folder.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[cfg(feature = "codegen")]
fn envoy_types(args: &[String]) -> Result<()> {
    envoy_types::run(args)
}

#[cfg(not(feature = "codegen"))]
fn envoy_types(args: &[String]) -> Result<()> {
    restart_with("codegen", "envoy-types", args)
}

#[cfg(feature = "schemas")]
fn schemas(args: &[String]) -> Result<()> {
    schemas::run(args)
}

#[cfg(not(feature = "schemas"))]
fn schemas(args: &[String]) -> Result<()> {
    restart_with("schemas", "schemas", args)
}

#[cfg(feature = "surface")]
fn surface(args: &[String]) -> Result<()> {
    surface::run(args)
}

#[cfg(not(feature = "surface"))]
fn surface(args: &[String]) -> Result<()> {
    restart_with("surface", "surface", args)
}

#[cfg(feature = "wasm")]
fn wasm(args: &[String]) -> Result<()> {
    wasm::run(args)
}

#[cfg(not(feature = "wasm"))]
fn wasm(args: &[String]) -> Result<()> {
    restart_with("wasm", "wasm", args)
}

/// Starts this program again with what the task needs compiled in.
#[cfg(not(all(feature = "codegen", feature = "schemas", feature = "surface", feature = "wasm")))]
fn restart_with(feature: &str, task: &str, args: &[String]) -> Result<()> {
    let run =
        ["run", "--quiet", "--package", "xtask", "--no-default-features", "--features", feature, "--", task];
    command::succeed(command::cargo().args(run).args(args))
}
