//! What an answer costs: `cargo bench -p waypoint-xds --bench trace`.
//!
//! One Service with 50 routes and 20 policies is asked by 50 clients, each taking another route. Throughput
//! is counted in requests.
#![allow(clippy::expect_used, reason = "a benchmark may panic")]

mod input;

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use waypoint_xds::options::Options;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::{Request, Scratch, Tracer, Verdict};

/// As in the command line.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let session = Session::read([SourceFile::new("input.yaml", input::text())], &Options::default());
    let requests = input::requests();
    let mut scratch = Scratch::default();
    let allowed = allowed(session.tracer(), &requests, &mut scratch);
    assert!(allowed * 2 > requests.len(), "{allowed} of {} requests get through", requests.len());

    let mut group = criterion.benchmark_group("trace");
    group.throughput(Throughput::Elements(requests.len() as u64));
    group.bench_function("answer", |bencher| {
        bencher.iter(|| self::allowed(session.tracer(), black_box(&requests), &mut scratch));
    });
    group.sample_size(20);
    group.bench_function("trace", |bencher| {
        let tracer = session.tracer();
        let trace = |request| tracer.trace(request).expect("a source and a destination");
        bencher.iter(|| black_box(&requests).iter().map(trace).filter(|trace| trace.steps.len() > 1).count());
    });
    group.finish();
    criterion.final_summary();
}

/// How many requests get through.
fn allowed(tracer: Tracer<'_>, requests: &[Request], scratch: &mut Scratch) -> usize {
    let verdict = |request| tracer.answer(request, scratch).expect("a source and a destination").verdict();
    requests.iter().map(verdict).filter(|verdict| *verdict == Verdict::Allowed).count()
}
