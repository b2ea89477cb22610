//! `waypoint-xds test`: tests for a mesh.

mod coverage;
mod parallel;
mod record;

use std::path::PathBuf;

use waypoint_xds::Session;
use waypoint_xds::expect::SCHEMA;
use waypoint_xds::problem::Problem;
use waypoint_xds::session::Suites;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::json;
use waypoint_xds::view::tested::{self, Report};

use super::watch::{self, Inputs};
use super::{options, report, tell};
use crate::args::{Test, TestFormat};
use crate::{Failure, Outcome, input, output};

pub(super) fn run(args: &Test) -> Result<Outcome, Failure> {
    if args.schema {
        output::print(SCHEMA)?;
        return Ok(Outcome::Clean);
    }
    if !args.watch {
        return once(args).map(|(outcome, _)| outcome);
    }
    watch::run(Inputs::of(&args.input).and(&args.tests), || once(args).map(|(_, files)| files))
}

/// Runs the tests once; gives the files that they add to the input, too.
fn once(args: &Test) -> Result<(Outcome, Vec<PathBuf>), Failure> {
    let options = options(&args.input)?;
    let mut found = input::read(&args.input)?;
    let own = std::mem::take(&mut found.tests);
    let session = input::session(found, &options, &args.input)?;
    let read = report(session.problems(), &session, &args.input.how);
    let files =
        if args.tests.is_empty() { own } else { files::tests(&args.tests, &input::wanted(&args.input)?)? };
    let mut suites = suites(&session, &files, args)?;
    if suites.cases().next().is_none() && suites.problems.is_empty() && !args.input.how.allow_empty {
        return Err(Failure::NoTests);
    }
    let shown = args.input.how.quiet == 0;
    let mut tests = parallel::run(&suites, args.record || args.coverage.is_asked(), shown);
    tell(&suites.problems, &files, &args.input.how);
    if args.record {
        let files = record::write(&files, (&suites, &tests), &options.limits)?;
        suites = self::suites(&session, &files, args)?;
        tests = parallel::run(&suites, args.coverage.is_asked(), shown);
    }
    let coverage = args.coverage.is_asked().then(|| coverage::of(&session, &tests));
    let report = Report::new(tests, suites.problems.clone());
    print(args, &report, coverage.as_ref().map(|coverage| coverage.covered(&session)).as_ref())?;
    let tested = match (report.problems.iter().any(Problem::is_error), report.passed()) {
        (true, _) => Outcome::Broken,
        (false, true) => Outcome::Clean,
        (false, false) => Outcome::Problems,
    };
    let suffices = coverage.is_none_or(|coverage| coverage.suffices(&args.coverage));
    let covered = if suffices { Outcome::Clean } else { Outcome::Problems };
    let setup = suites.suites.iter().flat_map(|(suite, _)| suite.setup_paths());
    Ok((read.max(tested).max(covered), setup.map(PathBuf::from).collect()))
}

/// The tests that are asked for, each with its snapshot.
fn suites(session: &Session, files: &[SourceFile], args: &Test) -> Result<Suites, Failure> {
    let wanted = input::wanted(&args.input)?;
    let mut suites = session.suites(files, &|path: &str| files::setup(path, &wanted));
    suites.keep(&args.filter);
    Ok(suites)
}

fn print(args: &Test, report: &Report, covered: Option<&tested::Covered<'_>>) -> Result<(), Failure> {
    let shown = covered.filter(|_| args.coverage.coverage);
    let text = match args.output {
        TestFormat::Text => tested::text(report),
        TestFormat::Junit => tested::junit(report),
        TestFormat::Tap => tested::tap(report),
        TestFormat::Github => tested::github(report),
        TestFormat::Json => {
            let mut value = tested::json(report)?;
            if let (Some(covered), Some(map)) = (shown, value.as_object_mut()) {
                map.insert("coverage".to_owned(), covered.json());
            }
            json::pretty(&value)
        }
    };
    output::print(&text)?;
    match (shown, args.output) {
        (Some(covered), TestFormat::Text) => output::print(&format!("\n{}", covered.text()))?,
        (Some(covered), format) if format != TestFormat::Json => output::say(&covered.text()),
        _ => {}
    }
    if let (Some(covered), Some(path)) = (covered, &args.coverage.lcov) {
        std::fs::write(path, covered.lcov()).map_err(|source| input::failed(path, source))?;
    }
    Ok(())
}
