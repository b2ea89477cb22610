//! `cargo xtask ci`: exactly what CI runs, step by step, with the time that each takes.

use std::time::Instant;

use crate::command::cargo;
use crate::{Result, root};

/// A step: its name and the cargo command.
const STEPS: &[(&str, &[&str])] = &[
    ("format", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
    ("dependencies", &["xtask", "deps"]),
    ("layers", &["xtask", "layers"]),
    (
        "tests",
        &[
            "test",
            "--workspace",
            "--no-fail-fast",
            "--features",
            "waypoint-xds/envoy-types,waypoint-xds/serde_yaml",
        ],
    ),
    ("documentation", &["doc", "--quiet", "--workspace", "--no-deps"]),
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
];

/// Runs every step, also those after one that failed, so that one run shows all that is wrong.
///
/// # Errors
///
/// If a step failed; the error names every such step.
pub(crate) fn run() -> Result<()> {
    let mut failed = Vec::new();
    for (name, command) in STEPS {
        println!("\n=== {name}: cargo {}", command.join(" "));
        let start = Instant::now();
        let status = cargo()
            .args(*command)
            .env("RUSTDOCFLAGS", "--deny warnings")
            // Tests with a real Envoy or kubectl are not skipped here.
            .env("WAYPOINT_XDS_REQUIRE_ENVOY", "1")
            .env("WAYPOINT_XDS_REQUIRE_KUBECTL", "1")
            .current_dir(root())
            .status()?;
        let outcome = if status.success() { "" } else { ", failed" };
        println!("=== {name}: {} s{outcome}", start.elapsed().as_secs());
        if !status.success() {
            failed.push(*name);
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("these steps failed: {}", failed.join(", ")).into()) }
}
