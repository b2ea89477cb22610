//! The differential test: random meshes and random requests, through a real Envoy and through `trace`.
//! Whatever comes of a request has to be what `trace` says.
//!
//! `cargo xtask differential` runs more of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]
#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a test may print; its numbers are small"
)]

mod campaign;
mod comparing;
mod examples;
mod expected;
mod limits;
mod sending;
mod surroundings;
#[path = "../traffic/token.rs"]
#[allow(dead_code, reason = "the traffic tests need more of it")]
mod token;
mod waypoint;

use std::env;
use std::path::{Path, PathBuf};
use std::thread;

use upstream_envoy::server_unless_skipped;
use waypoint_xds::release::Release;

use crate::campaign::{Plan, Report, run};

/// A number of the environment.
fn number(name: &str) -> Option<u64> {
    env::var(name)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is `{text}`, which is no number")))
}

fn releases() -> Vec<Release> {
    match env::var("DIFFERENTIAL_RELEASE") {
        Ok(name) if name == "all" => Release::ALL.to_vec(),
        Ok(name) => vec![name.parse().unwrap_or_else(|error| panic!("{error}"))],
        Err(_) => vec![Release::V1_18, Release::V1_31],
    }
}

#[test]
fn envoy_does_what_trace_says() {
    let Some(envoy) = server_unless_skipped("differential").unwrap_or_else(|why| panic!("{why}")) else {
        return;
    };
    let releases = releases();
    let requests = number("DIFFERENTIAL_PER_SNAPSHOT").unwrap_or(100);
    let snapshots = number("DIFFERENTIAL_REQUESTS").map_or(150, |all| all.div_ceil(requests));
    let of_release = snapshots.div_ceil(releases.len() as u64);
    let mut differences: usize = 0;
    for release in releases {
        let plan = Plan {
            release,
            seed: number("DIFFERENTIAL_SEED").unwrap_or(1),
            snapshots: of_release,
            requests: usize::try_from(requests).unwrap(),
            shrunk: usize::try_from(number("DIFFERENTIAL_SHRUNK").unwrap_or(1)).unwrap(),
        };
        let report = side_by_side(plan, &envoy);
        println!(
            "{release}: {} snapshots, {} requests, {} draws, {} not known from files, {} differences\n{:#?}\n{:#?}\n{:#?}\n{:#?}",
            report.snapshots,
            report.requests,
            report.draws,
            report.unknown.values().sum::<usize>(),
            report.differences.values().sum::<usize>(),
            report.fates,
            report.unknown,
            report.limits,
            report.differences,
        );
        report.told.iter().for_each(|difference| println!("{difference}"));
        differences += report.differences.values().sum::<usize>();
    }
    assert_eq!(differences, 0, "requests of which `trace` says something else than Envoy does");
}

/// Each example of what `diff` tells of random changes is what two Envoys do with it.
#[test]
fn envoys_confirm_examples_of_diff() {
    let Some(envoy) = server_unless_skipped("differential").unwrap_or_else(|why| panic!("{why}")) else {
        return;
    };
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("differential-examples");
    let examples = number("DIFFERENTIAL_EXAMPLES").map_or(60, |count| usize::try_from(count).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let seed = number("DIFFERENTIAL_SEED").unwrap_or(1);
    let mut report = runtime.block_on(examples::run(seed, examples, directory, &envoy));
    let differences = std::mem::take(&mut report.differences);
    println!("{report:#?}\n{} differences", differences.len());
    differences.iter().take(5).for_each(|difference| println!("{difference}"));
    assert!(differences.is_empty(), "examples of which an Envoy does not do what the class says");
    assert!(report.verdicts > 0, "{report:?}");
}

fn side_by_side(plan: Plan, envoy: &Path) -> Report {
    let workers = number("DIFFERENTIAL_WORKERS").unwrap_or(2);
    let one = |worker: u64| {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("differential-{}-{worker}", plan.release));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(plan, (worker, workers), &directory, envoy))
    };
    let mut report = Report::default();
    thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> = (0..workers).map(|worker| scope.spawn(move || one(worker))).collect();
        threads.into_iter().for_each(|worker| report.add(worker.join().unwrap()));
    });
    report
}
