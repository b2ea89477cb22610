//! Whether what came of a row is what should.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::{Duration, Instant};

use hbone::client::Failure;
use hbone::echo::{GREETING, Seen};
use tokio::time::sleep;

use crate::row::{Ask, Check, Expect, Outcome, Row};
use crate::world::World;

/// How much later than the answer a pod may see what is not waited for.
const LATER: Duration = Duration::from_secs(3);

/// Or why not.
type Verdict = Result<(), String>;

impl World {
    /// Does what a row says, and compares what comes of it.
    pub(crate) async fn check(&mut self, row: &Row) -> Verdict {
        match &row.expect {
            Expect::Any => {
                self.many(&row.ask).await;
                Ok(())
            }
            Expect::Answer(checks) => self.answered(&row.ask, checks).await,
            Expect::NoAnswer => self.refused(&row.ask).await,
            Expect::Nowhere => {
                let before = self.counter("no_filter_chain_match").await;
                self.refused(&row.ask).await?;
                verdict(
                    self.counter("no_filter_chain_match").await > before,
                    "no filter chain",
                    "one that matches",
                )
            }
            Expect::Greeting => {
                let outcome = self.ask(&row.ask).await;
                verdict(
                    matches!(&outcome, Outcome::Greeting(words) if words == GREETING),
                    "a greeting",
                    outcome,
                )
            }
            Expect::Silence => {
                let outcome = self.ask(&row.ask).await;
                verdict(matches!(outcome, Outcome::Silence), "silence", outcome)
            }
            Expect::NoConnection(counter) => {
                let before = self.counter(counter).await;
                let outcome = self.ask(&row.ask).await;
                let closed =
                    matches!(outcome, Outcome::NoConnection(_) | Outcome::Failure(Failure::Closed(_)));
                verdict(closed && self.counter(counter).await > before, counter, outcome)
            }
            Expect::Spread(expected) => {
                let versions = tally(self.many(&row.ask).await, |seen| seen.version);
                let share = |version: &str| {
                    versions.get(version).map_or(0.0, |n| *n as f64 * 100.0 / row.ask.times as f64)
                };
                let fits = expected.iter().all(|(version, range)| range.contains(&share(version)));
                verdict(fits, expected, versions)
            }
            Expect::Pods(expected) => {
                let pods = tally(self.many(&row.ask).await, |seen| seen.pod);
                let named =
                    |name: &str| pods.iter().filter(|(pod, _)| pod.starts_with(name)).map(|(_, n)| n).sum();
                verdict(expected.iter().all(|(name, range)| range.contains(&named(name))), expected, &pods)
            }
            Expect::OnePod => {
                let pods = tally(self.many(&row.ask).await, |seen| seen.pod);
                verdict(pods.len() == 1, "one pod", pods)
            }
        }
    }

    async fn counter(&self, name_end: &str) -> u64 {
        self.rig.envoy.counter(name_end).await.unwrap()
    }

    /// An answer for which everything holds. What goes to pods besides, as mirrored requests do, may come
    /// later.
    async fn answered(&mut self, ask: &Ask, checks: &[Check]) -> Verdict {
        let log = self.rig.pods.log.clone();
        let before = log.of_path(ask.path()).len();
        let outcome = self.ask(ask).await;
        let start = Instant::now();
        loop {
            let seen = log.of_path(ask.path()).split_off(before);
            let wrong: Vec<String> = checks.iter().filter_map(|check| check.fails(&outcome, &seen)).collect();
            let may_come = checks.iter().any(|check| matches!(check, Check::Reached(..)));
            if wrong.is_empty() {
                return Ok(());
            }
            if !may_come || start.elapsed() > LATER {
                return Err(format!("{}\n    in {outcome:?}", wrong.join("\n    ")));
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// No answer, and no pod that saw the request.
    async fn refused(&mut self, ask: &Ask) -> Verdict {
        let before = self.rig.pods.log.of_path(ask.path()).len();
        let outcome = self.ask(ask).await;
        let refused = matches!(outcome, Outcome::Failure(Failure::Refused(_) | Failure::NoAnswer(_)));
        let reached = self.rig.pods.log.of_path(ask.path()).len() > before;
        verdict(refused && !reached, "no answer", outcome)
    }
}

fn verdict(fits: bool, expected: impl Debug, found: impl Debug) -> Verdict {
    if fits { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}")) }
}

/// How many answers each pod or version gave. What is no good answer is told apart.
fn tally(outcomes: Vec<Outcome>, key: impl Fn(Seen) -> String) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for outcome in outcomes {
        let seen = outcome.seen().map(&key);
        let key = match (outcome, seen) {
            (Outcome::Reply(reply), Some(key)) if reply.status != 200 => format!("{} of {key}", reply.status),
            (_, Some(key)) => key,
            (Outcome::Reply(reply), None) => format!("{} {}", reply.status, reply.text()),
            (other, None) => format!("{other:?}"),
        };
        *tally.entry(key).or_insert(0) += 1;
    }
    tally
}
