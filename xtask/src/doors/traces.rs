//! The requests of `testdata/trace`, through every door: the same words, and the same JSON.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use waypoint_xds::Session;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::{Request, RequestSpec};
use waypoint_xds::view::trace;

use super::{DOORS, one_process};
use crate::command::program;
use crate::{Result, root};

/// The snapshot's name, as every door is to call it.
const SNAPSHOT: &str = "shop.yaml";

/// A request with its name.
#[derive(serde::Deserialize)]
struct Named {
    name: String,
    request: RequestSpec,
}

fn folder() -> PathBuf {
    root().join("testdata/trace")
}

fn requests() -> Result<Vec<Named>> {
    let requests: Vec<Named> =
        serde_json::from_str(&std::fs::read_to_string(folder().join("requests.json"))?)?;
    if requests.is_empty() { Err("no request in testdata/trace".into()) } else { Ok(requests) }
}

/// What the doors say otherwise than the library, and how many requests there are.
pub(super) fn differences(out: &Path) -> Result<(Vec<String>, usize)> {
    let requests = requests()?;
    let mut differ = Vec::new();
    let text = std::fs::read_to_string(folder().join(SNAPSHOT))?;
    for release in Release::ALL {
        let session =
            Session::read([SourceFile::new(SNAPSHOT, text.as_str())], &Options::for_release(*release));
        for Named { name, request } in &requests {
            let traced = session.trace(&Request::try_from(request.clone())?)?;
            let words = trace::text(&traced, &session.places(), false);
            let json = numbers_as_floats(trace::json(&traced, &session.places())?);
            for door in &DOORS {
                let file = out.join(door.name).join(release.as_str()).join(name);
                if std::fs::read_to_string(file.with_added_extension("txt"))? != words {
                    differ.push(format!("trace {name} {release}: the words of {}", door.name));
                }
                let given = std::fs::read_to_string(file.with_added_extension("json"))?;
                if numbers_as_floats(serde_json::from_str(&given)?) != json {
                    differ.push(format!("trace {name} {release}: the JSON of {}", door.name));
                }
            }
        }
    }
    Ok((differ, requests.len()))
}

/// JavaScript does not tell `1` and `1.0` apart.
fn numbers_as_floats(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(values) => values.into_iter().map(numbers_as_floats).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, numbers_as_floats(value))).collect()
        }
        other => other,
    }
}

/// The command line takes one request at a time, as options.
pub(super) fn command_line(out: &Path) -> Result<()> {
    for release in Release::ALL {
        let folder = out.join(release.as_str());
        std::fs::create_dir_all(&folder)?;
        for Named { name, request } in requests()? {
            let file = folder.join(&name);
            let claims = file.with_added_extension("claims");
            if let Some(given) = &request.claims {
                std::fs::write(&claims, serde_json::to_string(given)?)?;
            }
            for (format, extension) in [("text", "txt"), ("json", "json")] {
                let mut traced = Command::new(program());
                traced.args(["trace", "-q", "-f", SNAPSHOT, "--release", release.as_str(), "-o", format]);
                traced.args(options(&request)?).current_dir(self::folder());
                if request.claims.is_some() {
                    traced.arg("--claims").arg(&claims);
                }
                // It exits with 1 where a request is denied.
                std::fs::write(file.with_added_extension(extension), traced.output()?.stdout)?;
            }
        }
    }
    Ok(())
}

/// A request as options. Whatever the file of requests says and this does not know is an error.
fn options(request: &RequestSpec) -> Result<Vec<String>> {
    let RequestSpec { from, to, protocol, method, path, headers, claims, .. } = request.clone();
    let known = RequestSpec {
        from: from.clone(),
        to: to.clone(),
        protocol: protocol.clone(),
        method: method.clone(),
        path: path.clone(),
        headers: headers.clone(),
        claims,
        ..RequestSpec::default()
    };
    if known != *request {
        return Err(format!("a request says what the command line is not given: {request:?}").into());
    }
    let fields =
        [("--from", from), ("--to", to), ("--protocol", protocol), ("--method", method), ("--path", path)];
    let given = fields.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?]));
    let headers = headers.0.iter().map(|(name, value)| ["--header".to_owned(), format!("{name}: {value}")]);
    Ok(given.chain(headers).flatten().collect())
}

/// A door that takes all requests at once.
pub(super) fn all_requests(mut door: Command, out: &Path) -> Result<()> {
    door.arg("trace").arg(SNAPSHOT).current_dir(folder());
    one_process(door, out, &std::fs::read_to_string(folder().join("requests.json"))?)
}
