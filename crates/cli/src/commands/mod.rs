//! One module per subcommand.

mod access;
mod bootstrap;
mod completion;
mod cost;
mod describe;
mod diff;
mod explain;
mod lint;
mod out;
mod proxy_config;
mod reference;
mod snapshot;
mod status;
mod test;
mod trace;
mod translate;
mod watch;
mod waypoint;
mod ztunnel_config;

use std::io::IsTerminal;

use files::Found;
use waypoint_xds::Session;
use waypoint_xds::dialect::Dialect;
use waypoint_xds::mesh::{DataPlane, Waypoint, WaypointName};
use waypoint_xds::options::{Assume, Options, Readiness, Settings, Validation};
use waypoint_xds::problem::{Problem, Severity};
use waypoint_xds::session::NoOneWaypoint;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::config_dump::ConfigDump;
use waypoint_xds::view::diagnostics::{self, Colour};
use waypoint_xds::view::findings;

use crate::args::{Args, ColorArg, Command, How, Input, ProblemFormat, Which};
use crate::{Failure, Outcome, input, output};

pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    match &args.command {
        Command::Translate(args) => translate::run(args),
        Command::ProxyConfig(args) => proxy_config::run(args),
        Command::ZtunnelConfig(args) => ztunnel_config::run(args),
        Command::Bootstrap(args) => bootstrap::run(args),
        Command::Waypoint { command } => waypoint::run(command),
        Command::Status(args) => status::run(args),
        Command::Snapshot(args) => snapshot::run(args),
        Command::Lint(args) => lint::run(args),
        Command::Describe(args) => describe::run(args),
        Command::Trace(args) => trace::run(args),
        Command::Test(args) => test::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Access(args) => access::run(args),
        Command::Cost(args) => cost::run(args),
        Command::Explain { code } => explain::run(code.as_deref()),
        Command::Completion { shell } => completion::run(*shell),
        Command::Man { directory } => completion::man(directory),
        Command::Reference => reference::run(),
    }
}

/// What an [`Input`] names, read.
fn session(input: &Input) -> Result<Session, Failure> {
    session_of(input::read(input)?, input)
}

/// What was read, as an [`Input`] says.
fn session_of(found: Found, input: &Input) -> Result<Session, Failure> {
    input::session(found, &options(input)?, input)
}

/// The options that an [`Input`] chooses.
fn options(input: &Input) -> Result<Options, Failure> {
    let (mesh_config, helm_values) = (input.how.mesh_config.as_deref(), input.how.helm_values.as_deref());
    let limits = input.how.limits()?;
    let settings = Settings {
        release: Some(input.release()),
        revision: input.how.revision.clone(),
        helm_values: helm_values.map(|path| input::text(path, &limits)).transpose()?,
        helm_values_name: helm_values.map(|path| path.display().to_string()),
        mesh_config: mesh_config.map(|path| input::text(path, &limits)).transpose()?,
        mesh_config_name: mesh_config.map(|path| path.display().to_string()),
        readiness: input.how.readiness.map(|readiness| Readiness::from(readiness).to_string()),
        assume: input.how.assume.map(|assume| Assume::from(assume).to_string()),
        validate: input.how.validate.map(|validate| Validation::from(validate).to_string()),
        dialect: input.how.dialect.map(|dialect| Dialect::from(dialect).to_string()),
        features: input.how.features.iter().map(|flag| feature(flag)).collect(),
        limits: input.how.limits.iter().cloned().collect(),
        ..Settings::default()
    };
    Ok(settings.options()?)
}

/// Refuses an option that is given and changes nothing of what is printed.
fn refuse(stray: Option<&str>, about: &str) -> Result<(), Failure> {
    match stray {
        Some(stray) => Err(Failure::Usage(format!("{stray} says nothing about {about}: leave it out"))),
        None => Ok(()),
    }
}

/// Without a value a flag is switched on, as in a shell's environment one would write NAME=true.
fn feature(flag: &str) -> (String, String) {
    let (name, value) = flag.split_once('=').unwrap_or((flag, "true"));
    (name.to_owned(), value.to_owned())
}

/// `namespace/name` or, as istioctl has it, `name.namespace`. No namespace has a dot in its name.
fn waypoint_name(text: &str) -> Result<WaypointName, Failure> {
    let parts = text.rsplit_once('.').filter(|_| !text.contains('/'));
    match parts.filter(|(name, namespace)| !name.is_empty() && !namespace.is_empty()) {
        Some((name, namespace)) => Ok(WaypointName::new(namespace, name)),
        None => text.parse().map_err(|error| Failure::Usage(format!("--waypoint: {error}"))),
    }
}

/// The waypoint that the command line names, or the only one there is.
fn chosen<'s>(session: &'s Session, which: &Which) -> Result<&'s Waypoint, Failure> {
    let wanted = match (&which.proxy, &which.waypoint) {
        (Some(name), _) => Some(named(session, name, which.namespace.as_deref())?),
        (None, Some(name)) => Some(waypoint_name(name)?),
        (None, None) => None,
    };
    let found = session.waypoint(wanted.as_ref()).map_err(|error| match error {
        NoOneWaypoint::Several(all) => {
            Failure::Usage(format!("choose a waypoint, NAME.NAMESPACE: {}", list(all.iter())))
        }
        other => Failure::Usage(other.to_string()),
    })?;
    if found.data_plane == DataPlane::Envoy {
        return Ok(found);
    }
    let name = &found.name;
    Err(Failure::Usage(format!("waypoint `{name}` is run by another data plane: there is nothing for Envoy")))
}

/// The waypoint called `NAME`, in a namespace or in whichever has it, else `NAME.NAMESPACE`.
fn named(session: &Session, name: &str, namespace: Option<&str>) -> Result<WaypointName, Failure> {
    let all = || session.mesh().waypoints.iter().map(|waypoint| &waypoint.name);
    let found: Vec<&WaypointName> =
        session.waypoints_named(name, namespace).into_iter().map(|waypoint| &waypoint.name).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            Err(Failure::Usage(format!("no waypoint `{name}` in the snapshot, which has: {}", list(all()))))
        }
        several => Err(Failure::Usage(format!(
            "choose a waypoint, NAME.NAMESPACE: {}",
            list(several.iter().copied())
        ))),
    }
}

/// Waypoints as istioctl names proxies.
fn list<'n>(names: impl Iterator<Item = &'n WaypointName>) -> String {
    let names: Vec<String> = names.map(|name| format!("{}.{}", name.name, name.namespace)).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Colours are for people: not for a file, unless somebody asks (<https://no-color.org>,
/// <https://bixense.com/clicolors>).
fn colour(wanted: ColorArg, terminal: bool) -> Colour {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let use_colours = match wanted {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto if set("NO_COLOR") => false,
        ColorArg::Auto => set("CLICOLOR_FORCE") || set("FORCE_COLOR") || terminal && !dumb,
    };
    if use_colours { Colour::Always } else { Colour::Never }
}

/// Prints the problems to standard error, and tells how the run ends.
fn report(problems: &[Problem], session: &Session, how: &How) -> Outcome {
    tell(problems, files_of(session), how);
    outcome(problems, how)
}

/// How a run ends that has found these problems.
fn outcome(problems: &[Problem], how: &How) -> Outcome {
    let worst = if how.strict { Severity::Warning } else { Severity::Error };
    if problems.iter().any(|p| p.severity <= worst) { Outcome::Problems } else { Outcome::Clean }
}

/// The files that problems of a session may be in.
fn files_of(session: &Session) -> impl Iterator<Item = &SourceFile> {
    session.input().files.iter().chain(&session.mesh().options.mesh_config)
}

/// Tells which parts of a config dump could not be read, and how the run ends.
fn report_unread(dump: &ConfigDump, how: &How) -> Outcome {
    dump.unread.iter().for_each(|unread| how.note(&format!("warning: {unread}")));
    if dump.unread.is_empty() { Outcome::Clean } else { Outcome::Problems }
}

/// Prints the problems of some files to standard error.
fn tell<'f>(problems: &[Problem], files: impl IntoIterator<Item = &'f SourceFile>, how: &How) {
    let said: Vec<Problem> = match how.quiet {
        0 => problems.to_vec(),
        1 => problems.iter().filter(|problem| problem.is_error()).cloned().collect(),
        _ => Vec::new(),
    };
    let files: Vec<&SourceFile> = files.into_iter().collect();
    let format = how.problems.unwrap_or(ProblemFormat::Full);
    output::say(&match format {
        _ if how.quiet > 1 => String::new(),
        ProblemFormat::Json => diagnostics::json(&said),
        ProblemFormat::Github => diagnostics::github(&said),
        ProblemFormat::Concise => diagnostics::concise(&said),
        ProblemFormat::Full => {
            let colour = colour(how.color, std::io::stderr().is_terminal());
            diagnostics::full(&said, files.iter().copied(), colour)
        }
    });
    // What is for programs is not followed by anything.
    if matches!(format, ProblemFormat::Full | ProblemFormat::Concise) && !said.is_empty() {
        how.note(&findings::summary(&said, files.len()));
    }
}
