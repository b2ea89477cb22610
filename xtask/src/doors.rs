//! `cargo xtask doors`: Rust, the command line, Python and JavaScript give identical bytes for every golden case.
//!
//! A door is a program that translates cases for every release. It gets three sorts of arguments: the folder of the cases,
//! the folder to write to, and the releases; and on standard input the cases' names, one a line. For each it writes
//!
//! - `<out>/<release>/<case>.json`: what `translate -o json` prints;
//! - `<out>/<release>/<case>.bin`: the encoded resources of all waypoints, in the order of `List::ALL`, each behind its
//!   length as a varint. The command line does not print them, so that it is compared by its JSON only.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use prost::encoding::encode_varint;
use waypoint_xds::options::Settings;
use waypoint_xds::release::Release;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::json;
use waypoint_xds::view::resource::{self, List};
use waypoint_xds::{Session, Translation};

use crate::command::{cargo, succeed};
use crate::{Result, python, root};

/// A way to the library.
struct Door {
    name: &'static str,
    /// Translates cases into a folder.
    open: fn(&Path, &[String]) -> Result<()>,
    /// Whether it writes encoded messages too.
    encodes: bool,
}

const DOORS: [Door; 3] = [
    Door { name: "command line", open: command_line, encodes: false },
    Door { name: "Python", open: python_package, encodes: true },
    Door { name: "JavaScript", open: npm_package, encodes: true },
];

fn cases_folder() -> PathBuf {
    root().join("testdata/cases")
}

/// Runs the task.
pub(crate) fn run(args: &[String]) -> Result<()> {
    if !args.is_empty() {
        return Err("doors takes no arguments".into());
    }
    let cases = cases()?;
    let out = root().join("target/doors");
    if out.is_dir() {
        std::fs::remove_dir_all(&out)?;
    }
    for door in &DOORS {
        (door.open)(&out.join(door.name), &cases)?;
    }
    let mut differ = Vec::new();
    for case in &cases {
        for release in Release::ALL {
            let session = library(case, *release)?;
            let translation = session.translation();
            let (text, bytes) = (json::translation(translation), encoded(translation));
            for door in &DOORS {
                let file = out.join(door.name).join(release.as_str()).join(case);
                if std::fs::read(file.with_added_extension("json"))? != text.as_bytes() {
                    differ.push(format!("{case} {release}: the JSON of {}", door.name));
                }
                if door.encodes && std::fs::read(file.with_added_extension("bin"))? != bytes {
                    differ.push(format!("{case} {release}: the messages of {}", door.name));
                }
            }
        }
    }
    if !differ.is_empty() {
        return Err(format!("not what the library gives:\n  {}", differ.join("\n  ")).into());
    }
    let names: Vec<&str> = DOORS.iter().map(|door| door.name).collect();
    println!(
        "the library, {}: identical bytes for {} cases and {} releases",
        names.join(", "),
        cases.len(),
        Release::ALL.len()
    );
    Ok(())
}

/// The names of the golden cases.
fn cases() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(cases_folder())? {
        let file = entry?.file_name().to_string_lossy().into_owned();
        names.extend(file.strip_suffix(".yaml").filter(|name| !name.ends_with(".mesh")).map(str::to_owned));
    }
    names.sort();
    if names.is_empty() { Err("no case in testdata/cases".into()) } else { Ok(names) }
}

/// A file beside the case's input: its mesh configuration (`mesh.yaml`) or its feature flags (`features`).
fn beside(case: &str, kind: &str) -> PathBuf {
    cases_folder().join(format!("{case}.{kind}"))
}

fn settings(case: &str) -> Result<Settings> {
    Ok(files::settings(&beside(case, "mesh.yaml"), &beside(case, "features"))?)
}

/// What the Rust library gives.
fn library(case: &str, release: Release) -> Result<Session> {
    let text = std::fs::read_to_string(cases_folder().join(format!("{case}.yaml")))?;
    let options = Settings { release: Some(release.to_string()), ..settings(case)? }.options()?;
    Ok(Session::read([SourceFile::new(case, text)], &options))
}

/// All resources of all waypoints, each behind its length.
fn encoded(translation: &Translation) -> Vec<u8> {
    let mut bytes = Vec::new();
    for waypoint in &translation.waypoints {
        for list in List::ALL {
            for resource in resource::all(waypoint, list) {
                let message = resource.to_bytes();
                encode_varint(message.len() as u64, &mut bytes);
                bytes.extend(message);
            }
        }
    }
    bytes
}

/// The command line takes one case at a time.
fn command_line(out: &Path, cases: &[String]) -> Result<()> {
    succeed(cargo().args(["build", "--quiet", "--package", "waypoint-xds-cli"]).current_dir(root()))?;
    for release in Release::ALL {
        let folder = out.join(release.as_str());
        std::fs::create_dir_all(&folder)?;
        for case in cases {
            let mut translate = Command::new(root().join("target/debug/waypoint-xds"));
            translate.args(["translate", "-o", "json", "--release", release.as_str(), "-f"]);
            translate.arg(cases_folder().join(format!("{case}.yaml")));
            let settings = settings(case)?;
            if settings.mesh_config.is_some() {
                translate.arg("--mesh-config").arg(beside(case, "mesh.yaml"));
            }
            for (name, value) in &settings.features {
                translate.arg("--feature").arg(format!("{name}={value}"));
            }
            // It exits with 1 where a case has problems, as some have on purpose.
            std::fs::write(folder.join(format!("{case}.json")), translate.output()?.stdout)?;
        }
    }
    Ok(())
}

fn python_package(out: &Path, cases: &[String]) -> Result<()> {
    let mut program = Command::new(python::installed()?);
    program.arg(root().join("crates/py/tests/door.py"));
    one_process(program, out, cases)
}

fn npm_package(out: &Path, cases: &[String]) -> Result<()> {
    succeed(cargo().args(["xtask", "wasm", "--no-test"]).current_dir(root()))?;
    let mut program = Command::new("node");
    program.arg(root().join("crates/wasm/npm/scripts/door.mjs"));
    one_process(program, out, cases)
}

/// Opens a door that takes all cases at once.
fn one_process(mut program: Command, out: &Path, cases: &[String]) -> Result<()> {
    program.arg(cases_folder()).arg(out).args(Release::ALL.iter().map(|release| release.as_str()));
    let mut child = program.stdin(Stdio::piped()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(cases.join("\n").as_bytes())?;
    }
    if child.wait()?.success() { Ok(()) } else { Err(format!("failed: {program:?}").into()) }
}
