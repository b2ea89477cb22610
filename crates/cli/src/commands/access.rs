//! `waypoint-xds access`: who may do what.

use waypoint_xds::trace::classes::access::{AccessQuery, AccessSpec};
use waypoint_xds::view::{access, json};

use super::{report, session};
use crate::args::{self, AccessFormat};
use crate::{Failure, Outcome, output};

pub(super) fn run(args: &args::Access) -> Result<Outcome, Failure> {
    let spec = AccessSpec {
        to: args.to.clone(),
        port: args.port,
        from: args.from.clone(),
        ext_authz: args.ext_authz.clone(),
    };
    let query = AccessQuery::try_from(spec).map_err(usage)?;
    let session = session(&args.input)?;
    let outcome = report(session.problems(), &session, &args.input.how);
    let found = session.access(&query).map_err(usage)?;
    let places = session.places();
    output::print(&match args.output {
        AccessFormat::Text => access::text(&found, &places),
        AccessFormat::Markdown => access::markdown(&found, &places),
        AccessFormat::Json => json::pretty(&access::json(&found, &places)?),
    })?;
    Ok(outcome)
}

fn usage(error: impl ToString) -> Failure {
    Failure::Usage(error.to_string())
}
