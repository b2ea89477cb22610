//! Many snapshots, many requests.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use generate::traffic::{Ask, Dice, requests, smaller, snapshot, universe};
use serde_json::Value;
use waypoint_xds::dialect::Dialect;
use waypoint_xds::release::Release;

use crate::comparing::{Comparison, compare, draw, is_http};
use crate::expected::trace;
use crate::limits::limit;
use crate::sending::{Fate, Sent, send, sent};
use crate::surroundings::Surroundings;
use crate::waypoint::{Waypoint, session};

/// What is run: so many snapshots of a release from a number on, with so many requests each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) release: Release,
    pub(crate) seed: u64,
    pub(crate) snapshots: u64,
    pub(crate) requests: usize,
    /// How many differences each worker makes small: that takes its time.
    pub(crate) shrunk: usize,
}

/// How often a request that chance decides is sent again.
const AGAIN: usize = 60;
/// How many such requests there are for each snapshot.
const CHANCES: usize = 2;
/// How many differences of one kind are told in full.
const TOLD: usize = 2;

/// What a run comes to.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) snapshots: usize,
    pub(crate) requests: usize,
    pub(crate) draws: usize,
    /// What the clients got, or which policy denied, by how often.
    pub(crate) fates: BTreeMap<String, usize>,
    /// What `trace` says that files do not tell.
    pub(crate) unknown: BTreeMap<String, usize>,
    /// Where upstream's Envoy is known to do something else than Istio's, and how often that came up.
    pub(crate) limits: BTreeMap<String, usize>,
    /// Differences by kind, and the first ones in full.
    pub(crate) differences: BTreeMap<String, usize>,
    pub(crate) told: Vec<String>,
}

impl Report {
    pub(crate) fn add(&mut self, other: Self) {
        self.snapshots += other.snapshots;
        self.requests += other.requests;
        self.draws += other.draws;
        for (key, count) in other.fates {
            *self.fates.entry(key).or_default() += count;
        }
        for (key, count) in other.unknown {
            *self.unknown.entry(key).or_default() += count;
        }
        for (key, count) in other.limits {
            *self.limits.entry(key).or_default() += count;
        }
        for (key, count) in other.differences {
            *self.differences.entry(key).or_default() += count;
        }
        self.told.extend(other.told);
    }
}

/// Runs the snapshots of one worker: every so manyth.
pub(crate) async fn run(plan: Plan, (worker, workers): (u64, u64), directory: &Path, envoy: &Path) -> Report {
    let mut around = Surroundings::start(directory.to_owned(), envoy.to_owned()).await.unwrap();
    let mut report = Report::default();
    for number in (worker..plan.snapshots).step_by(usize::try_from(workers).unwrap()) {
        let seed = plan.seed.wrapping_add(number);
        let objects = snapshot(seed, &plan.release.to_string());
        let asks = requests(&objects, seed, plan.requests);
        one(&mut around, &plan, seed, &objects, &asks, &mut report).await;
    }
    report
}

/// One snapshot with its requests.
async fn one(
    around: &mut Surroundings,
    plan: &Plan,
    seed: u64,
    objects: &[Value],
    asks: &[Ask],
    report: &mut Report,
) {
    let Some(session) = session(around, objects, plan.release, Dialect::Envoy) else {
        tell(report, "the snapshot has no waypoint");
        return report.told.push(format!("seed {seed}: the snapshot has no waypoint"));
    };
    let waypoint = match Waypoint::start(around, session).await {
        Ok(waypoint) => waypoint,
        Err(error) => {
            tell(report, &error.to_string());
            return report.told.push(format!("seed {seed}: {error}\n{}", generate::text(objects)));
        }
    };
    report.snapshots += 1;
    let all: Vec<Sent> =
        asks.iter().enumerate().map(|(number, ask)| sent(around, ask, &format!("{seed}-{number}"))).collect();
    let traces: Vec<_> = all.iter().map(|one| trace(&waypoint.session, one)).collect();
    let fates = send(around, &waypoint, &all).await;
    report.requests += all.len();
    let mut differing = Vec::new();
    let mut chances: BTreeMap<String, usize> = BTreeMap::new();
    for (number, ((one, trace), fate)) in all.iter().zip(&traces).zip(&fates).enumerate() {
        *report.fates.entry(kind(fate)).or_default() += 1;
        match (compare(trace, fate), limit(plan.release, one, fate)) {
            (Comparison::Same, _) => {}
            (_, Some(limit)) => *report.limits.entry(limit.to_owned()).or_default() += 1,
            (Comparison::Unknown(why), None) => *report.unknown.entry(why).or_default() += 1,
            (Comparison::Differs(why), None) => differing.push((number, why)),
        }
        if let Some((_, odds)) = draw(trace, fate)
            && is_http(one)
        {
            chances.entry(format!("{odds:?}")).or_insert(number);
        }
    }
    let mut differing = again(around, &waypoint, (seed, asks), differing, report).await;
    for number in chances.into_values().take(CHANCES) {
        let name = format!("{seed}-{number}-again");
        if let Some(why) = unlikely(around, &waypoint, (&name, &asks[number]), report).await {
            differing.push((number, why));
        }
    }
    drop(waypoint);
    for (number, why) in differing {
        if tell(report, &why) {
            let is_shrunk = report.told.len() < plan.shrunk;
            let small =
                if is_shrunk { shrunk(around, plan, objects, &asks[number]).await } else { objects.to_vec() };
            let mut text = format!("release {} seed {seed} request {number}: {why}\n", plan.release);
            let _ = writeln!(text, "  {}", serde_json::to_string(&asks[number]).unwrap());
            let _ = writeln!(text, "  Envoy: {:?}", fates[number]);
            let trace = &traces[number];
            let _ = writeln!(text, "  trace: {:?}", trace.outcomes);
            let _ =
                writeln!(text, "  trace: {:?} {:?} {:?}", trace.request, trace.destinations, trace.caveats);
            let around = universe();
            let drawn = small.iter().filter(|object| is_shrunk || !around.contains(object));
            drawn.for_each(|object| text.push_str(&format!("{object}\n")));
            report.told.push(text);
        }
    }
}

/// Sends what differs once more: a machine that is busy lets connections time out. What differs then, too, is
/// left.
async fn again(
    around: &mut Surroundings,
    waypoint: &Waypoint,
    (seed, asks): (u64, &[Ask]),
    differing: Vec<(usize, String)>,
    report: &mut Report,
) -> Vec<(usize, String)> {
    let mut left = Vec::new();
    for (number, why) in differing {
        let once_more = [sent(around, &asks[number], &format!("{seed}-{number}-once-more"))];
        let trace = trace(&waypoint.session, &once_more[0]);
        let fates = send(around, waypoint, &once_more).await;
        if fates.iter().all(|fate| matches!(compare(&trace, fate), Comparison::Same)) {
            *report.limits.entry("not when it was sent once more".to_owned()).or_default() += 1;
        } else {
            left.push((number, why));
        }
    }
    left
}

/// Counts a difference; whether it is to be told in full.
fn tell(report: &mut Report, why: &str) -> bool {
    // Without what is said of one request only.
    let parts = why.split('`').step_by(2).collect::<Vec<_>>().join("…");
    let kind: String = parts.chars().filter(|c| !c.is_ascii_digit()).take(90).collect();
    let count = report.differences.entry(kind).or_default();
    *count += 1;
    *count <= TOLD
}

/// What came of a request, in a word.
fn kind(fate: &Fate) -> String {
    use crate::sending::Answer;
    let details = fate.logged.as_ref().and_then(|logged| logged.details.as_deref()).unwrap_or_default();
    let details = details.split(['[', '{', ':']).next().unwrap_or_default();
    match &fate.answer {
        Answer::Reply(reply) => format!("{} {details}", reply.status.as_u16()),
        Answer::Line(_) => "a line".to_owned(),
        Answer::Failure(_) => "no answer".to_owned(),
        Answer::NoConnection(_) => "no connection".to_owned(),
    }
}

/// Sends a request many times; why what comes of that does not go with the odds.
async fn unlikely(
    around: &mut Surroundings,
    waypoint: &Waypoint,
    (name, ask): (&str, &Ask),
    report: &mut Report,
) -> Option<String> {
    let all: Vec<Sent> = (0..AGAIN).map(|number| sent(around, ask, &format!("{name}-{number}"))).collect();
    let trace = trace(&waypoint.session, all.first()?);
    let mut came: BTreeMap<String, usize> = BTreeMap::new();
    let mut odds = BTreeMap::new();
    for fate in send(around, waypoint, &all).await {
        let (one, expected) = draw(&trace, &fate)?;
        *came.entry(one).or_default() += 1;
        odds = expected;
    }
    report.draws += AGAIN;
    let all = AGAIN as f64;
    // Six times the usual deviation, and a little for what is rare: once in a hundred million times.
    let is_far = |name: &str, share: f64| {
        let found = came.get(name).copied().unwrap_or_default() as f64;
        (found - all * share).abs() > 6.0 * (all * share * (1.0 - share)).sqrt() + 3.0
    };
    let far = odds.iter().any(|(name, share)| is_far(name, *share));
    let strange = came.keys().any(|name| !odds.contains_key(name));
    (far || strange).then(|| format!("of {AGAIN} requests {came:?}, and the odds are {odds:?}"))
}

/// A smaller snapshot in which the request differs, too.
async fn shrunk(around: &mut Surroundings, plan: &Plan, objects: &[Value], ask: &Ask) -> Vec<Value> {
    let mut left = 60;
    let mut small = objects.to_vec();
    // `smaller` asks and waits: here each answer takes an Envoy, so that it is asked in rounds.
    loop {
        let mut next = None;
        let mut asked = Vec::new();
        smaller(small.clone(), left, |tried| {
            asked.push(tried.to_vec());
            false
        });
        for tried in asked {
            if left == 0 {
                break;
            }
            left -= 1;
            if differs(around, plan, &tried, ask).await {
                next = Some(tried);
                break;
            }
        }
        match next {
            Some(next) => small = next,
            None => return small,
        }
    }
}

async fn differs(around: &mut Surroundings, plan: &Plan, objects: &[Value], ask: &Ask) -> bool {
    let Some(session) = session(around, objects, plan.release, Dialect::Envoy) else { return false };
    let Ok(waypoint) = Waypoint::start(around, session).await else { return false };
    let one = sent(around, ask, &format!("again-{}", Dice::new(1).below(1000)));
    let trace = trace(&waypoint.session, &one);
    let fates = send(around, &waypoint, std::slice::from_ref(&one)).await;
    fates.iter().any(|fate| matches!(compare(&trace, fate), Comparison::Differs(_)))
}
