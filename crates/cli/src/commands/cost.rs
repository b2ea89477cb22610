//! `waypoint-xds cost`: sidecars against waypoints.

use waypoint_xds::cost::cost;
use waypoint_xds::translation;
use waypoint_xds::view::{cost as view, json};

use super::{Loaded, report};
use crate::args::{Cost, CostFormat};
use crate::{Failure, Outcome, output};

pub(super) fn run(args: &Cost) -> Result<Outcome, Failure> {
    let loaded = Loaded::new(&args.input)?;
    let (mesh, problems) = translation::mesh(&loaded.reading, &loaded.options);
    let outcome = report(&problems, &loaded, &args.input);
    let cost = cost(&mesh, args.rule, args.waypoint_replicas);
    match args.output {
        CostFormat::Table => output::print(&view::table(&cost).to_string()),
        CostFormat::Json => output::print(&json::pretty(&json::to_value(&cost))),
    }
    Ok(outcome)
}
