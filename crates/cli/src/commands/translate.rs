//! `waypoint-xds translate`: every waypoint's resources, as files or as one text.

use std::collections::BTreeMap;

use waypoint_xds::problem::{Code, Problem};
use waypoint_xds::snapshot::ObjectRef;
use waypoint_xds::view::json;
use waypoint_xds::view::origins::origins;
use waypoint_xds::view::{summary, yaml};
use waypoint_xds::{Session, Translation};

use super::watch::{self, Inputs};
use super::{options, out, report, waypoint_name};
use crate::args::{Translate, TranslateFormat};
use crate::progress::Progress;
use crate::{Failure, Outcome, input, output};

pub(super) fn run(args: &Translate) -> Result<Outcome, Failure> {
    if args.origins && args.out.is_none() && args.output == TranslateFormat::ConfigDump {
        let message =
            "--origins says nothing about a config dump: print it as JSON or YAML, or write both with --out";
        return Err(Failure::Usage(message.to_owned()));
    }
    let inputs = Inputs::of(&args.input).without(args.out.as_ref());
    watch::run_if(args.watch, inputs, || once(args))
}

fn once(args: &Translate) -> Result<Outcome, Failure> {
    let mut options = options(&args.input)?;
    let found = input::read(&args.input)?;
    options.waypoint = args.waypoint.as_deref().map(waypoint_name).transpose()?;
    let session = input::session(found, &options, &args.input)?;
    let translation = Progress::during(args.input.how.quiet == 0, "translating", || session.translation());
    let outcome = report(&translation.problems, &session, &args.input.how);
    if let Some(wanted) = &options.waypoint
        && translation.waypoints.is_empty()
    {
        let of_another = |problem: &Problem| {
            let name =
                |object: &ObjectRef| object.namespace == wanted.namespace && object.name == wanted.name;
            problem.code == Code::OtherDataPlane && problem.object.as_ref().is_some_and(name)
        };
        return Err(Failure::Usage(if translation.problems.iter().any(of_another) {
            format!("waypoint `{wanted}` is run by another data plane: there is nothing for Envoy")
        } else {
            format!("no waypoint `{wanted}` in the snapshot")
        }));
    }
    match &args.out {
        Some(directory) => {
            out::write(directory, &session, args.origins)?;
            args.input.how.note(summary::text(&translation.summary).trim_end());
        }
        None if args.origins => output::print(&all_origins(&session, args.output))?,
        None => output::print(&text(translation, args.output)?)?,
    }
    Ok(outcome)
}

fn text(translation: &Translation, format: TranslateFormat) -> Result<String, Failure> {
    match format {
        TranslateFormat::Json => Ok(json::translation(translation)),
        TranslateFormat::Yaml => Ok(yaml::from_json(&json::translation(translation))?),
        TranslateFormat::ConfigDump => match translation.waypoints.as_slice() {
            [one] => Ok(json::config_dump(one)),
            _ => Err(Failure::Usage(format!(
                "a config dump is of one waypoint, and there are {}: choose with --waypoint",
                translation.waypoints.len()
            ))),
        },
    }
}

/// Every waypoint's origins as one object.
fn all_origins(session: &Session, format: TranslateFormat) -> String {
    let places = session.places();
    let waypoints = &session.translation().waypoints;
    let by_waypoint: BTreeMap<String, _> =
        waypoints.iter().map(|w| (w.waypoint.to_string(), origins(w, &places))).collect();
    let value = json::to_value(&by_waypoint);
    if format == TranslateFormat::Yaml { yaml::to_string(&value) } else { json::pretty(&value) }
}
