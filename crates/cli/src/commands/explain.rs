//! `waypoint-xds explain`: what a problem's code means.

use waypoint_xds::problem::{Code, UnknownCode};

use crate::{Failure, Outcome, output};

pub(super) fn run(code: Option<&str>) -> Result<Outcome, Failure> {
    let text = match code {
        None => Code::ALL.iter().map(|code| format!("{code}\n")).collect(),
        Some(id) => {
            let code: Code = id.parse().map_err(|error: UnknownCode| Failure::Usage(error.to_string()))?;
            format!("{code} ({})\n\n{}\n", code.severity().as_str(), code.explanation())
        }
    };
    output::print(&text);
    Ok(Outcome::Clean)
}
