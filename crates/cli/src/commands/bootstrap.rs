//! `waypoint-xds bootstrap`: what a waypoint's Envoy starts with.

use waypoint_xds::view::{json, yaml};
use waypoint_xds::{bootstrap::bootstrap, translation};

use super::{Loaded, chosen, report};
use crate::args::{Bootstrap, ValueFormat};
use crate::{Failure, Outcome, output};

pub(super) fn run(args: &Bootstrap) -> Result<Outcome, Failure> {
    let loaded = Loaded::new(&args.input)?;
    let (mesh, problems) = translation::mesh(&loaded.reading, &loaded.options);
    let outcome = report(&problems, &loaded.reading.files, &args.input);
    let value = bootstrap(&mesh, chosen(&mesh, args.waypoint.as_deref())?);
    match args.output {
        ValueFormat::Json => output::print(&json::pretty(&value)),
        ValueFormat::Yaml => output::print(&yaml::to_string(&value)),
    }
    Ok(outcome)
}
