//! What the tests have reached.

use waypoint_xds::Session;
use waypoint_xds::expect;
use waypoint_xds::view::tested::{Covered, Test};

use crate::args::CoverageArgs;
use crate::output;

/// What the tests have reached of the input, without what they add to it.
pub(super) struct Coverage(expect::Coverage);

pub(super) fn of(session: &Session, tests: &[Test]) -> Coverage {
    let mut coverage = session.coverage();
    tests.iter().filter_map(|test| test.trace.as_ref()).for_each(|trace| coverage.add(trace));
    Coverage(coverage)
}

impl Coverage {
    pub(super) fn covered<'c>(&'c self, session: &Session) -> Covered<'c> {
        Covered::new(&self.0, &session.places())
    }

    /// Whether as much is reached as is asked for; tells where not.
    pub(super) fn suffices(&self, args: &CoverageArgs) -> bool {
        let (reached, least) = (self.0.percent(None), args.min_coverage.unwrap_or_default());
        if reached < least {
            output::say(&format!("coverage is {reached:.1} %, less than {least} %\n"));
        }
        reached >= least
    }
}
