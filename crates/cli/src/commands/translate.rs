//! `waypoint-xds translate`: every waypoint's resources, as files or as one text.

use std::path::Path;

use waypoint_xds::resources::WaypointResources;
use waypoint_xds::view::json::{self, ResourceKind};
use waypoint_xds::view::{summary, yaml};
use waypoint_xds::{Translation, translate};

use super::{Loaded, report, waypoint_name};
use crate::args::{Translate, TranslateFormat};
use crate::{Failure, Outcome, input, output};

pub(super) fn run(args: &Translate) -> Result<Outcome, Failure> {
    let mut loaded = Loaded::new(&args.input)?;
    loaded.options.waypoint = args.waypoint.as_deref().map(waypoint_name).transpose()?;
    let translation = translate(&loaded.reading, &loaded.options);
    let outcome = report(&translation.problems, &loaded.reading.files, &args.input);
    if let Some(wanted) = &loaded.options.waypoint
        && translation.waypoints.is_empty()
    {
        return Err(Failure::Usage(format!("no waypoint `{wanted}` in the snapshot")));
    }
    match &args.out {
        Some(directory) => {
            for waypoint in &translation.waypoints {
                write(directory, waypoint)?;
            }
            eprint!("{}", summary::text(&translation.summary));
        }
        None => output::print(&text(&translation, args.output)?),
    }
    Ok(outcome)
}

fn text(translation: &Translation, format: TranslateFormat) -> Result<String, Failure> {
    match format {
        TranslateFormat::Json => Ok(json::translation(translation)),
        TranslateFormat::Yaml => Ok(yaml::from_json(&json::translation(translation)).unwrap_or_default()),
        TranslateFormat::ConfigDump => match translation.waypoints.as_slice() {
            [one] => Ok(json::config_dump(one)),
            _ => Err(Failure::Usage(format!(
                "a config dump is of one waypoint, and there are {}: choose with --waypoint",
                translation.waypoints.len()
            ))),
        },
    }
}

/// Writes `<namespace>__<gateway>/{listeners,clusters,routes,endpoints}.json`.
fn write(directory: &Path, waypoint: &WaypointResources) -> Result<(), Failure> {
    let folder = directory.join(format!("{}__{}", waypoint.waypoint.namespace, waypoint.waypoint.name));
    std::fs::create_dir_all(&folder).map_err(|source| input::failed(&folder, source))?;
    for kind in ResourceKind::ALL {
        let path = folder.join(format!("{}.json", kind.as_str()));
        std::fs::write(&path, json::array(waypoint, kind)).map_err(|source| input::failed(&path, source))?;
    }
    Ok(())
}
