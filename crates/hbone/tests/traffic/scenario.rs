//! Runs a scenario: one Envoy, one snapshot, many rows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hbone::client::{Client, Failure};
use hbone::echo::GREETING;
use hbone::http::{Session, request_once};
use hbone::loopback::Loopback;
use hbone::pki::{Authority, Credentials};
use hbone::rig::{Plan, Rig};
use tokio::time::sleep;
use upstream_envoy::server_unless_skipped;
use waypoint_xds::mesh::WaypointName;
use waypoint_xds::options::Options;
use waypoint_xds::problem::Severity;
use waypoint_xds::release::Release;
use waypoint_xds::text::SourceFile;

use crate::row::{Ask, Check, Expect, Message, Outcome, Row, Trust};

/// How many tunnels share a row's requests.
const TUNNELS: usize = 8;

/// How much later than the answer a pod may see what is not waited for.
const LATER: Duration = Duration::from_secs(3);

/// A snapshot and what should come of it.
pub(crate) struct Scenario {
    files: Vec<SourceFile>,
    waypoint: WaypointName,
    rows: Vec<Row>,
}

impl Scenario {
    /// The base snapshot with these objects added.
    pub(crate) fn of(objects: &str, rows: Vec<Row>) -> Self {
        let base = SourceFile::new("base.yaml", include_str!("../scenarios/base.yaml"));
        let waypoint = WaypointName::new("shop", "waypoint");
        Self { files: vec![base, SourceFile::new("scenario.yaml", objects)], waypoint, rows }
    }

    /// One of the golden cases.
    pub(crate) fn case(text: &str, waypoint: WaypointName, rows: Vec<Row>) -> Self {
        Self { files: vec![SourceFile::new("case.yaml", text)], waypoint, rows }
    }

    /// Runs every row, and fails if one does not come out as it should.
    pub(crate) fn run(self, name: &str, release: Release) {
        let test = format!("{name} of {release}");
        let Some(envoy) = server_unless_skipped(&test).unwrap_or_else(|why| panic!("{why}")) else { return };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let failures = runtime.block_on(self.failures(name, release, &envoy));
        assert!(failures.is_empty(), "{} rows failed:\n{}", failures.len(), failures.join("\n"));
    }

    async fn failures(self, name: &str, release: Release, envoy: &Path) -> Vec<String> {
        let mut options = Options::for_release(release);
        options.waypoint = Some(self.waypoint);
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{release}"));
        let plan = Plan {
            files: &self.files,
            options: &options,
            envoy,
            directory: &directory,
            listen: Loopback::any(),
        };
        let rig = Rig::start(&plan).await.unwrap_or_else(|error| panic!("{error}"));
        let errors = rig.problems.iter().filter(|problem| problem.severity == Severity::Error);
        let mut failures: Vec<String> = errors.map(|problem| format!("{problem:?}")).collect();
        let mut world = World { rig, clients: BTreeMap::new(), other: Authority::new().unwrap() };
        for row in self.rows.iter().filter(|row| row.only.is_none_or(|only| only == release)) {
            for why in world.fails(row).await {
                failures.push(format!("- {} ({} → {}): {why}", row.what, row.ask.from, row.ask.to));
            }
        }
        if !failures.is_empty() {
            failures.push(format!("the end of Envoy's log:\n{}", world.rig.envoy.log_tail()));
        }
        failures
    }
}

/// A rig, and who has talked to it.
struct World {
    rig: Rig,
    clients: BTreeMap<&'static str, Client>,
    other: Authority,
}

impl World {
    /// Why a row fails: nothing if it doesn't.
    async fn fails(&mut self, row: &Row) -> Vec<String> {
        match &row.expect {
            Expect::Any => {
                self.many(&row.ask).await;
                Vec::new()
            }
            Expect::Answer(checks) => self.fails_to_answer(&row.ask, checks).await,
            Expect::NoAnswer => match self.ask(&row.ask).await {
                Outcome::Failure(Failure::Refused(_) | Failure::NoAnswer(_)) => Vec::new(),
                other => vec![format!("expected no answer, found {other}")],
            },
            Expect::Greeting => match self.ask(&row.ask).await {
                Outcome::Greeting(words) if words == GREETING => Vec::new(),
                other => vec![format!("expected a greeting, found {other}")],
            },
            Expect::NoConnection(counter) => {
                let before = self.rig.envoy.counter(counter).await.unwrap();
                let outcome = self.ask(&row.ask).await;
                let after = self.rig.envoy.counter(counter).await.unwrap();
                match outcome {
                    Outcome::NoConnection(_) | Outcome::Failure(Failure::Closed(_)) if after > before => {
                        Vec::new()
                    }
                    other => {
                        vec![format!("expected no connection; {counter} from {before} to {after}; {other}")]
                    }
                }
            }
            Expect::Spread(expected) => {
                let versions = tally(self.many(&row.ask).await, |seen| seen.version);
                let share = |version: &str| {
                    versions.get(version).copied().unwrap_or(0) as f64 * 100.0 / row.ask.times as f64
                };
                let fits = expected.iter().all(|(version, range)| range.contains(&share(version)));
                if fits { Vec::new() } else { vec![format!("expected {expected:?}, found {versions:?}")] }
            }
            Expect::Pods(expected) => {
                let pods = tally(self.many(&row.ask).await, |seen| seen.pod);
                let count =
                    |name: &str| pods.iter().filter(|(pod, _)| pod.starts_with(name)).map(|(_, n)| n).sum();
                let fits = expected.iter().all(|(name, range)| range.contains(&count(name)));
                if fits { Vec::new() } else { vec![format!("expected {expected:?}, found {pods:?}")] }
            }
            Expect::OnePod => {
                let pods = tally(self.many(&row.ask).await, |seen| seen.pod);
                if pods.len() == 1 { Vec::new() } else { vec![format!("expected one pod, found {pods:?}")] }
            }
        }
    }

    /// Which checks of an answer do not hold. What goes to pods besides, as mirrored requests do, may come later.
    async fn fails_to_answer(&mut self, ask: &Ask, checks: &[Check]) -> Vec<String> {
        let log = self.rig.pods.log.clone();
        let before = log.of_path(ask.path()).len();
        let outcome = self.ask(ask).await;
        let start = Instant::now();
        loop {
            let seen = log.of_path(ask.path()).split_off(before);
            let wrong: Vec<String> = checks.iter().filter_map(|check| check.fails(&outcome, &seen)).collect();
            let may_come = checks.iter().any(|check| matches!(check, Check::Reached(..)));
            if wrong.is_empty() {
                return wrong;
            } else if !may_come || start.elapsed() > LATER {
                return vec![format!("{}\n    in {outcome}", wrong.join("\n    "))];
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// One request in a tunnel of its own.
    async fn ask(&mut self, ask: &Ask) -> Outcome {
        let client = match self.client(ask).await {
            Ok(client) => client,
            Err(hbone::Error::Request(failure)) => return Outcome::NoConnection(failure.to_string()),
            Err(error) => panic!("{error}"),
        };
        let mut tunnel = match client.tunnel(&self.rig.workloads.authority(ask.to)).await {
            Ok(tunnel) => tunnel,
            Err(failure) => return Outcome::Failure(failure),
        };
        if let Some(server_name) = ask.tls {
            tunnel = match tunnel.tls(server_name, &self.credentials(ask)).await {
                Ok(tunnel) => tunnel,
                Err(hbone::Error::Request(failure)) => return Outcome::Failure(failure),
                Err(error) => panic!("{error}"),
            };
        }
        match &ask.message {
            Message::Http(request) => match request_once(tunnel, request).await {
                Ok(reply) => Outcome::Reply(reply),
                Err(failure) => Outcome::Failure(failure),
            },
            Message::Silence => match tunnel.listen().await {
                Ok(words) => Outcome::Greeting(words),
                Err(failure) => Outcome::Failure(failure),
            },
            Message::Line(line) => match tunnel.say(line).await {
                Ok(answer) => Outcome::Line(serde_json::from_str(&answer).unwrap()),
                Err(failure) => Outcome::Failure(failure),
            },
        }
    }

    /// Many requests, through a few tunnels; each line of plain TCP has a tunnel of its own.
    async fn many(&mut self, ask: &Ask) -> Vec<Outcome> {
        let client = self.client(ask).await.unwrap();
        let authority = self.rig.workloads.authority(ask.to);
        let Message::Http(request) = &ask.message else {
            let mut outcomes = Vec::new();
            for _ in 0..ask.times {
                outcomes.push(self.ask(ask).await);
            }
            return outcomes;
        };
        let mut outcomes = Vec::new();
        let mut sessions = Vec::new();
        for _ in 0..TUNNELS {
            sessions.push(
                Session::open(client.tunnel(&authority).await.unwrap(), request.protocol).await.unwrap(),
            );
        }
        for number in 0..ask.times {
            let mut numbered = request.clone();
            for (_, value) in &mut numbered.headers {
                *value = value.replace('%', &number.to_string());
            }
            outcomes.push(match sessions[number % TUNNELS].send(&numbered).await {
                Ok(reply) => Outcome::Reply(reply),
                Err(failure) => Outcome::Failure(failure),
            });
        }
        outcomes
    }

    async fn client(&mut self, ask: &Ask) -> hbone::Result<Client> {
        if ask.trust != Trust::Mesh {
            return Client::connect(self.rig.waypoint, &self.credentials(ask)).await;
        }
        if let Some(client) = self.clients.get(ask.from) {
            return Ok(client.clone());
        }
        let client = Client::connect(self.rig.waypoint, &self.credentials(ask)).await?;
        self.clients.insert(ask.from, client.clone());
        Ok(client)
    }

    fn credentials(&self, ask: &Ask) -> Credentials {
        let identity: hbone::identity::Identity = ask.from.parse().unwrap();
        let mesh = &self.rig.authority;
        match ask.trust {
            Trust::Mesh => mesh.issue(&identity),
            Trust::OtherTrustDomain => mesh.issue(&identity.of_trust_domain("other.example")),
            Trust::OtherAuthority => {
                self.other.issue(&identity).map(|credentials| credentials.trusting(mesh))
            }
        }
        .unwrap()
    }
}

fn tally(outcomes: Vec<Outcome>, key: impl Fn(hbone::echo::Seen) -> String) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for outcome in outcomes {
        let status = match &outcome {
            Outcome::Reply(reply) if reply.status == 200 => String::new(),
            Outcome::Line(_) => String::new(),
            Outcome::Reply(reply) => format!("{} ", reply.status),
            other => format!("{other} "),
        };
        let key = outcome.seen().map(&key).unwrap_or_default();
        *tally.entry(status + &key).or_insert(0) += 1;
    }
    tally
}
