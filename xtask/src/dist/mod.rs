//! `cargo xtask dist`: what a release has, in `target/dist`.
//!
//! | always | by `--wheels` | by `--npm` |
//! |---|---|---|
//! | a static program for each target, as `.tar.gz` and `.deb`, with man pages and completions; the Python package's sources; the SBOM; manifests for krew and Homebrew; checksums | manylinux wheels, several minutes each | the npm package, several minutes |
//!
//! The target is that of this machine; `--target all` and `--all` take both. `--check` installs what was made
//! into temporary folders, and tries it.

mod archive;
mod binary;
mod check;
mod deb;
mod libraries;
mod manifests;
mod sbom;
mod tools;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Dist;
use crate::{Result, command};

/// The version that is packed.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A machine that a release is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The instruction set, as rustc calls it.
    arch: &'static str,
    /// As Debian calls it.
    debian: &'static str,
    /// As Go, and so krew, calls it.
    go: &'static str,
}

const TARGETS: [Target; 2] = [
    Target { arch: "x86_64", debian: "amd64", go: "amd64" },
    Target { arch: "aarch64", debian: "arm64", go: "arm64" },
];

impl Target {
    /// What the static program is compiled for.
    fn musl(self) -> String {
        format!("{}-unknown-linux-musl", self.arch)
    }

    /// What the extension module of Python is compiled for.
    fn gnu(self) -> String {
        format!("{}-unknown-linux-gnu", self.arch)
    }

    /// The archive of the program, without a version: `releases/latest/download` finds it.
    fn archive(self) -> String {
        format!("waypoint-xds-{}-linux.tar.gz", self.arch)
    }

    fn package(self) -> String {
        format!("waypoint-xds_{VERSION}_{}.deb", self.debian)
    }

    /// That of this machine.
    fn here() -> Result<Self> {
        let host = command::host()?;
        let found = TARGETS.into_iter().find(|target| host.starts_with(target.arch));
        found.ok_or_else(|| format!("releases are made on x86-64 and arm64 machines, not on {host}").into())
    }
}

/// Runs the task.
pub(crate) fn run(args: &Dist) -> Result<()> {
    let mut targets = vec![Target::here()?];
    if args.all || args.target.is_some() {
        targets.extend(TARGETS.into_iter().filter(|target| !targets.contains(target)).collect::<Vec<_>>());
    }
    let out = folder();
    if out.is_dir() {
        std::fs::remove_dir_all(&out)?;
    }
    std::fs::create_dir_all(&out)?;
    let tools = tools::ready()?;
    // The program of this machine comes first: it prints the man pages and completions of all of them.
    let mut shared = Vec::new();
    for target in &targets {
        let program = binary::build(&tools, *target)?;
        if shared.is_empty() {
            shared = binary::shared(&program)?;
        }
        let content = binary::content(&program, &shared)?;
        std::fs::write(out.join(target.archive()), archive::tar_gz(&content)?)?;
        std::fs::write(out.join(target.package()), deb::package(*target, &content)?)?;
    }
    libraries::sources(&tools, &out)?;
    if args.wheels || args.all {
        libraries::wheels(&tools, &targets, &out)?;
    }
    if args.npm || args.all {
        libraries::npm(&out)?;
    }
    std::fs::write(out.join("waypoint-xds.cdx.json"), sbom::text()?)?;
    manifests::write(&targets, &out)?;
    sums(&out)?;
    for path in files(&out)? {
        println!("{:>12} {}", path.metadata()?.len(), name(&path));
    }
    if args.check { check::all(&out, &targets) } else { Ok(()) }
}

/// Where it all goes.
fn folder() -> PathBuf {
    command::target().join("dist")
}

/// The files of a folder, by name: not cargo's lock, which keeps what the profile `dist` compiles for this
/// machine in the same folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    all.retain(|path| path.is_file() && !name(path).starts_with('.'));
    all.sort();
    Ok(all)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What a command prints.
fn printed(command: &mut Command) -> Result<String> {
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("failed: {command:?}\n{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The SHA-256 sum of a file.
fn sum(path: &Path) -> Result<String> {
    let line = printed(Command::new("sha256sum").arg("--binary").arg(path))?;
    Ok(line.split(' ').next().unwrap_or_default().trim_start_matches('\\').to_owned())
}

/// Writes the sums of all files, as `sha256sum --check` reads them.
fn sums(out: &Path) -> Result<()> {
    let mut lines = String::new();
    for path in files(out)? {
        lines.push_str(&format!("{}  {}\n", sum(&path)?, name(&path)));
    }
    Ok(std::fs::write(out.join("SHA256SUMS"), lines)?)
}
