//! What was made is installed into temporary folders, and tried. What is not there on this machine to try it
//! with is said.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::libraries::made;
use super::{Target, VERSION, printed};
use crate::command::{self, succeed};
use crate::{Result, root};

/// Installs and tries all that can run here.
pub(super) fn all(out: &Path, targets: &[Target]) -> Result<()> {
    succeed(Command::new("sha256sum").args(["--check", "--quiet", "SHA256SUMS"]).current_dir(out))?;
    let folder = command::target().join("dist-check");
    if folder.is_dir() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let here = *targets.first().ok_or("nothing was made")?;
    archive(out, here, &folder.join("archive"))?;
    debian(out, here, &folder.join("deb"))?;
    wheel(out, here, &folder.join("python"))?;
    npm(out, &folder.join("node"))?;
    manifests(out)?;
    println!("installed and tried");
    Ok(())
}

/// The program runs, and needs no library of the machine; kubectl finds it.
fn archive(out: &Path, target: Target, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    succeed(Command::new("tar").arg("-xzf").arg(out.join(target.archive())).current_dir(folder))?;
    works(&folder.join("waypoint-xds"))?;
    if !is_static(&std::fs::read(folder.join("waypoint-xds"))?) {
        return Err("the program is not static".into());
    }
    for needed in ["man/waypoint-xds.1", "man/waypoint-xds-lint.1", "completions/_waypoint-xds", "LICENSE"] {
        if !folder.join(needed).is_file() {
            return Err(format!("the archive has no {needed}").into());
        }
    }
    let mut path = OsString::from(folder);
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    if Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        println!("not tried: `kubectl waypoint-xds`, there is no kubectl");
        return Ok(());
    }
    expect_version(&printed(Command::new("kubectl").args(["waypoint-xds", "--version"]).env("PATH", path))?)
}

/// Whether a program is one in ELF that no loader of the machine has to start: without a program header of
/// type 3.
fn is_static(program: &[u8]) -> bool {
    let number = |at: usize, size: usize| {
        let bytes = program.get(at..at + size).unwrap_or_default();
        bytes.iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    let (headers, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    program.starts_with(b"\x7fELF") && (0..count).all(|index| number(headers + index * size, 4) != 3)
}

fn debian(out: &Path, target: Target, folder: &Path) -> Result<()> {
    if Command::new("dpkg-deb").arg("--version").output().is_err() {
        println!("not tried: the package for Debian, there is no dpkg-deb");
        return Ok(());
    }
    let package = out.join(target.package());
    let version = printed(Command::new("dpkg-deb").arg("--field").arg(&package).arg("Version"))?;
    if version.trim() != VERSION {
        return Err(format!("the package for Debian is of version {version}").into());
    }
    succeed(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(folder))?;
    works(&folder.join("usr/bin/kubectl-waypoint_xds"))
}

fn wheel(out: &Path, target: Target, folder: &Path) -> Result<()> {
    let Some(wheel) = made(out, &format!("{}.whl", target.arch))? else {
        println!("not tried: the wheel, which was not made (--wheels)");
        return Ok(());
    };
    succeed(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let python = folder.join("bin/python");
    let install = ["-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-index"];
    succeed(Command::new(&python).args(install).arg(wheel))?;
    let example = "import doctest, sys, waypoint_xds; failed, attempted = doctest.testmod(waypoint_xds); sys.exit(failed > 0 or attempted == 0)";
    succeed(Command::new(python).args(["-c", example]))
}

fn npm(out: &Path, folder: &Path) -> Result<()> {
    let Some(tarball) = made(out, ".tgz")? else {
        println!("not tried: the npm package, which was not made (--npm)");
        return Ok(());
    };
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("package.json"), r#"{"private": true, "type": "module"}"#)?;
    let install = ["install", "--offline", "--no-audit", "--no-fund", "--silent"];
    succeed(Command::new("npm").args(install).arg(tarball).current_dir(folder))?;
    let example = r#"import { Snapshot, translate } from "waypoint-xds"; if (translate(Snapshot.fromYaml("")).waypoints.length !== 0) process.exit(1);"#;
    succeed(Command::new("node").args(["--input-type=module", "--eval", example]).current_dir(folder))
}

/// Each manifest has the sum of the archive that it names.
fn manifests(out: &Path) -> Result<()> {
    let sums = std::fs::read_to_string(out.join("SHA256SUMS"))?;
    for manifest in ["waypoint-xds.krew.yaml", "waypoint-xds.rb"] {
        let text = std::fs::read_to_string(out.join(manifest))?;
        let known = |line: &str| line.split_once("  ").is_some_and(|(sum, _)| text.contains(sum));
        if !sums.lines().filter(|line| line.ends_with("-linux.tar.gz")).all(known) {
            return Err(format!("{manifest} lacks a sum").into());
        }
    }
    let components: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("waypoint-xds.cdx.json"))?)?;
    let listed = components.pointer("/components").and_then(serde_json::Value::as_array).map_or(0, Vec::len);
    if listed < 20 { Err(format!("the SBOM lists {listed} crates").into()) } else { Ok(()) }
}

/// A program tells its version, and finds what is wrong.
fn works(program: &PathBuf) -> Result<()> {
    expect_version(&printed(Command::new(program).arg("--version"))?)?;
    let typo = root().join("testdata/readme/typo.yaml");
    let found = Command::new(program).args(["lint", "-o", "concise", "-f"]).arg(typo).output()?;
    let text = String::from_utf8(found.stdout)?;
    if found.status.code() == Some(1) && text.contains("error[unknown-field]") {
        return Ok(());
    }
    Err(format!("{} does not find the typo:\n{text}", program.display()).into())
}

fn expect_version(text: &str) -> Result<()> {
    if text.trim() == format!("waypoint-xds {VERSION}") {
        return Ok(());
    }
    Err(format!("expected version {VERSION}, found {text}").into())
}
