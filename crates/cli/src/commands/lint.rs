//! `waypoint-xds lint`: what is accepted and does not do what it looks like.

use waypoint_xds::problem::Severity;
use waypoint_xds::view::diagnostics::{self, Colour};

use super::session;
use crate::args::{Lint, LintFormat};
use crate::{Failure, Outcome, output};

pub(super) fn run(args: &Lint) -> Result<Outcome, Failure> {
    let session = session(&args.input)?;
    let found = session.lint();
    let files = session.input().files.iter().chain(&session.mesh().options.mesh_config);
    output::print(&match args.output {
        LintFormat::Text => diagnostics::full(&found, files, Colour::Never),
        LintFormat::Concise => diagnostics::concise(&found),
        LintFormat::Json => diagnostics::json(&found),
        LintFormat::Github => diagnostics::github(&found),
    });
    let worst = if args.input.strict { Severity::Warning } else { Severity::Error };
    Ok(if found.iter().any(|problem| problem.severity <= worst) { Outcome::Problems } else { Outcome::Clean })
}
