//! `waypoint-xds lint`: what is accepted and does not do what it looks like.

mod config;
mod difference;

use std::io::IsTerminal;
use std::path::Path;

use waypoint_xds::Session;
use waypoint_xds::limits::Limits;
use waypoint_xds::lint::{Baseline, Selection};
use waypoint_xds::problem::{Problem, Severity};
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::diagnostics;
use waypoint_xds::view::findings::{self, Report};

use super::watch::{self, Inputs};
use super::{colour, refuse, session};
use crate::args::{ColorArg, Lint, LintFormat};
use crate::progress::Progress;
use crate::{Failure, Outcome, input, output};

pub(super) fn run(args: &Lint) -> Result<Outcome, Failure> {
    refuse(args.input.how.problems.map(|_| "--problems"), "findings, which -o prints")?;
    let config = if args.no_config { None } else { config::path(args) };
    let inputs = Inputs::of(&args.input).and(&config).and(&args.baseline);
    watch::run_if(args.watch, inputs, || once(args))
}

fn once(args: &Lint) -> Result<Outcome, Failure> {
    let wanted = Wanted::new(args)?;
    let session = session(&args.input)?;
    if let Some(path) = &args.write_baseline {
        return write_baseline(args, path, &session.lint_with(&wanted.selection));
    }
    let mended = (args.fix || args.diff).then(|| session.mended(|session| wanted.findings(session)));
    if let (Some(mended), true) = (&mended, args.diff) {
        output::print(&difference::unified(&session.input().files, &mended.session.input().files))?;
    }
    let session = match mended {
        Some(mended) if args.fix => {
            write_files(&session, &mended.session)?;
            args.input.how.note(&format!("{} applied", counted(mended.fixes, "fix", "fixes")));
            mended.session
        }
        _ => session,
    };
    let found = Progress::during(args.input.how.quiet == 0, "looking", || wanted.findings(&session));
    let files: Vec<&SourceFile> =
        session.input().files.iter().chain(&session.mesh().options.mesh_config).collect();
    if !args.diff {
        output::print(&render(args.output, args.input.how.color, &found, &files, &wanted.selection.folder))?;
    }
    args.input.how.note(&findings::summary(&found, files.len()));
    let fails = found.iter().any(|problem| problem.severity <= wanted.fail_on);
    Ok(if fails { Outcome::Problems } else { Outcome::Clean })
}

/// What the command line and the file of settings ask for.
struct Wanted {
    selection: Selection,
    baseline: Option<Baseline>,
    fail_on: Severity,
}

impl Wanted {
    fn new(args: &Lint) -> Result<Self, Failure> {
        let config = if args.no_config { config::Config::default() } else { config::read(args)? };
        let mut selection = config.selection;
        if !args.select.is_empty() {
            selection.ignore.retain(|ignored| !args.select.contains(ignored));
            selection.select.clone_from(&args.select);
        }
        selection.ignore.extend(&args.ignore);
        let folder = std::env::current_dir().map(|folder| folder.display().to_string());
        selection.folder = folder.unwrap_or_default();
        let limits = args.input.how.limits()?;
        let baseline =
            args.baseline.clone().or(config.baseline).map(|path| baseline(&path, &limits)).transpose()?;
        let usual = if args.input.how.strict { Severity::Warning } else { Severity::Error };
        let fail_on = args.fail_on.or(config.fail_on).unwrap_or(usual);
        Ok(Self { selection, baseline, fail_on })
    }

    /// What is reported of a snapshot.
    fn findings(&self, session: &Session) -> Vec<Problem> {
        session.lint_against(self.baseline.as_ref(), &self.selection)
    }
}

fn baseline(path: &Path, limits: &Limits) -> Result<Baseline, Failure> {
    let text = input::text(path, limits)?;
    text.parse().map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

fn write_baseline(args: &Lint, path: &Path, found: &[Problem]) -> Result<Outcome, Failure> {
    let text = Baseline::of(found).to_string();
    std::fs::write(path, text).map_err(|source| input::failed(path, source))?;
    let count = counted(found.len(), "finding", "findings");
    args.input.how.note(&format!("{count} written to {}", path.display()));
    Ok(Outcome::Clean)
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Writes the files that were mended.
fn write_files(before: &Session, after: &Session) -> Result<(), Failure> {
    let files = before.input().files.iter().zip(&after.input().files);
    let mended: Vec<&SourceFile> =
        files.filter(|(file, mended)| file.text() != mended.text()).map(|(_, mended)| mended).collect();
    if let Some(other) = mended.iter().find(|file| !Path::new(file.name().as_str()).is_file()) {
        let name = other.name();
        return Err(Failure::Usage(format!("--fix writes files, and `{name}` is none: use --diff")));
    }
    for file in mended {
        let path = Path::new(file.name().as_str());
        std::fs::write(path, file.text()).map_err(|source| input::failed(path, source))?;
    }
    Ok(())
}

fn render(
    format: LintFormat,
    color: ColorArg,
    found: &[Problem],
    files: &[&SourceFile],
    folder: &str,
) -> String {
    let report = Report { found, files, folder };
    match format {
        LintFormat::Text => {
            diagnostics::full(found, files.iter().copied(), colour(color, std::io::stdout().is_terminal()))
        }
        LintFormat::Concise => diagnostics::concise(found),
        LintFormat::Json => diagnostics::json(found),
        LintFormat::Github => diagnostics::github(found),
        LintFormat::Sarif => findings::sarif(&report),
        LintFormat::Junit => findings::junit(&report),
        LintFormat::Gitlab => findings::gitlab(&report),
        LintFormat::Checkstyle => findings::checkstyle(&report),
    }
}
