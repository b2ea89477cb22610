//! One of what may come of a request by chance.

use super::outcome::{Target, Trace, Verdict};
use crate::mesh::derive::fnv64;

/// A trace with one outcome, one destination with one endpoint, and one copy, as a seed picks them; odds stay
/// what they were.
pub(super) fn picked(mut trace: Trace, seed: &str) -> Trace {
    let draws = |what: &str| draw(seed, what);
    if let Some(chance) = pick(&trace.outcomes, draws("outcome"), |chance| chance.probability).cloned() {
        let outcome = &chance.outcome;
        trace.verdict = outcome.verdict;
        trace.status = outcome.status;
        trace.grpc_status = outcome.grpc_status;
        trace.reason.clone_from(&outcome.reason);
        trace.decided_at = outcome.decided_at;
        trace.decided_by.clone_from(&outcome.decided_by);
        if trace.outcomes.len() > 1 {
            trace.caveats.push(format!("one of {} outcomes, picked by seed `{seed}`", trace.outcomes.len()));
        }
        trace.outcomes = vec![chance];
    }
    trace.mirrors.iter_mut().for_each(|mirror| one_endpoint(mirror, draws("mirror")));
    if !matches!(trace.verdict, Verdict::Allowed | Verdict::Unknown) {
        trace.destinations.clear();
        trace.mirrors.clear();
        trace.request = None;
    } else if let Some(target) =
        pick(&trace.destinations, draws("destination"), |target| target.probability).cloned()
    {
        trace.destinations = vec![target];
        trace.destinations.iter_mut().for_each(|target| one_endpoint(target, draws("endpoint")));
    }
    trace
}

fn one_endpoint(target: &mut Target, draw: f64) {
    if let Some(endpoint) = pick(&target.endpoints, draw, |endpoint| endpoint.probability).cloned() {
        target.endpoints = vec![endpoint];
    }
}

/// The one of several that a number from 0 to 1 falls on.
fn pick<T>(all: &[T], draw: f64, probability: impl Fn(&T) -> f64) -> Option<&T> {
    let sum: f64 = all.iter().map(&probability).sum();
    let mut left = draw * sum;
    let found = all.iter().find(|one| {
        left -= probability(one);
        left < 0.0
    });
    found.or(all.last())
}

/// A number from 0 to 1, below 1: FNV-1a of both texts, mixed as SplitMix64 does.
fn draw(seed: &str, what: &str) -> f64 {
    let hash = fnv64(&format!("{seed}\0{what}"));
    let mixed = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    let mixed = mixed ^ mixed >> 31;
    // 53 bits are what a number holds.
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_spread_evenly() {
        let draws: Vec<f64> = (0..10_000).map(|seed: u32| draw(&seed.to_string(), "outcome")).collect();
        for tenth in 0..10 {
            let from = f64::from(tenth) / 10.0;
            let count = draws.iter().filter(|draw| **draw >= from && **draw < from + 0.1).count();
            assert!((900..1100).contains(&count), "{tenth}: {count}");
        }
        assert!((draw("7", "outcome") - draw("7", "outcome")).abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_likelier_is_picked_more_often() {
        let odds = [0.25, 0.0, 0.5];
        let at = |draw: f64| pick(&odds, draw, |odds| *odds).copied();
        assert_eq!([at(0.0), at(0.3), at(0.4), at(0.99)], [Some(0.25), Some(0.25), Some(0.5), Some(0.5)]);
        assert_eq!(pick(&[] as &[f64], 0.5, |odds| *odds), None);
    }
}
