//! What a comparison costs: `cargo bench -p waypoint-xds --bench diff`.
//!
//! A mesh of 1,000 Services, 500 VirtualServices and DestinationRules, and 300 AuthorizationPolicies is
//! compared with what a pull request makes of it, and with itself under other names and in another order.
//! Reading is not measured; all that is made of what was read is: resources, statuses and findings of both
//! sides, and the proof.
#![allow(clippy::expect_used, reason = "a benchmark may panic")]

#[path = "../translate/input.rs"]
mod input;

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use input::{Size, text};
use waypoint_xds::options::Options;
use waypoint_xds::session::Session;
use waypoint_xds::snapshot::{Reading, Snapshot};
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::classes::Compared;

/// As in the command line.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZE: Size = Size { services: 1_000, pods_per_service: 3, routes: true };

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let before = text(SIZE);
    let cases = [
        ("pull-request", pull_request(&before), 2),
        ("other-order-and-names", other_order_and_names(&before), 0),
        ("itself", before.clone(), 0),
    ];
    let old = read(&before);
    let mut group = criterion.benchmark_group("diff");
    for (name, after, expected) in cases {
        let new = read(&after);
        assert_eq!(diff(&old, &new), expected, "{name}: destinations that differ");
        group.bench_function(name, |bencher| {
            bencher.iter(|| diff(black_box(&old), &new));
        });
    }
    group.finish();
    criterion.final_summary();
}

/// The weights of one VirtualService and the methods of one AuthorizationPolicy change.
fn pull_request(before: &str) -> String {
    let mut documents: Vec<String> = before.split("---\n").map(str::to_owned).collect();
    change(&mut documents, "kind: VirtualService", "name: service-500\n", "weight: 10", "weight: 11");
    change(&mut documents, "kind: VirtualService", "name: service-500\n", "weight: 90", "weight: 89");
    change(&mut documents, "kind: AuthorizationPolicy", "name: service-502-callers\n", "- POST", "- PUT");
    documents.join("---\n")
}

fn change(documents: &mut [String], kind: &str, name: &str, from: &str, to: &str) {
    let is_it = |document: &&mut String| document.contains(kind) && document.contains(name);
    let document = documents.iter_mut().find(is_it).expect("the object");
    *document = document.replace(from, to);
}

/// The objects from the last to the first, and other names of all AuthorizationPolicies.
fn other_order_and_names(before: &str) -> String {
    let mut documents: Vec<&str> = before.split("---\n").collect();
    documents.reverse();
    documents.join("---\n").replace("-callers", "-who-may-call")
}

fn read(text: &str) -> Arc<Reading> {
    Arc::new(Snapshot::read([SourceFile::new("input.yaml", text)], &Options::default().limits))
}

/// How many destinations are not proved equal. Never inlined, so that its instructions can be counted by its
/// name.
#[inline(never)]
fn diff(old: &Arc<Reading>, new: &Arc<Reading>) -> usize {
    let session = |reading: &Arc<Reading>| Session::new(Arc::clone(reading), &Options::default());
    let diff = session(old).diff(&session(new));
    diff.behaviour.iter().filter(|destination| destination.compared != Compared::Equal).count()
}
