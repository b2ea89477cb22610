//! `waypoint-xds waypoint`: the waypoints of a snapshot, and the objects around one.

use waypoint_xds::manifests::gateway::{self, Request};
use waypoint_xds::view::{json, waypoints, yaml};

use super::{chosen, refuse, report, session};
use crate::args::{ListFormat, WaypointCommand, WaypointGenerate, WaypointList, WaypointManifests};
use crate::{Failure, Outcome, output};

pub(super) fn run(command: &WaypointCommand) -> Result<Outcome, Failure> {
    match command {
        WaypointCommand::List(args) => list(args),
        WaypointCommand::Generate(args) => generate(args),
        WaypointCommand::Manifests(args) => print_manifests(args),
    }
}

fn list(args: &WaypointList) -> Result<Outcome, Failure> {
    refuse(args.input.how.of_dialect(), "a list of waypoints")?;
    let session = session(&args.input)?;
    let outcome = report(session.problems(), &session, &args.input.how);
    let entries = waypoints::list(session.mesh(), session.problems(), args.namespace.as_deref());
    match args.output {
        ListFormat::Json => output::print(&json::pretty(&waypoints::json(&entries)))?,
        ListFormat::Table if entries.is_empty() => output::print("No waypoints found.\n")?,
        ListFormat::Table => output::print(&waypoints::table(&entries).to_string())?,
    }
    Ok(outcome)
}

fn generate(args: &WaypointGenerate) -> Result<Outcome, Failure> {
    let request = Request {
        name: args.name.clone(),
        namespace: args.namespace.clone(),
        service_account: args.service_account.clone(),
        traffic: args.traffic.clone(),
        revision: args.revision.clone(),
    };
    let gateway =
        gateway::gateway(&request, args.release).map_err(|error| Failure::Usage(error.to_string()))?;
    output::print(&yaml::to_string(&gateway))?;
    Ok(Outcome::Clean)
}

fn print_manifests(args: &WaypointManifests) -> Result<Outcome, Failure> {
    refuse(args.input.how.of_dialect(), "the objects that run a waypoint")?;
    let session = session(&args.input)?;
    let shown = |problems: &[_]| report(problems, &session, &args.input.how);
    let waypoint = chosen(&session, &args.which).inspect_err(|_| _ = shown(session.problems()))?;
    let made = session.manifests(waypoint);
    let outcome = shown(&session.problems_with(made.problems));
    let documents: Vec<String> = made.objects.iter().map(yaml::to_string).collect();
    output::print(&documents.join("---\n"))?;
    Ok(outcome)
}
