//! `waypoint-xds diff`: what a change changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use files::Revision;
use waypoint_xds::Session;
use waypoint_xds::diff::Diff;
use waypoint_xds::live::{Live, NotALiveWaypoint};
use waypoint_xds::problem::Problem;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::{config_dump, difference, json};

use super::watch::{self, Inputs};
use super::{files_of, options, outcome, report, report_unread, session, session_of, tell};
use crate::args::{self, DiffFormat, How, Input, Part};
use crate::progress::Progress;
use crate::{Failure, Outcome, input, output};

pub(super) fn run(args: &args::Diff) -> Result<Outcome, Failure> {
    let inputs = Inputs::default().and(&args.paths).and(&args.how.mesh_config);
    let inputs = inputs.and(&args.new_mesh_config).and(&args.live);
    watch::run_if(args.watch, inputs, || once(args))
}

fn once(args: &args::Diff) -> Result<Outcome, Failure> {
    let during = |compare: &dyn Fn() -> Diff| Progress::during(args.how.quiet == 0, "comparing", compare);
    let (diff, old, new, read) = match &args.live {
        Some(dump) => {
            let (live, told, unread) = live(args, dump)?;
            let problems = [told, live.problems()].concat();
            let read = report(&problems, live.session(), &args.how).max(unread);
            // Of what a proxy holds nothing stands in files.
            let nothing = Session::read([], &live.session().mesh().options);
            (during(&|| live.drift()), nothing, live.session().clone(), read)
        }
        None => {
            let (old, new) = sides(args)?;
            let (old, new) = sessions(&old, &new)?;
            let read = report_sides(&old, &new, &args.how);
            (during(&|| old.diff(&new)), old, new, read)
        }
    };
    let diff = chosen(diff, &args.only);
    let (old, new) = (old.places(), new.places());
    output::print(&match args.output {
        DiffFormat::Text => difference::text(&diff, &old, &new),
        DiffFormat::Markdown => difference::markdown(&diff, &old, &new),
        DiffFormat::Json => json::pretty(&difference::json(&diff, &old, &new)?),
    })?;
    let differs = args.exit_code && !diff.is_empty();
    Ok(read.max(if differs { Outcome::Problems } else { Outcome::Clean }))
}

/// Tells what is wrong with both sides, and how the run ends. Of the old side only what is left out of the
/// comparison is told, and it does not count: a change that mends it is a good one.
fn report_sides(old: &Session, new: &Session, how: &How) -> Outcome {
    let refused = old.problems().iter().filter(|problem| problem.is_error());
    let mut problems: Vec<Problem> = refused.chain(new.problems()).cloned().collect();
    problems.sort();
    problems.dedup();
    let files: BTreeMap<&str, &SourceFile> =
        files_of(old).chain(files_of(new)).map(|file| (file.name().as_str(), file)).collect();
    tell(&problems, files.into_values(), how);
    outcome(new.problems(), how)
}

/// Both sides. Where they are of the same files, those are read once: standard input cannot be read twice,
/// and a cluster may change.
fn sessions(old: &Input, new: &Input) -> Result<(Session, Session), Failure> {
    if old.paths != new.paths {
        return Ok((session(old)?, session(new)?));
    }
    let found = input::read(old)?;
    Ok((session_of(found.clone(), old)?, session_of(found, new)?))
}

/// The waypoint of a config dump, with the files beside it; what is to be said of these, and how the run
/// ends, as far as the dump goes.
fn live(args: &args::Diff, dump: &Path) -> Result<(Live, Vec<Problem>, Outcome), Failure> {
    let text = input::text(dump, &args.how.limits()?)?;
    let parsed = config_dump::parse(&text)
        .ok_or_else(|| Failure::Usage(format!("--live: {} is no config dump of an Envoy", dump.display())))?;
    let unread = report_unread(&parsed, &args.how);
    let input = Input { paths: args.paths.clone(), how: args.how.clone() };
    let found = input::read(&input)?;
    let told = found.problems();
    Live::new(parsed, args.waypoint.as_ref(), found.sources, &options(&input)?)
        .map(|live| (live, told, unread))
        .map_err(|error| match error {
            NotALiveWaypoint::NoName => Failure::Usage(
                "--live: the config dump has no bootstrap that names its waypoint: name it with --waypoint NAMESPACE/NAME"
                    .to_owned(),
            ),
            error => Failure::Usage(format!("--live: {error}")),
        })
}

/// The two inputs.
fn sides(args: &args::Diff) -> Result<(Input, Input), Failure> {
    let (old_how, new_how) = hows(args);
    let (old, new) = match (&args.git, args.paths.as_slice()) {
        (Some(revisions), paths) => {
            let (old, new) =
                revisions.split_once("..").filter(|(old, _)| !old.is_empty()).ok_or_else(|| {
                    Failure::Usage(format!("--git: expected OLD..NEW or OLD.., found `{revisions}`"))
                })?;
            (in_revision(paths, old), in_revision(paths, new))
        }
        (None, [old, new]) => (vec![old.clone()], vec![new.clone()]),
        (None, paths) if is_other(args) => (paths.to_vec(), paths.to_vec()),
        (None, _) => {
            return Err(Failure::Usage(
                "expected OLD and NEW, or one path with --git, --release OLD..NEW, --revision OLD..NEW, --new-feature, --new-mesh-config or --live"
                    .to_owned(),
            ));
        }
    };
    Ok((Input { paths: old, how: old_how }, Input { paths: new, how: new_how }))
}

/// Whether the new side has a setting of its own.
fn is_other(args: &args::Diff) -> bool {
    both(args.how.release.as_ref()).is_some()
        || both(args.how.revision.as_ref()).is_some()
        || !args.new_features.is_empty()
        || args.new_mesh_config.is_some()
}

/// What `OLD..NEW` names; none where one word is for both sides.
fn both(named: Option<&String>) -> Option<(String, String)> {
    let (old, new) = named?.split_once("..")?;
    Some((old.to_owned(), new.to_owned()))
}

/// How each side is read.
fn hows(args: &args::Diff) -> (How, How) {
    let (mut old, mut new) = (args.how.clone(), args.how.clone());
    if let Some((before, after)) = both(args.how.release.as_ref()) {
        (old.release, new.release) = (Some(before), Some(after));
    }
    if let Some((before, after)) = both(args.how.revision.as_ref()) {
        (old.revision, new.revision) = (Some(before), Some(after));
    }
    new.features.extend(args.new_features.iter().cloned());
    new.mesh_config = args.new_mesh_config.clone().or(new.mesh_config);
    (old, new)
}

/// The paths as they were in a revision; without one as they are.
fn in_revision(paths: &[PathBuf], revision: &str) -> Vec<PathBuf> {
    let of = |path: &PathBuf| match revision {
        "" => path.clone(),
        revision => Revision { revision: revision.to_owned(), path: path.clone() }.to_path(),
    };
    paths.iter().map(of).collect()
}

/// The parts that are asked for; all where none is.
fn chosen(mut diff: Diff, only: &[Part]) -> Diff {
    let wants = |part| only.is_empty() || only.contains(&part);
    if !wants(Part::Requests) {
        diff.behaviour.clear();
    }
    if !wants(Part::Resources) {
        diff.waypoints.clear();
    }
    if !wants(Part::Findings) {
        diff.findings = waypoint_xds::diff::Findings::default();
    }
    if !wants(Part::Statuses) {
        diff.statuses.clear();
    }
    diff
}
