//! `cargo xtask bindings`: the pages of the Python and the npm package in the book, from their signatures and
//! comments. Those of the npm package are in the declarations that `cargo xtask wasm` makes.

use std::process::Command;

use crate::args::Check;
use crate::command::succeed;
use crate::{Result, root};

/// The programs that write a page each.
const WRITERS: [(&str, &str); 2] =
    [("python3", "crates/py/reference.py"), ("node", "crates/wasm/npm/scripts/reference.mjs")];

/// Runs the task.
pub(crate) fn run(&Check { check }: &Check) -> Result<()> {
    if !root().join("crates/wasm/npm/dist").is_dir() {
        return Err("there are no declarations of the npm package: cargo xtask wasm --dev --no-test".into());
    }
    for (program, script) in WRITERS {
        let check = check.then_some("--check");
        succeed(Command::new(program).arg(script).args(check).current_dir(root()))?;
    }
    Ok(())
}
