//! What was made is installed into temporary folders, and tried. What is not there on this machine to try it
//! with is said.

mod debian;
mod elf;
mod manifests;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::libraries::made;
use super::{Target, VERSION, files, name, printed, sum};
use crate::command::{self, succeed};
use crate::{Result, python, root};
use elf::Elf;
use manifests::Archive;

/// Installs and tries all that can run here.
pub(super) fn all(out: &Path, targets: &[Target]) -> Result<()> {
    succeed(Command::new("sha256sum").args(["--check", "--quiet", "SHA256SUMS"]).current_dir(out))?;
    let folder = command::target().join("dist-check");
    if folder.is_dir() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let archives = archives(out, targets, &folder.join("archive"))?;
    let pages = man_pages(&archives, &folder.join("archive"))?;
    debian::check(out, targets, &pages, &folder.join("deb"))?;
    python(out, targets, &folder.join("python"))?;
    npm(out, &folder.join("node"))?;
    manifests(out, &archives)?;
    println!("installed and tried");
    Ok(())
}

/// A program of every target is static and for its machine; that of this machine runs, and kubectl finds it.
/// Gives what is in each archive.
fn archives(out: &Path, targets: &[Target], folder: &Path) -> Result<Vec<Archive>> {
    let mut archives = Vec::new();
    for target in targets {
        let packed = out.join(target.archive());
        let folder = folder.join(target.arch);
        std::fs::create_dir_all(&folder)?;
        succeed(Command::new("tar").arg("-xzf").arg(&packed).current_dir(&folder))?;
        let program = std::fs::read(folder.join("waypoint-xds"))?;
        is_for(&program, *target, "the program")?;
        if !Elf::read(&program).is_some_and(Elf::is_static) {
            return Err(format!("the program for {} is not static", target.arch).into());
        }
        let listed = printed(Command::new("tar").arg("-tzf").arg(&packed))?;
        let files = listed.lines().filter(|name| !name.ends_with('/')).map(str::to_owned).collect();
        archives.push(Archive { target: *target, sum: sum(&packed)?, files });
    }
    let here = folder.join(targets.first().ok_or("nothing was made")?.arch);
    works(&here.join("waypoint-xds"))?;
    completions(&here.join("completions"))?;
    let mut path = OsString::from(here);
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    if Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        println!("not tried: `kubectl waypoint-xds`, there is no kubectl");
        return Ok(archives);
    }
    expect_version(&printed(Command::new("kubectl").args(["waypoint-xds", "--version"]).env("PATH", path))?)?;
    Ok(archives)
}

/// Whether a program or library is one for a target.
fn is_for(bytes: &[u8], target: Target, what: &str) -> Result<()> {
    match Elf::read(bytes).map(Elf::arch) {
        Some(Some(arch)) if arch == target.arch => Ok(()),
        found => Err(format!("{what} for {} is for {found:?}", target.arch).into()),
    }
}

/// The man pages of all commands, by what the book lists, and that each is one.
fn man_pages(archives: &[Archive], folder: &Path) -> Result<Vec<String>> {
    let book = std::fs::read_to_string(root().join("docs/reference/command-line.md"))?;
    let pages = man_pages_of(&book);
    for page in &pages {
        for archive in archives {
            let path = folder.join(archive.target.arch).join("man").join(page);
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}: a command without its page", path.display()))?;
            if !text.contains(".TH ") || !text.contains(".SH NAME") || !text.contains(".SH SYNOPSIS") {
                return Err(format!("{} is no man page", path.display()).into());
            }
        }
    }
    Ok(pages)
}

/// `waypoint-xds waypoint list` has a page of its own, and so has `waypoint-xds waypoint`.
fn man_pages_of(book: &str) -> Vec<String> {
    let commands = book.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'));
    let mut pages = BTreeSet::new();
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        pages.extend(
            (1..=words.len())
                .map(|end| format!("{}.1", words.iter().take(end).copied().collect::<Vec<_>>().join("-"))),
        );
    }
    pages.into_iter().collect()
}

/// Each shell that is here takes its script. What it completes then is driven by the tests of the command
/// line.
fn completions(folder: &Path) -> Result<()> {
    for (shell, file, arguments) in [
        ("bash", "waypoint-xds.bash", &["-c", "source \"$0\" && complete -p waypoint-xds"][..]),
        ("zsh", "_waypoint-xds", &["-n"]),
        ("fish", "waypoint-xds.fish", &["--no-execute"]),
    ] {
        let script = folder.join(file);
        if !std::fs::read_to_string(&script)?.contains("WAYPOINT_XDS_COMPLETE") {
            return Err(format!("{} does not ask the program", script.display()).into());
        }
        if Command::new(shell).arg("--version").output().is_err() {
            println!("not tried: completion in {shell}, which is not here");
            continue;
        }
        printed(Command::new(shell).args(arguments).arg(&script))?;
    }
    Ok(())
}

/// The extension module of every wheel is for its machine, and that of this machine works in an environment
/// that has nothing else; so does what pip builds of the sources.
fn python(out: &Path, targets: &[Target], folder: &Path) -> Result<()> {
    for target in targets {
        let Some(wheel) = made(out, &format!("{}.whl", target.arch))? else {
            println!(
                "not tried: the wheel and the sources for {}, wheels were not made (--wheels)",
                target.arch
            );
            return Ok(());
        };
        let unpacked = folder.join(target.arch);
        succeed(Command::new("python3").args(["-m", "zipfile", "--extract"]).arg(&wheel).arg(&unpacked))?;
        let module =
            files(&unpacked.join("waypoint_xds"))?.into_iter().find(|path| name(path).ends_with(".so"));
        is_for(&std::fs::read(module.ok_or("a wheel without extension module")?)?, *target, "the wheel")?;
        if Some(target) == targets.first() {
            installs(&wheel, &["--no-index"], &folder.join("wheel"))?;
        }
    }
    let sources = made(out, ".tar.gz")?.filter(|path| name(path).starts_with("waypoint_xds-"));
    installs(&sources.ok_or("there are no sources of the Python package")?, &[], &folder.join("sources"))
}

/// Installs a wheel or sources where nothing else is, and runs the package's own examples.
fn installs(package: &Path, how: &[&str], environment: &Path) -> Result<()> {
    succeed(Command::new("python3").args(["-m", "venv"]).arg(environment))?;
    let python = environment.join("bin/python");
    succeed(
        python::pip(&python).args(how).arg(package).env("CARGO_TARGET_DIR", command::target().join("sdist")),
    )?;
    let example = "import doctest, sys, waypoint_xds; failed, attempted = doctest.testmod(waypoint_xds); sys.exit(failed > 0 or attempted == 0)";
    succeed(Command::new(python).args(["-c", example]).current_dir(environment))
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

/// What package managers read, and the list of what the program is made of.
fn manifests(out: &Path, archives: &[Archive]) -> Result<()> {
    manifests::krew(&std::fs::read_to_string(out.join("waypoint-xds.krew.yaml"))?, archives)?;
    manifests::homebrew(&std::fs::read_to_string(out.join("waypoint-xds.rb"))?, archives)?;
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

#[cfg(test)]
mod tests {
    use super::man_pages_of;

    #[test]
    fn every_command_has_a_page() {
        let book =
            "# The command line\n## `waypoint-xds lint`\n## `waypoint-xds waypoint list`\n## Options\n";
        let pages = [
            "waypoint-xds-lint.1",
            "waypoint-xds-waypoint-list.1",
            "waypoint-xds-waypoint.1",
            "waypoint-xds.1",
        ];
        assert_eq!(man_pages_of(book), pages);
    }
}
