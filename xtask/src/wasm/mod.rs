//! `cargo xtask wasm`: builds the npm package, measures it and tests it.
//!
//! | step | made by | into |
//! |---|---|---|
//! | WebAssembly | cargo, for `wasm32-unknown-unknown` | `target/wasm` |
//! | bindings | wasm-bindgen, as a library so that its version is the lock file's | `npm/src/generated` |
//! | types of Envoy's messages | this program, from `crates/envoy`'s descriptors | `npm/src/generated` |
//! | JavaScript and types | tsc | `npm/dist` |
//! | the package | this program | `pkg` |
//!
//! Binaryen's wasm-opt is not among them: it takes minutes for 5 % of the size, which gzip then gives back.

mod package;
mod toolchain;
mod types;

use std::path::{Path, PathBuf};
use std::process::Command;

use wasm_bindgen_cli_support::Bindgen;

use crate::args::Wasm;
use crate::command::{self, succeed};
use crate::{Result, root};

const TARGET: &str = "wasm32-unknown-unknown";

/// Where things are.
struct Paths {
    /// The workspace.
    root: PathBuf,
    /// The package's sources.
    npm: PathBuf,
    /// What is generated, among them.
    generated: PathBuf,
    /// The package.
    package: PathBuf,
}

/// Runs the task.
pub(crate) fn run(args: &Wasm) -> Result<()> {
    let root = root().canonicalize()?;
    let krate = root.join("crates").join("wasm");
    let npm = krate.join("npm");
    let paths = Paths { generated: npm.join("src").join("generated"), npm, package: krate.join("pkg"), root };

    install(&paths.npm)?;
    std::fs::create_dir_all(&paths.generated)?;
    let descriptors = paths.root.join("crates/envoy/src/generated/descriptors.binpb");
    types::write(&descriptors, &paths.generated.join("envoy.ts"))?;
    let wasm = compile(&paths, if args.dev { "dev" } else { "wasm" })?;
    bind(&wasm, &paths.generated)?;
    node(&paths.npm, &["node_modules/typescript/bin/tsc", "--project", "tsconfig.json"])?;
    package::assemble(&paths)?;
    if !args.dev {
        node(&paths.npm, &["scripts/size.mjs"])?;
    }
    if args.no_test { Ok(()) } else { node(&paths.npm, &["scripts/test.mjs"]) }
}

/// Installs what the package is built and tested with, unless that was done for this lock file.
fn install(npm: &Path) -> Result<()> {
    let (locked, installed) =
        (npm.join("package-lock.json"), npm.join("node_modules").join(".package-lock.json"));
    let changed = |path: &Path| path.metadata().and_then(|metadata| metadata.modified());
    let current = changed(&installed).is_ok_and(|done| changed(&locked).is_ok_and(|asked| asked <= done));
    if current {
        return Ok(());
    }
    succeed(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(npm))
}

/// Compiles the crate to WebAssembly.
fn compile(paths: &Paths, profile: &str) -> Result<PathBuf> {
    // The compiler may be another one than the host's: in the same folder each would undo the other's work.
    let target_dir = paths.root.join("target").join("wasm");
    let mut cargo = command::cargo();
    // Only a `cdylib`: with the `rlib` beside it cargo would leave out link time optimization.
    cargo.args(["rustc", "--quiet", "--package", "waypoint-xds-wasm", "--lib", "--crate-type", "cdylib"]);
    cargo.args(["--target", TARGET, "--profile", profile]).arg("--target-dir").arg(&target_dir);
    cargo.env("RUSTFLAGS", remap(&paths.root));
    toolchain::choose(&mut cargo, paths)?;
    succeed(cargo.current_dir(&paths.root))?;
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(target_dir.join(TARGET).join(folder).join("waypoint_xds_wasm.wasm"))
}

/// Flags that keep this machine's paths out of panics' messages: the same bytes on every machine.
fn remap(root: &Path) -> String {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .unwrap_or_default();
    format!(
        "--remap-path-prefix={}=/cargo --remap-path-prefix={}=.",
        home.join("registry").join("src").display(),
        root.display()
    )
}

/// Makes the bindings.
fn bind(wasm: &Path, generated: &Path) -> Result<()> {
    Bindgen::new()
        .input_path(wasm)
        .out_name("waypoint_xds")
        .web(true)?
        .typescript(true)
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(generated)?;
    Ok(())
}

/// Runs a program of Node's.
fn node(directory: &Path, args: &[&str]) -> Result<()> {
    succeed(Command::new("node").args(args).current_dir(directory))
}
