//! Configurations that do not do what their author meant, each with a request that shows it: the trace has to
//! name the object, and the field, that is why. `testdata/trace/pits/<pit>.yaml` begins with comments that
//! say what is asked and expected:
//!
//! ```text
//! # ask: SOURCE DESTINATION METHOD PATH      or TCP in place of method and path
//! # verdict: VERDICT [STATUS]
//! # names: KIND NAMESPACE/NAME [FIELD][: words of the step or rule]
//! ```
#![allow(clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::{DecidedBy, Protocol, Request, Trace};

/// What a pit's comments say.
struct Pit {
    name: String,
    text: String,
    ask: Vec<String>,
    verdict: String,
    names: Vec<String>,
}

fn pits() -> Vec<Pit> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/trace/pits");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("the pits").map(|entry| entry.expect("a pit").path()).collect();
    files.sort();
    files.iter().map(|file| pit(file)).collect()
}

fn pit(file: &Path) -> Pit {
    let text = fs::read_to_string(file).expect("a pit");
    let said = |what: &str| -> Vec<String> {
        let start = format!("# {what}: ");
        text.lines().filter_map(|line| line.strip_prefix(&start)).map(str::to_owned).collect()
    };
    let one = |what: &str| said(what).into_iter().next().unwrap_or_default();
    Pit {
        name: file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        ask: one("ask").split(' ').map(str::to_owned).collect(),
        verdict: one("verdict"),
        names: said("names"),
        text,
    }
}

fn trace(pit: &Pit) -> Trace {
    let [source, destination, rest @ ..] = pit.ask.as_slice() else {
        panic!("{}: nothing is asked", pit.name)
    };
    let source = source.parse().expect("a source");
    let mut request = Request::new(source, destination.parse().expect("a destination"));
    match rest {
        [method, path] => {
            request.method.clone_from(method);
            request.path.clone_from(path);
        }
        _ => request.protocol = Protocol::Tcp,
    }
    let file = SourceFile::new(format!("{}.yaml", pit.name), pit.text.clone());
    let session = Session::read([file], &Options::for_release(Release::LATEST));
    session.trace(&request).unwrap_or_else(|error| panic!("{}: {error}", pit.name))
}

/// All that the trace names, with what it says there.
fn named(trace: &Trace) -> Vec<(String, &str)> {
    let name = |DecidedBy(cause): &DecidedBy| format!("{} {}", cause.object, cause.field).trim().to_owned();
    let mut all: Vec<(String, &str)> =
        trace.decided_by.iter().map(|because| (name(because), trace.reason.as_str())).collect();
    for step in &trace.steps {
        all.extend(step.because.iter().map(|because| (name(because), step.text.as_str())));
        let details = step.details.iter();
        all.extend(details.filter_map(|detail| Some((name(detail.because.as_ref()?), detail.text.as_str()))));
    }
    all
}

#[test]
fn the_trace_of_a_pit_names_the_cause() {
    let pits = pits();
    assert!(pits.len() >= 30, "{} pits", pits.len());
    let mut missed = Vec::new();
    for pit in &pits {
        let trace = trace(pit);
        let status = trace.status.map(|status| format!(" {status}")).unwrap_or_default();
        let verdict = format!("{:?}{status}", trace.verdict).to_lowercase();
        if verdict != pit.verdict {
            missed
                .push(format!("{}: {} is expected, not {verdict}: {}", pit.name, pit.verdict, trace.reason));
        }
        let found = named(&trace);
        assert!(!pit.names.is_empty(), "{}: nothing is expected to be named", pit.name);
        for name in &pit.names {
            let (object, words) = name.split_once(": ").unwrap_or((name, ""));
            if !found.iter().any(|(name, text)| name.starts_with(object) && text.contains(words)) {
                missed.push(format!("{}: `{name}` is not named, but {found:#?}", pit.name));
            }
        }
    }
    assert!(missed.is_empty(), "{} misses:\n{}", missed.len(), missed.join("\n"));
}
