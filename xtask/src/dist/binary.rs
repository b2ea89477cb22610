//! The program: one static file for each target, with what stands beside it.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::archive::{Content, Entry};
use super::tools::{self, Tools};
use super::{Target, files, name, printed};
use crate::command::{self, succeed};
use crate::{Result, root};

/// A program is downloaded in every run of somebody's CI. What takes the space: docs/performance.md.
const LIMIT: u64 = 14_000_000;

/// How the whole program is compiled and linked. It is at a fixed address, so that nothing has to be
/// relocated, and there are no tables for unwinding: the program aborts when it panics.
const FLAGS: [&str; 3] = [
    "-Crelocation-model=static",
    "-Clink-arg=-Wl,--no-eh-frame-hdr",
    "-Clink-arg=-Wl,-T,xtask/src/dist/no-unwind-tables.ld",
];

/// Compiles the program with the profile `dist`: a few minutes.
pub(super) fn build(tools: &Tools, target: Target) -> Result<PathBuf> {
    let triple = target.musl();
    tools::add_target(&triple)?;
    let mut build = tools.program("cargo-zigbuild")?;
    build.args(["rustc", "--quiet", "--locked", "--profile", "dist", "--package", "waypoint-xds-cli"]);
    build.args(["--bin", "waypoint-xds", "--target", &triple, "--"]);
    succeed(build.args(FLAGS))?;
    let program = command::target().join(triple).join("dist/waypoint-xds");
    let size = program.metadata()?.len();
    println!("{}: {size} bytes", program.display());
    if size > LIMIT {
        return Err(format!("the program has {size} bytes, at most {LIMIT} are wanted").into());
    }
    Ok(program)
}

/// What is the same for every target: the licence, man pages, completions. The program of this machine prints
/// them.
pub(super) fn shared(program: &Path) -> Result<Vec<Entry>> {
    let mut entries = vec![
        Entry::file("LICENSE", 0o644, std::fs::read(root().join("LICENSE"))?),
        Entry::file("Containerfile", 0o644, std::fs::read(root().join("packaging/Containerfile"))?),
    ];
    let pages = command::target().join("dist-man");
    if pages.is_dir() {
        std::fs::remove_dir_all(&pages)?;
    }
    succeed(Command::new(program).arg("man").arg(&pages))?;
    for page in files(&pages)? {
        entries.push(Entry::file(&format!("man/{}", name(&page)), 0o644, std::fs::read(&page)?));
    }
    for (shell, file) in
        [("bash", "waypoint-xds.bash"), ("zsh", "_waypoint-xds"), ("fish", "waypoint-xds.fish")]
    {
        let script = printed(Command::new(program).args(["completion", shell]))?;
        entries.push(Entry::file(&format!("completions/{file}"), 0o644, script.into_bytes()));
    }
    Ok(entries)
}

/// What an archive of the program has. By its second name kubectl finds it: `kubectl waypoint-xds`.
pub(super) fn content(program: &Path, shared: &[Entry]) -> Result<Vec<Entry>> {
    let mut entries = vec![
        Entry::file("waypoint-xds", 0o755, std::fs::read(program)?),
        Entry { path: "kubectl-waypoint_xds".to_owned(), content: Content::Link("waypoint-xds".to_owned()) },
    ];
    entries.extend_from_slice(shared);
    Ok(entries)
}
