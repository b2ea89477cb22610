//! `cargo xtask doors`: Rust, the command line, Python and JavaScript give identical bytes for every golden
//! case.
//!
//! A door is a program that is given what to do on standard input, `translate` or `trace`, the snapshots, the
//! folder to write to, and the releases.
//!
//! - `translate CASES OUT RELEASE…` takes the names of cases, one a line, and writes
//!   `<out>/<release>/<case>.json`, what `translate -o json` prints, and `<case>.bin`, the encoded resources
//!   of all waypoints, in the order of `List::ALL`, each behind its length as a varint. The command line does
//!   not print them, so that it is compared by its JSON only.
//! - `trace SNAPSHOT OUT RELEASE…` takes `testdata/trace/requests.json`, and writes `<name>.json` and
//!   `<name>.txt`, what `trace` prints.

mod traces;

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

use crate::command::{cargo, program, succeed};
use crate::{Result, python, root};

/// A way to the library.
struct Door {
    name: &'static str,
    /// Builds it.
    build: fn() -> Result<()>,
    /// Translates cases into a folder.
    translate: fn(&Path, &[String]) -> Result<()>,
    /// Traces the requests of `testdata/trace` into a folder.
    trace: fn(&Path) -> Result<()>,
    /// Whether it writes encoded messages too.
    encodes: bool,
}

const DOORS: [Door; 3] = [
    Door {
        name: "command line",
        build: || {
            succeed(cargo().args(["build", "--quiet", "--package", "waypoint-xds-cli"]).current_dir(root()))
        },
        translate: command_line,
        trace: traces::command_line,
        encodes: false,
    },
    Door {
        name: "Python",
        build: || python::installed().map(drop),
        translate: |out, cases| all_cases(python_door(), out, cases),
        trace: |out| traces::all_requests(python_door(), out),
        encodes: true,
    },
    Door {
        name: "JavaScript",
        build: || succeed(cargo().args(["xtask", "wasm", "--no-test"]).current_dir(root())),
        translate: |out, cases| all_cases(npm_door(), out, cases),
        trace: |out| traces::all_requests(npm_door(), out),
        encodes: true,
    },
];

fn cases_folder() -> PathBuf {
    root().join("testdata/cases")
}

/// Runs the task.
pub(crate) fn run() -> Result<()> {
    let cases = cases()?;
    let out = root().join("target/doors");
    if out.is_dir() {
        std::fs::remove_dir_all(&out)?;
    }
    for door in &DOORS {
        let out = out.join(door.name);
        (door.build)()?;
        (door.translate)(&out, &cases)?;
        (door.trace)(&out)?;
    }
    let (mut differ, traced) = traces::differences(&out)?;
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
        "the library, {}: identical bytes for {} cases and {traced} traced requests in {} releases",
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
    for release in Release::ALL {
        let folder = out.join(release.as_str());
        std::fs::create_dir_all(&folder)?;
        for case in cases {
            let mut translate = Command::new(program());
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

fn python_door() -> Command {
    let mut door = Command::new(python::interpreter("tools"));
    door.arg(root().join("crates/py/tests/door.py"));
    door
}

fn npm_door() -> Command {
    let mut door = Command::new("node");
    door.arg(root().join("crates/wasm/npm/scripts/door.mjs"));
    door
}

fn all_cases(mut door: Command, out: &Path, cases: &[String]) -> Result<()> {
    door.arg("translate").arg(cases_folder());
    one_process(door, out, &cases.join("\n"))
}

/// Opens a door that takes everything at once, on standard input.
fn one_process(mut door: Command, out: &Path, input: &str) -> Result<()> {
    door.arg(out).args(Release::ALL.iter().map(|release| release.as_str()));
    let mut child = door.stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    if child.wait()?.success() { Ok(()) } else { Err(format!("failed: {door:?}").into()) }
}
