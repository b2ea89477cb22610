//! What a translation costs, step by step: `cargo bench -p waypoint-xds`.
//!
//! Throughput is counted in Services, so that time per Service can be compared between sizes: it should stay
//! flat.

mod input;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use envoy::Message;
use input::{Size, text};
use waypoint_xds::lint::lint;
use waypoint_xds::mesh::Mesh;
use waypoint_xds::options::Options;
use waypoint_xds::resources::{self, Resource, WaypointResources};
use waypoint_xds::snapshot::{Reading, Snapshot};
use waypoint_xds::text::SourceFile;
use waypoint_xds::translation::{mesh, translate};
use waypoint_xds::view::json;

/// As in the command line.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SERVICES: [usize; 3] = [100, 1_000, 5_000];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    steps(&mut criterion, "services", false);
    steps(&mut criterion, "services-and-routes", true);
    criterion.final_summary();
}

/// Measures every step for every size.
fn steps(criterion: &mut Criterion, inputs: &str, routes: bool) {
    let options = Options::default();
    let mut group = criterion.benchmark_group(inputs);
    group.sample_size(20);
    for services in SERVICES {
        let text = text(Size { services, pods_per_service: 3, routes });
        let reading = read(&text, &options);
        let (indexed, _) = mesh(&reading, &options);
        let translation = translate(&reading, &options);
        assert!(translation.problems.is_empty(), "the input is meant to be sound");
        let id = |step| BenchmarkId::new(step, services);

        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(id("read-bytes"), |bencher| bencher.iter(|| read(black_box(&text), &options)));
        group.throughput(Throughput::Elements(services as u64));
        group.bench_function(id("admit-and-index"), |bencher| {
            bencher.iter(|| mesh(black_box(&reading), &options));
        });
        group.bench_function(id("generate"), |bencher| bencher.iter(|| generate(black_box(&indexed))));
        group.bench_function(id("encode"), |bencher| {
            bencher.iter(|| encode(black_box(&translation.waypoints)))
        });
        group.bench_function(id("json"), |bencher| {
            bencher.iter(|| json::translation(black_box(&translation)))
        });
        group.bench_function(id("lint"), |bencher| {
            bencher
                .iter(|| lint(black_box(&reading), &indexed, &[], &|waypoint| translation.waypoint(waypoint)))
        });
        group.bench_function(id("snapshot-to-protobuf"), |bencher| {
            bencher.iter(|| snapshot_to_protobuf(black_box(&reading), &options));
        });
    }
    group.finish();
}

fn read(text: &str, options: &Options) -> Reading {
    Snapshot::read([SourceFile::new("input.yaml", text)], &options.limits)
}

/// Never inlined, so that its instructions can be counted by its name.
#[inline(never)]
fn snapshot_to_protobuf(reading: &Reading, options: &Options) -> usize {
    encode(&translate(reading, options).waypoints)
}

fn generate(mesh: &Mesh) -> Vec<WaypointResources> {
    mesh.waypoints.iter().map(|waypoint| resources::generate(mesh, waypoint)).collect()
}

/// How many bytes of protobuf the waypoints would be sent.
fn encode(waypoints: &[WaypointResources]) -> usize {
    fn bytes<M: Message>(resources: &[Resource<M>]) -> usize {
        resources.iter().map(|resource| resource.message.encode_to_vec().len()).sum()
    }
    waypoints
        .iter()
        .map(|waypoint| {
            bytes(&waypoint.listeners)
                + bytes(&waypoint.clusters)
                + bytes(&waypoint.routes)
                + bytes(&waypoint.endpoints)
                + bytes(&waypoint.extensions)
        })
        .sum()
}
