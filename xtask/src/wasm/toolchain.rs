//! A compiler for WebAssembly.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Paths, TARGET};
use crate::Result;
use crate::command::succeed;

/// Lets cargo use a compiler that has a standard library for WebAssembly: the active one, where rustup can
/// add the target or has it; else Debian's.
pub(super) fn choose(cargo: &mut Command, paths: &Paths) -> Result<()> {
    let forced = std::env::var_os("WASM_FORCE_DEBIAN").is_some_and(|value| value == "1");
    if !forced && (has_target() || (add_target() && has_target())) {
        return Ok(());
    }
    println!("rustup cannot add {TARGET}: trying Debian's compiler");
    let cache = paths.root.join("target").join("wasm-toolchain");
    let script = paths.root.join("crates").join("wasm").join("debian-toolchain.sh");
    succeed(Command::new("bash").arg(script).arg(&cache).current_dir(&paths.root))?;
    cargo.env("RUSTC", cache.join("rustc")).env("RUSTDOC", cache.join("rustdoc"));
    Ok(())
}

/// Whether the active compiler has the target's standard library.
fn has_target() -> bool {
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    let directory = output.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    directory.is_some_and(|directory| has_core(&PathBuf::from(directory.trim())))
}

fn has_core(directory: &Path) -> bool {
    let files = std::fs::read_dir(directory).into_iter().flatten().flatten();
    files.into_iter().any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
}

fn add_target() -> bool {
    let status = Command::new("rustup").args(["target", "add", TARGET]).status();
    status.is_ok_and(|status| status.success())
}
