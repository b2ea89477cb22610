//! `waypoint-xds cost`: sidecars against waypoints.

use waypoint_xds::view::{cost as view, cost_picture, json};

use super::{refuse, report, session};
use crate::args::{Cost, CostFormat};
use crate::{Failure, Outcome, output};

pub(super) fn run(args: &Cost) -> Result<Outcome, Failure> {
    refuse(args.input.how.of_dialect(), "costs")?;
    let session = session(&args.input)?;
    let outcome = report(session.problems(), &session, &args.input.how);
    let cost = session.cost(args.rule, args.waypoint_replicas);
    match args.output {
        CostFormat::Table => output::print(&view::table(&cost).to_string())?,
        CostFormat::Json => output::print(&json::pretty(&json::to_value(&cost)))?,
        CostFormat::Svg => output::print(&cost_picture::svg(&cost))?,
    }
    Ok(outcome)
}
