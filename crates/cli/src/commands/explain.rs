//! `waypoint-xds explain`: what a problem's code means.

use waypoint_xds::problem::Code;
use waypoint_xds::view::explanation;

use crate::{Failure, Outcome, output};

pub(super) fn run(code: Option<&str>) -> Result<Outcome, Failure> {
    let text = match code {
        None => explanation::table().to_string(),
        Some(id) => {
            let code: Code = id.parse().map_err(|_| Failure::Usage(explanation::unknown(id)))?;
            explanation::text(code)
        }
    };
    output::print(&text)?;
    Ok(Outcome::Clean)
}
