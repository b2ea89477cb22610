//! What a shell is told while a line is typed: clap's engine knows the words of the command line; what they
//! may name, releases or the waypoints of the input on the same line, is looked up here.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};
use files::Wanted;
use waypoint_xds::Session;
use waypoint_xds::features::Features;
use waypoint_xds::limits::Limits;
use waypoint_xds::options::Options;
use waypoint_xds::problem::{Code, Group};
use waypoint_xds::release::Release;

use crate::Failure;
use crate::args::Args;

/// Set by a shell that asks.
const VARIABLE: &str = "WAYPOINT_XDS_COMPLETE";

/// How the program is called.
const NAME: &str = "waypoint-xds";

/// Answers a shell that asks, and ends the program then.
pub(crate) fn answer() {
    CompleteEnv::with_factory(Args::command).var(VARIABLE).complete();
}

/// What makes a shell ask.
pub(crate) fn script(shell: Shell) -> Result<String, Failure> {
    let name = shell.to_string();
    let shells = Shells::builtins();
    let completer = shells.completer(&name);
    let completer = completer.ok_or_else(|| Failure::Usage(format!("no completions for {name}")))?;
    let mut script = Vec::new();
    let written = completer.write_registration(VARIABLE, NAME, NAME, NAME, &mut script);
    written.map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(String::from_utf8_lossy(&script).into_owned())
}

fn candidates<S: Into<OsString>>(all: impl IntoIterator<Item = S>) -> Vec<CompletionCandidate> {
    all.into_iter().map(CompletionCandidate::new).collect()
}

pub(crate) fn releases() -> Vec<CompletionCandidate> {
    candidates(Release::ALL.iter().map(|release| release.as_str()).chain(["auto"]))
}

pub(crate) fn features() -> Vec<CompletionCandidate> {
    candidates(Features::NAMES.iter().map(|name| format!("{name}=")))
}

pub(crate) fn limits() -> Vec<CompletionCandidate> {
    candidates(Limits::NAMES.iter().map(|name| format!("{name}=")))
}

pub(crate) fn codes() -> Vec<CompletionCandidate> {
    candidates(Code::ALL.iter().map(|code| code.id()))
}

/// What `--select` and `--ignore` take.
pub(crate) fn selectors() -> Vec<CompletionCandidate> {
    let words = Code::ALL.iter().map(|code| code.id()).chain(Group::ALL.map(Group::as_str)).chain(["all"]);
    candidates(words)
}

/// Waypoints as istioctl names them: NAME.NAMESPACE.
pub(crate) fn proxies() -> Vec<CompletionCandidate> {
    waypoints(|namespace, name| format!("{name}.{namespace}"))
}

/// Waypoints by NAMESPACE/NAME.
pub(crate) fn gateways() -> Vec<CompletionCandidate> {
    waypoints(|namespace, name| format!("{namespace}/{name}"))
}

fn waypoints(called: impl Fn(&str, &str) -> String) -> Vec<CompletionCandidate> {
    let names = session().into_iter().flat_map(|session| {
        let waypoints = session.mesh().waypoints.iter();
        waypoints.map(|waypoint| called(&waypoint.name.namespace, &waypoint.name.name)).collect::<Vec<_>>()
    });
    candidates(names)
}

/// What the line that is typed reads, if that can be read. Nothing is run for it, and standard input is not
/// touched.
fn session() -> Option<Session> {
    let paths = inputs(std::env::args_os().skip_while(|word| word != "--"));
    let found = files::read_wanted(paths.iter().filter(|path| path.exists()), &Wanted::default()).ok()?;
    Some(Session::read(found.sources, &Options::default()))
}

/// The values of `-f` among the words of a line.
fn inputs(words: impl Iterator<Item = OsString>) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut words = words.filter_map(|word| word.into_string().ok());
    while let Some(word) = words.next() {
        let joined = word.strip_prefix("--filename=").or_else(|| word.strip_prefix("-f"));
        let value = match joined {
            Some("") => words.next(),
            _ if word == "--filename" => words.next(),
            joined => joined.map(str::to_owned),
        };
        paths.extend(value.map(PathBuf::from));
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_found_however_they_are_written() {
        let line =
            ["--", "waypoint-xds", "pc", "-f", "a", "-fb", "--filename=c", "--filename", "d", "x", "-f"];
        let found = inputs(line.into_iter().map(OsString::from));
        assert_eq!(found, ["a", "b", "c", "d"].map(PathBuf::from));
    }
}
