//! `waypoint-xds bootstrap`: what a waypoint's Envoy starts with, or all that it needs without a control
//! plane.

use std::borrow::Cow;

use waypoint_xds::static_config::{Loopback, StaticOptions};
use waypoint_xds::view::{json, yaml};

use super::{chosen, refuse, report, session};
use crate::args::{Bootstrap, ValueFormat};
use crate::{Failure, Outcome, output};

pub(super) fn run(args: &Bootstrap) -> Result<Outcome, Failure> {
    if !args.complete {
        refuse(args.input.how.of_dialect(), "a bootstrap without --static")?;
    }
    let session = session(&args.input)?;
    let mut problems = Cow::Borrowed(session.problems());
    let shown = |problems: &[_]| report(problems, &session, &args.input.how);
    let waypoint = chosen(&session, &args.which).inspect_err(|_| _ = shown(&problems))?;
    let value = if args.complete {
        let configuration = session.static_configuration(waypoint, &static_options(args));
        problems = Cow::Owned(session.problems_with(configuration.problems));
        tell(&configuration.loopback, args);
        json::value(&configuration.bootstrap)
    } else {
        session.bootstrap(waypoint)
    };
    let outcome = shown(&problems);
    match args.output {
        ValueFormat::Json => output::print(&json::pretty(&value))?,
        ValueFormat::Yaml => output::print(&yaml::to_string(&value))?,
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
fn tell(loopback: &Loopback, args: &Bootstrap) {
    for (address, mapped) in loopback.iter() {
        args.input.how.note(&format!("{address} is {mapped}"));
    }
}
