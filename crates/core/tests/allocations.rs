//! Where nothing is explained, nothing is allocated.
#![allow(clippy::expect_used, reason = "a test may panic")]

#[path = "../benches/trace/input.rs"]
mod input;

use waypoint_xds::dialect::Dialect;
use waypoint_xds::options::Options;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::{Request, Scratch, Tracer, Verdict};

/// How many requests get through.
fn allowed(tracer: Tracer<'_>, requests: &[Request], scratch: &mut Scratch) -> usize {
    let verdict = |request| tracer.answer(request, scratch).expect("a source and a destination").verdict();
    requests.iter().map(verdict).filter(|verdict| *verdict == Verdict::Allowed).count()
}

#[test]
fn an_answer_allocates_nothing() {
    for dialect in [Dialect::IstioProxy, Dialect::Envoy] {
        let mut options = Options::default();
        options.dialect = dialect;
        let session = Session::read([SourceFile::new("input.yaml", input::text())], &options);
        let tracer = session.tracer();
        let mut requests = input::requests();
        for (number, request) in requests.iter_mut().enumerate() {
            match number % 7 {
                // Repeated headers, names in upper case, paths that are normalized, and what no route is for.
                0 => request.headers.push(("X-Kind".to_owned(), "other".to_owned())),
                1 => request.path = format!("/a/../area-{number}//%41?x=%20"),
                2 => request.path = "/nowhere".to_owned(),
                3 => request.authority = Some("CART.shop:80".to_owned()),
                _ => {}
            }
        }
        let mut scratch = Scratch::default();
        // The first round gets ready what is needed.
        let first = allowed(tracer, &requests, &mut scratch);
        assert!(first > 20 && first < requests.len(), "{dialect:?}: {first} of {}", requests.len());
        let mut again = 0;
        let counted = allocation_counter::measure(|| again = allowed(tracer, &requests, &mut scratch));
        assert_eq!((again, counted.count_total), (first, 0), "{dialect:?}: allowed, and allocations");
    }
}
