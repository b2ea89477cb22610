//! Threads may share what a session is made of, and what it answers with.

use waypoint_xds::describe::Description;
use waypoint_xds::diff::Diff;
use waypoint_xds::lint::Selection;
use waypoint_xds::mesh::Mesh;
use waypoint_xds::options::Options;
use waypoint_xds::problem::Problem;
use waypoint_xds::session::{Mended, NoOneWaypoint, Suites};
use waypoint_xds::snapshot::{Reading, Snapshot};
use waypoint_xds::status::Status;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::{Request, RequestSpec, Trace, Tracer};
use waypoint_xds::ztunnel::ZtunnelResources;
use waypoint_xds::{Session, Translation};

const MESH: &str = include_str!("../../../testdata/trace/shop.yaml");

/// Types of which values can be sent to another thread, and be looked at by several.
macro_rules! shared {
    ($($kind:ty),* $(,)?) => {
        #[test]
        fn sessions_and_their_answers_are_for_all_threads() {
            const fn shared<T: Send + Sync + 'static>() {}
            $(shared::<$kind>();)*
        }
    };
}

shared!(
    Session,
    Mended,
    Suites,
    NoOneWaypoint,
    Snapshot,
    Reading,
    Options,
    Mesh,
    Translation,
    Problem,
    Selection,
    Status,
    Description,
    Trace,
    Diff,
    ZtunnelResources,
);

#[test]
fn tracers_are_for_all_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    let session = Session::read([SourceFile::new("shop.yaml", MESH)], &Options::default());
    let tracer: Tracer<'_> = session.tracer();
    shared(&tracer);
}

#[test]
fn threads_get_the_same_answers() {
    let session = Session::read([SourceFile::new("shop.yaml", MESH)], &Options::default());
    let ask = |session: &Session| {
        let request = Request::try_from(RequestSpec::new("sa/front.web", "cart.shop:80")).unwrap();
        let trace = session.trace(&request).map(|trace| trace.verdict);
        (format!("{trace:?}"), session.translation().waypoints.len(), session.lint())
    };
    let answers: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| ask(&session))).collect();
        all.into_iter().map(|each| each.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| *answer == ask(&session)));
}
