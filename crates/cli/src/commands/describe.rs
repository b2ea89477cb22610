//! `waypoint-xds describe`: all about one object.

use waypoint_xds::describe::{Subject, SubjectKind};
use waypoint_xds::view::{description, json};

use super::watch::{self, Inputs};
use super::{report, session};
use crate::args::{Describe, DescribeFormat};
use crate::{Failure, Outcome, output};

pub(super) fn run(args: &Describe) -> Result<Outcome, Failure> {
    watch::run_if(args.watch, Inputs::of(&args.input), || once(args))
}

fn once(args: &Describe) -> Result<Outcome, Failure> {
    let kind: SubjectKind = args.kind.parse().map_err(|error| Failure::Usage(format!("{error}")))?;
    let subject = Subject::new(kind, &args.name, args.namespace.as_deref());
    let session = session(&args.input)?;
    let outcome = report(session.problems(), &session, &args.input.how);
    let found = session.describe(&subject).map_err(|error| Failure::Usage(error.to_string()))?;
    output::print(&match args.output {
        DescribeFormat::Text => description::text(&found),
        DescribeFormat::Json => json::pretty(&description::json(&found)?),
    })?;
    Ok(outcome)
}
