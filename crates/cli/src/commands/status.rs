//! `waypoint-xds status`: what Istio would write into the objects' statuses.

use waypoint_xds::status;
use waypoint_xds::view::{json, statuses, yaml};

use super::watch::{self, Inputs};
use super::{refuse, report, session};
use crate::args::{Status, TableFormat};
use crate::{Failure, Outcome, output};

pub(super) fn run(args: &Status) -> Result<Outcome, Failure> {
    watch::run_if(args.watch, Inputs::of(&args.input), || once(args))
}

fn once(args: &Status) -> Result<Outcome, Failure> {
    refuse(args.input.how.of_dialect(), "statuses")?;
    let session = session(&args.input)?;
    let found = status::statuses(session.mesh());
    let problems = session.problems_with(status::differences(session.input(), &found));
    let outcome = report(&problems, &session, &args.input.how);
    match args.output {
        TableFormat::Table => output::print(&statuses::table(&found, None).to_string())?,
        TableFormat::Wide => {
            output::print(&statuses::table(&found, Some(&session.places())).to_string())?;
        }
        TableFormat::Json => output::print(&json::pretty(&statuses::json(&found)))?,
        TableFormat::Yaml => {
            let objects: Vec<String> = statuses::objects(&found).iter().map(yaml::to_string).collect();
            output::print(&objects.join("---\n"))?;
        }
    }
    Ok(outcome)
}
