//! Runs tests on all cores.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

use waypoint_xds::Session;
use waypoint_xds::expect::{Case, Suite};
use waypoint_xds::session::Suites;
use waypoint_xds::view::tested::Test;

use crate::progress::Progress;

/// What comes of all cases, in the order of the files. Traces are kept where they are wanted, and how far it
/// is told where that is.
pub(super) fn run(suites: &Suites, keep_traces: bool, shown: bool) -> Vec<Test> {
    let cases: Vec<(&Suite, &Case, &Session)> = suites.cases().collect();
    let progress = Progress::bar(shown, cases.len());
    // Made once, not by each thread at the same time.
    for (_, session) in &suites.suites {
        session.translation();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((suite, case, session)) = cases.get(at) else { return done };
            let mut test = session.test(suite, case);
            test.trace = test.trace.filter(|_| keep_traces);
            done.push((at, test));
            progress.step();
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mut done: Vec<(usize, Test)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..cores.min(cases.len())).map(|_| scope.spawn(work)).collect();
        let own = work();
        let theirs =
            others.into_iter().flat_map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        own.into_iter().chain(theirs).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, test)| test).collect()
}
