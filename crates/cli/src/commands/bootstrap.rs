//! `waypoint-xds bootstrap`: what a waypoint's Envoy starts with, or all that it needs without a control plane.

use waypoint_xds::static_config::{Loopback, StaticOptions, static_configuration};
use waypoint_xds::view::{json, yaml};
use waypoint_xds::{bootstrap::bootstrap, translation};

use super::{Loaded, chosen, report};
use crate::args::{Bootstrap, ValueFormat};
use crate::{Failure, Outcome, output};

pub(super) fn run(args: &Bootstrap) -> Result<Outcome, Failure> {
    let loaded = Loaded::new(&args.input)?;
    let (mesh, mut problems) = translation::mesh(&loaded.reading, &loaded.options);
    let shown = |problems: &[_]| report(problems, &loaded, &args.input);
    let waypoint = chosen(&mesh, args.waypoint.as_deref()).inspect_err(|_| _ = shown(&problems))?;
    let value = if args.complete {
        let configuration = static_configuration(&mesh, waypoint, &static_options(args));
        translation::add(&loaded.reading, &mut problems, configuration.problems);
        tell(&configuration.loopback);
        json::value(&configuration.bootstrap)
    } else {
        bootstrap(&mesh, waypoint)
    };
    let outcome = shown(&problems);
    match args.output {
        ValueFormat::Json => output::print(&json::pretty(&value)),
        ValueFormat::Yaml => output::print(&yaml::to_string(&value)),
    }
    Ok(outcome)
}

fn static_options(args: &Bootstrap) -> StaticOptions {
    StaticOptions {
        certs: args.certs.as_deref().map(Into::into),
        admin: args.admin,
        listen: args.listen,
        loopback: args.loopback,
    }
}

/// Tells where each address went.
fn tell(loopback: &Loopback) {
    for (address, mapped) in loopback.iter() {
        eprintln!("{address} is {mapped}");
    }
}
