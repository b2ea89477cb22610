//! `waypoint-xds ztunnel-config`: what `istioctl ztunnel-config` would print.

use clap::ValueEnum;
use files::Found;
use waypoint_xds::Session;
use waypoint_xds::view::ztunnel::{self as view, Filter, Kind, ZtunnelConfig};
use waypoint_xds::view::{json, yaml};
use waypoint_xds::ztunnel;

use super::{options, refuse, report};
use crate::args::{self, TableFormat, ZtunnelWhat};
use crate::{Failure, Outcome, input, output};

pub(super) fn run(args: &args::ZtunnelConfig) -> Result<Outcome, Failure> {
    if let Some(stray) = args.stray() {
        let what = args.what.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        return Err(Failure::Usage(format!(
            "{stray} says nothing about {what}: `ztunnel-config --help` lists what does"
        )));
    }
    let found = input::read(&args.input)?;
    let dump = match found.sources.as_slice() {
        [file] => view::parse(file.text()),
        _ => None,
    };
    let (config, outcome, session) = match dump {
        Some(config) => {
            let release = args.input.how.release.as_ref().map(|_| "--release");
            refuse(args.input.how.of_objects().or(release), "the config dump of a ztunnel")?;
            (config, Outcome::Clean, None)
        }
        None => {
            refuse(args.input.how.of_dialect(), "ztunnels")?;
            generated(args, found)?
        }
    };
    if config.holds_more {
        args.input.how.note("note: certificates and connections are not shown");
    }
    output::print(&match kind(args.what) {
        Some(kind) => one(args, &config, kind, session.as_ref()),
        None => all(args, &config, session.as_ref()),
    })?;
    Ok(outcome)
}

/// What ztunnels of a snapshot's mesh would hold.
fn generated(
    args: &args::ZtunnelConfig,
    found: Found,
) -> Result<(ZtunnelConfig, Outcome, Option<Session>), Failure> {
    let session = input::session(found, &options(&args.input)?, &args.input)?;
    let outcome = report(session.problems(), &session, &args.input.how);
    let resources = ztunnel::generate(session.mesh()).map_err(|error| Failure::Usage(error.to_string()))?;
    Ok((ZtunnelConfig::from(&resources), outcome, Some(session)))
}

fn kind(what: ZtunnelWhat) -> Option<Kind> {
    match what {
        ZtunnelWhat::Workload => Some(Kind::Workloads),
        ZtunnelWhat::Service => Some(Kind::Services),
        ZtunnelWhat::Policy => Some(Kind::Policies),
        ZtunnelWhat::All => None,
    }
}

fn one(args: &args::ZtunnelConfig, config: &ZtunnelConfig, kind: Kind, session: Option<&Session>) -> String {
    let filter = filter(args, kind);
    match args.output {
        TableFormat::Table => view::table(config, kind, &filter).to_string(),
        TableFormat::Wide => {
            let mut table = view::table(config, kind, &filter);
            if let Some(session) = session {
                view::add_origins(&mut table, config, kind, &filter, &session.places());
            }
            table.to_string()
        }
        TableFormat::Json => json::pretty(&view::values(config, kind, &filter)),
        TableFormat::Yaml => yaml::to_string(&view::values(config, kind, &filter)),
    }
}

fn all(args: &args::ZtunnelConfig, config: &ZtunnelConfig, session: Option<&Session>) -> String {
    match args.output {
        TableFormat::Table => view::summary(config, args.with_headers),
        TableFormat::Wide => {
            let tables: Vec<String> =
                Kind::ALL.iter().map(|kind| one(args, config, *kind, session)).collect();
            tables.join("\n")
        }
        TableFormat::Json => json::pretty(&view::all(config)),
        TableFormat::Yaml => yaml::to_string(&view::all(config)),
    }
}

/// istioctl's filters: each kind has its own.
fn filter(args: &args::ZtunnelConfig, kind: Kind) -> Filter {
    let mut filter = Filter::default();
    match kind {
        Kind::Workloads => {
            filter.namespace.clone_from(&args.workload_namespace);
            filter.address.clone_from(&args.address);
            filter.node.clone_from(&args.workload_node);
            if let Some(name) = &args.name {
                let (name, namespace) =
                    name.split_once('.').map_or((&**name, None), |(name, of)| (name, Some(of.to_owned())));
                filter.name = Some(name.to_owned());
                filter.namespace = namespace.or(filter.namespace);
            }
        }
        Kind::Services => filter.namespace.clone_from(&args.service_namespace),
        Kind::Policies => filter.namespace.clone_from(&args.policy_namespace),
    }
    filter
}
