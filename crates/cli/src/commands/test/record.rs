//! What comes of requests, written into files of tests.

use std::path::Path;

use waypoint_xds::expect::{self, Came};
use waypoint_xds::limits::Limits;
use waypoint_xds::session::Suites;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::tested::Test;

use crate::{Failure, input, output};

/// Writes what came into the files, and tells what was written and what was not; gives the files as they are
/// now.
pub(super) fn write(
    files: &[SourceFile],
    (suites, tests): (&Suites, &[Test]),
    limits: &Limits,
) -> Result<Vec<SourceFile>, Failure> {
    let mut now = Vec::new();
    for file in files {
        let of_file = suites.cases().zip(tests).filter(|((suite, ..), _)| suite.file == *file.name());
        let came = of_file.filter_map(|((suite, case, _), test)| -> Option<Came<'_>> {
            Some((suite.document, case, test.trace.as_ref()?))
        });
        let recorded = expect::record(file, limits, came);
        for (place, message) in &recorded.left {
            output::say(&format!("{}:{}: not recorded: {message}\n", place.file, place.line));
        }
        if recorded.tests > 0 {
            let path = Path::new(file.name().as_str());
            std::fs::write(path, recorded.file.text()).map_err(|source| input::failed(path, source))?;
            let s = if recorded.tests == 1 { "" } else { "s" };
            output::say(&format!("{} test{s} recorded in {}\n", recorded.tests, path.display()));
        }
        now.push(recorded.file);
    }
    Ok(now)
}
