//! Laws of comparisons: something else comes of a request exactly if it is in a class that is told.
//!
//! `cargo xtask diffs --requests 1000000` asks for more of it.

use std::collections::BTreeMap;
use std::env;
use std::time::{Duration, Instant};

use generate::traffic::{Dice, changed, requests, snapshot};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use waypoint_xds::mesh::WaypointName;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::classes::{Came, ClassDiff, Compared, Judge, Judgement};
use waypoint_xds::trace::{Protocol, Request, Trace, Verdict, Via};

use super::traces::request;

pub(crate) fn read(objects: &[Value], release: Release) -> Session {
    Session::read([SourceFile::new("input.yaml", generate::text(objects))], &Options::for_release(release))
}

pub(crate) fn waypoint() -> WaypointName {
    let (namespace, name) = generate::traffic::WAYPOINT;
    WaypointName::new(namespace, name)
}

/// A number of the environment.
pub(crate) fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is `{text}`")))
}

/// What comes of a request, without who decided and what clusters are called.
fn comes(trace: &Trace) -> (Verdict, Option<u16>, Vec<String>, Option<String>) {
    let (verdict, status, destinations) = reached(trace.verdict, status(trace), &trace.destinations);
    let forwarded = trace.request.as_ref().map(|request| format!("{request:?}"));
    (verdict, status, destinations, forwarded)
}

type Reached = (Verdict, Option<u16>, Vec<String>);

/// The same without what is done to the request on its way.
fn reached(verdict: Verdict, status: Option<u16>, destinations: &[waypoint_xds::trace::Target]) -> Reached {
    let targets = destinations.iter().map(|target| {
        let endpoints: Vec<&str> =
            target.endpoints.iter().map(|endpoint| endpoint.address.as_str()).collect();
        format!("{} {:.6}", endpoints.join(","), target.probability)
    });
    // Without a status there is only a connection, which ends.
    let ends = verdict == Verdict::Failed && status.is_none();
    (if ends { Verdict::Denied } else { verdict }, status, targets.collect())
}

/// What a class says that comes of its requests, as a client of this protocol gets it.
fn came(came: &Came, protocol: &Protocol) -> Reached {
    let status = if *protocol == Protocol::Grpc { came.status.map(grpc_status) } else { came.status };
    reached(came.verdict, status, &came.destinations)
}

/// The status of gRPC that stands for one of HTTP:
/// <https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md>.
const fn grpc_status(status: u16) -> u16 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    }
}

/// The status that a client gets: for gRPC its own.
fn status(trace: &Trace) -> Option<u16> {
    trace.grpc_status.or(trace.status)
}

/// What a run comes to, in requests.
#[derive(Debug, Default)]
struct Report {
    pairs: usize,
    requests: usize,
    /// To destinations of which it is proved that nothing differs.
    equal: usize,
    /// In no class.
    same: usize,
    /// In a class.
    differ: usize,
    /// In a class of which a trace tells where it differs.
    shown: usize,
    /// Not decided, or files do not tell.
    unknown: usize,
    /// Not like those that a comparison is about.
    unlike: usize,
    /// Classes that are told, and those of which a trace of the example tells no difference.
    classes: usize,
    silent: usize,
    /// The longest comparison, and the number of its pair.
    slowest: (Duration, u64),
    wrong: BTreeMap<String, Vec<String>>,
}

impl Report {
    fn wrong(&mut self, why: &str, what: impl FnOnce() -> String) {
        self.wrong.entry(why.to_owned()).or_default().push(what());
    }

    fn count(&self) -> usize {
        self.wrong.values().map(Vec::len).sum()
    }
}

/// Requests near the edges of both meshes, from several addresses.
fn asks(before: &[Value], after: &[Value], seed: u64, count: usize) -> Vec<Request> {
    let mut dice = Dice::new(seed ^ 0xadd);
    let (half, rest) = (count / 2, count - count / 2);
    let all = requests(before, seed, half).into_iter().chain(requests(after, seed + 1, rest));
    let addressed = all.map(|ask| {
        let mut request = request(ask);
        request.via = Via::Waypoint(waypoint());
        let address = dice.pick(&["127.0.0.1", "10.1.0.9", "203.0.113.7", "192.0.2.1"]);
        request.source_address = address.parse().ok();
        request
    });
    addressed.collect()
}

/// One pair of meshes.
fn pair(seed: u64, release: Release, count: usize, report: &mut Report) {
    let before = snapshot(seed, &release.to_string());
    let after = changed(&before, seed ^ 0xc0de, &release.to_string());
    let (old, new) = (read(&before, release), read(&after, release));
    let _ = (old.translation(), new.translation());
    let start = Instant::now();
    let Some(judge) = old.judge(&new, &waypoint()) else { return };
    report.slowest = report.slowest.max((start.elapsed(), seed));
    report.pairs += 1;
    told(&judge, seed, release, report);
    for request in asks(&before, &after, seed, count) {
        report.requests += 1;
        judged(&judge, (&old, &new), &request, report, &|| format!("seed {seed}, {release}: {request:?}"));
    }
}

/// What is told of a comparison is told as it should be.
fn told(judge: &Judge<'_>, seed: u64, release: Release, report: &mut Report) {
    for destination in judge.destinations() {
        let Compared::Differs { classes, undecided, .. } = &destination.compared else { continue };
        if classes.is_empty() && undecided.is_none() {
            report.wrong("nothing is told", || format!("seed {seed}, {release}: {destination:?}"));
        }
        report.classes += classes.len();
        report.silent += classes.iter().filter(|class| !class.confirmed).count();
        for class in classes.iter().filter(|class| class.confirmed) {
            if class.old == class.new && class.also.is_empty() {
                report.wrong("an example is none", || format!("seed {seed}, {release}: {class:?}"));
            }
        }
    }
}

/// Holds what is said of a request against what comes of it.
fn judged(
    judge: &Judge<'_>,
    (old, new): (&Session, &Session),
    request: &Request,
    report: &mut Report,
    which: &dyn Fn() -> String,
) {
    let Some(says) = judge.says(request) else {
        report.unlike += 1;
        return;
    };
    let (Ok(was), Ok(is)) = (old.trace(request), new.trace(request)) else {
        report.unlike += 1;
        return;
    };
    if says == Judgement::NotDecided || [&was, &is].iter().any(|trace| trace.verdict == Verdict::Unknown) {
        report.unknown += 1;
        return;
    }
    let differ = || {
        format!("{}\n  was {:?}: {}\n  is  {:?}: {}", which(), comes(&was), was.reason, comes(&is), is.reason)
    };
    match says {
        Judgement::Equal | Judgement::Same => {
            let count = if says == Judgement::Equal { &mut report.equal } else { &mut report.same };
            *count += 1;
            if comes(&was) != comes(&is) {
                report.wrong("a request differs, and is in no class", differ);
            }
        }
        Judgement::Differs(class) => {
            report.differ += 1;
            let came = |side| came(side, &request.protocol);
            if came(&class.old) == came(&class.new) {
                return;
            }
            report.shown += 1;
            let reached = |trace: &Trace| reached(trace.verdict, status(trace), &trace.destinations);
            if reached(&was) == reached(&is) {
                report.wrong("a request is in a class, and nothing differs", || {
                    format!("{}\n  class {}", differ(), in_short(class))
                });
            }
        }
        Judgement::NotDecided => {}
    }
}

fn in_short(class: &ClassDiff) -> String {
    format!(
        "{:?}: {:?} → {:?}, e.g. {:?}",
        class.conditions,
        came(&class.old, &Protocol::Http1),
        came(&class.new, &Protocol::Http1),
        class.example
    )
}

/// Something else comes of a request exactly if it is in a class that is told.
#[test]
fn requests_differ_where_that_is_told() {
    let each = number("DIFFS_PER_PAIR", 150);
    let pairs = number("DIFFS_REQUESTS", 1_800).div_ceil(each);
    let seed = number("DIFFS_SEED", 1);
    let mut report = Report::default();
    for number in 0..pairs {
        let at = usize::try_from(number).unwrap_or_default() % Release::ALL.len();
        pair(seed + number, Release::ALL[at], usize::try_from(each).unwrap_or_default(), &mut report);
    }
    let wrong = std::mem::take(&mut report.wrong);
    println!("{report:#?}");
    for (why, all) in &wrong {
        println!("{}: {why}", all.len());
        all.iter().take(4).for_each(|one| println!("  {one}"));
    }
    report.wrong = wrong;
    assert_eq!(report.count(), 0, "what is told is not what comes of requests");
    assert!(report.differ > 0 && report.equal > 0 && report.same > 0, "{report:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 20, ..super::config() })]

    /// A mesh is equal to itself, whatever the order of its objects.
    #[test]
    fn a_mesh_is_equal_to_itself(seed in any::<u64>(), release in select(Release::ALL)) {
        let objects = snapshot(seed, &release.to_string());
        let mut turned = objects.clone();
        turned.reverse();
        let diff = read(&objects, release).diff(&read(&turned, release));
        prop_assert!(diff.behaviour.iter().all(|one| one.compared == Compared::Equal), "{:?}", diff.behaviour);
    }
}
