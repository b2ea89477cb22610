//! Laws of access: each request is in one row, and a trace says of it what the row says.

use generate::traffic::{requests, snapshot};
use proptest::prelude::*;
use proptest::sample::select;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::classes::access::{AccessQuery, AccessSpec, Row};
use waypoint_xds::trace::{Protocol, Target, Trace, Verdict};

use super::traces::request;

/// How many requests each mesh gets.
const REQUESTS: usize = 16;

fn clusters(targets: &[Target]) -> Vec<(&str, u64)> {
    targets.iter().map(|target| (target.cluster.as_str(), target.probability.to_bits())).collect()
}

/// Whether a row says what comes of a request.
fn says(row: &Row, trace: &Trace, protocol: &Protocol) -> Result<(), TestCaseError> {
    prop_assert_eq!(row.verdict, trace.verdict, "{:?}", row);
    // gRPC has statuses of its own, and what is no HTTP has none.
    if matches!(protocol, Protocol::Http1 | Protocol::Http2)
        && !row.conditions.iter().any(|one| one.contains("content-type"))
    {
        prop_assert_eq!(row.status, trace.status, "{:?}", row);
    }
    if let Some(by) = &trace.decided_by {
        prop_assert_eq!(row.because.first(), Some(by), "{:?}", row);
    }
    if trace.verdict == Verdict::Allowed {
        prop_assert_eq!(clusters(&row.destinations), clusters(&trace.destinations), "{:?}", row);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 20, ..super::config() })]

    /// Each request is in a row, which says what a trace says; each example is what its row says.
    #[test]
    fn rows_say_what_traces_say(seed in any::<u64>(), release in select(Release::ALL)) {
        let objects = snapshot(seed, &release.to_string());
        let session =
            Session::read([SourceFile::new("input.yaml", generate::text(&objects))], &Options::for_release(release));
        for ask in requests(&objects, seed, REQUESTS) {
            let request = request(ask);
            let (Ok(trace), Ok(row)) = (session.trace(&request), session.access_row(&request)) else { continue };
            let Some(row) = row else { continue };
            prop_assert!(!row.reason.is_empty(), "no row has {:?}: {}", request, trace.reason);
            if row.verdict != Verdict::Unknown {
                says(&row, &trace, &request.protocol).map_err(|error| {
                    TestCaseError::fail(format!("{error}\n{request:?}\n{}", trace.reason))
                })?;
            }
        }
        let spec = AccessSpec { from: Some("sa/web.default".to_owned()), ..AccessSpec::default() };
        let access = session.access(&AccessQuery::try_from(spec).unwrap()).unwrap();
        for way in access.destinations.iter().flat_map(|destination| &destination.ways) {
            prop_assert!(!way.rows.is_empty());
            for row in way.rows.iter().filter(|row| row.verdict != Verdict::Unknown) {
                prop_assert!(row.confirmed, "{:?}", row);
            }
        }
    }
}
