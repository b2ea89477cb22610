//! Debian's package: what it says of itself, what is in it, and that it installs.

use std::path::Path;
use std::process::Command;

use super::super::{Target, VERSION, printed};
use super::works;
use crate::Result;
use crate::command::succeed;

/// What a package has, besides man pages.
const FILES: [&str; 6] = [
    "usr/bin/waypoint-xds",
    "usr/bin/kubectl-waypoint_xds",
    "usr/share/bash-completion/completions/waypoint-xds",
    "usr/share/zsh/vendor-completions/_waypoint-xds",
    "usr/share/fish/vendor_completions.d/waypoint-xds.fish",
    "usr/share/doc/waypoint-xds/copyright",
];

/// Checks the packages of all targets, and installs that of this machine. `pages` are the man pages that have
/// to be there.
pub(super) fn check(out: &Path, targets: &[Target], pages: &[String], folder: &Path) -> Result<()> {
    if Command::new("dpkg-deb").arg("--version").output().is_err() {
        println!("not tried: the package for Debian, there is no dpkg-deb");
        return Ok(());
    }
    for target in targets {
        let package = out.join(target.package());
        let extracted = folder.join(target.arch);
        std::fs::create_dir_all(&extracted)?;
        succeed(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(&extracted))?;
        fields(&package, *target, size(&extracted)?)?;
        let pages = pages.iter().map(|page| format!("usr/share/man/man1/{page}.gz"));
        for needed in FILES.map(str::to_owned).into_iter().chain(pages) {
            if !extracted.join(&needed).is_file() {
                return Err(format!("{} has no {needed}", package.display()).into());
            }
        }
    }
    let here = targets.first().ok_or("nothing was made")?;
    works(&folder.join(here.arch).join("usr/bin/kubectl-waypoint_xds"))?;
    install(&out.join(here.package()), &folder.join("root"))
}

/// What the package says of itself.
fn fields(package: &Path, target: Target, size: u64) -> Result<()> {
    let field = |name: &str| -> Result<String> {
        Ok(printed(Command::new("dpkg-deb").arg("--field").arg(package).arg(name))?.trim().to_owned())
    };
    for (name, expected) in
        [("Package", "waypoint-xds"), ("Version", VERSION), ("Architecture", target.debian)]
    {
        let found = field(name)?;
        if found != expected {
            return Err(format!("{}: {name} is {found}, expected {expected}", package.display()).into());
        }
    }
    for name in ["Maintainer", "Section", "Priority", "Homepage", "Description"] {
        if field(name)?.is_empty() {
            return Err(format!("{} lacks {name}", package.display()).into());
        }
    }
    let told: u64 = field("Installed-Size")?.parse()?;
    // In units of 1024 bytes, each file rounded up.
    if told < size / 1024 || told > size / 1024 + 100 {
        return Err(
            format!("{}: Installed-Size is {told}, its files have {size} bytes", package.display()).into()
        );
    }
    Ok(())
}

/// The bytes of the files below a folder.
fn size(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        bytes += if kind.is_dir() {
            size(&entry.path())?
        } else if kind.is_file() {
            entry.metadata()?.len()
        } else {
            0
        };
    }
    Ok(bytes)
}

/// Installs a package below a folder, as dpkg does, and removes it again. Only root may give files away.
fn install(package: &Path, root: &Path) -> Result<()> {
    if printed(Command::new("id").arg("--user"))?.trim() != "0" {
        println!("not tried: to install the package for Debian, which only root can");
        return Ok(());
    }
    let database = root.join("var/lib/dpkg");
    for folder in ["info", "updates"] {
        std::fs::create_dir_all(database.join(folder))?;
    }
    std::fs::write(database.join("status"), "")?;
    let dpkg = |arguments: &[&str]| {
        let mut dpkg = Command::new("dpkg");
        dpkg.arg("--root").arg(root).arg("--log=/dev/null").args(arguments);
        dpkg
    };
    printed(dpkg(&["--install"]).arg(package))?;
    works(&root.join("usr/bin/waypoint-xds"))?;
    printed(&mut dpkg(&["--purge", "waypoint-xds"]))?;
    if root.join("usr/bin/waypoint-xds").exists() {
        Err("dpkg did not remove the program".into())
    } else {
        Ok(())
    }
}
