//! `waypoint-xds status`: what Istio would write into the objects' statuses.

use waypoint_xds::view::origins::Places;
use waypoint_xds::view::{json, statuses, yaml};
use waypoint_xds::{status, translation};

use super::{Loaded, report};
use crate::args::{Status, TableFormat};
use crate::{Failure, Outcome, output};

pub(super) fn run(args: &Status) -> Result<Outcome, Failure> {
    let loaded = Loaded::new(&args.input)?;
    let (mesh, mut problems) = translation::mesh(&loaded.reading, &loaded.options);
    let found = status::statuses(&mesh);
    translation::add(&loaded.reading, &mut problems, status::differences(&loaded.reading, &found));
    let outcome = report(&problems, &loaded, &args.input);
    match args.output {
        TableFormat::Table => output::print(&statuses::table(&found, None).to_string()),
        TableFormat::Wide => {
            let places = Places::new(&loaded.reading);
            output::print(&statuses::table(&found, Some(&places)).to_string());
        }
        TableFormat::Json => output::print(&json::pretty(&statuses::json(&found))),
        TableFormat::Yaml => {
            let objects: Vec<String> = statuses::objects(&found).iter().map(yaml::to_string).collect();
            output::print(&objects.join("---\n"));
        }
    }
    Ok(outcome)
}
