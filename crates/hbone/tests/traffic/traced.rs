//! The same rows without an Envoy: `trace` has to say of each what a real Envoy does.
//!
//! What no trace of files can tell is left out, and counted in [`LEFT_OUT`].

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use hbone::echo::ask;
use hbone::http::Protocol as Wire;
use hbone::workloads::Workloads;
use waypoint_xds::dialect::Dialect;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::session::Session;
use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::trace::{
    Destination, ExtAuthz, Outcome, Place, Protocol, Request, Source, Target, Trace, Verdict, Via,
};

use crate::row::{Ask, Check, Expect, Message, Row, Sight, Trust};
use crate::scenario::Scenario;

/// A scenario as one release has it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) release: Release,
    pub(crate) scenario: Scenario,
}

/// How many rows are left out, by why: these numbers only shrink.
const LEFT_OUT: &[(&str, usize)] = &[
    ("a script", 2),
    ("a tunnel to a name", 2),
    ("an authority that the mesh does not know", 2),
    ("how long something takes", 3),
    ("one endpoint of several, by a hash", 1),
    ("signatures and times of tokens", 7),
    ("what pods answered before", 8),
    ("who speaks first", 2),
];

#[test]
fn every_row_comes_out_as_in_a_real_envoy() {
    let mut failures = Vec::new();
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut compared, mut checks) = (0, 0);
    for dialect in [Dialect::Envoy, Dialect::IstioProxy] {
        for case in crate::istio_1_18::all().into_iter().chain(crate::istio_1_31::all()) {
            let tracer = Tracer::new(&case, dialect);
            let of_release = |row: &&Row| row.only.is_none_or(|only| only == case.release);
            for row in case.scenario.rows.iter().filter(of_release) {
                if let Some(why) = why_not(&case, row, &tracer) {
                    if dialect == Dialect::Envoy {
                        *left_out.entry(why).or_default() += 1;
                    }
                    continue;
                }
                compared += usize::from(dialect == Dialect::Envoy);
                let (number, wrong) = tracer.compare(&case, row);
                checks += number;
                failures.extend(wrong.map(|wrong| {
                    format!("{} of {} ({dialect:?}): {} → {wrong}", case.name, case.release, row.what)
                }));
            }
        }
    }
    println!("{compared} rows compared, {checks} checks in two dialects; left out: {left_out:#?}");
    assert!(failures.is_empty(), "{} rows differ:\n{}", failures.len(), failures.join("\n"));
    let expected: BTreeMap<&str, usize> = LEFT_OUT.iter().copied().collect();
    assert_eq!(left_out, expected, "what is left out may only shrink");
}

/// Why files do not tell what comes of a row.
fn why_not(case: &Case, row: &Row, tracer: &Tracer) -> Option<&'static str> {
    const VERIFIED: [&str; 4] =
        ["an expired token", "a token from the future", "a forged signature", "deny with expired token"];
    const REPEATED: [&str; 4] = [
        "retries find another pod",
        "an answer is an answer, even a 503",
        "it is ejected",
        "and nobody fails",
    ];
    let header = |name: &str| match &row.ask.message {
        Message::Http(request) => request.headers.iter().any(|(other, _)| other == name),
        _ => false,
    };
    let authority = tracer.workloads.authority(row.ask.to);
    match &row.expect {
        _ if case.name == "istio_envoy_filter" => Some("a script"),
        _ if row.ask.trust == Trust::OtherAuthority => Some("an authority that the mesh does not know"),
        _ if VERIFIED.contains(&row.what) => Some("signatures and times of tokens"),
        _ if authority.rsplit_once(':').is_some_and(|(host, _)| host.parse::<IpAddr>().is_err()) => {
            Some("a tunnel to a name")
        }
        Expect::Greeting | Expect::Silence => Some("who speaks first"),
        Expect::OnePod => Some("one endpoint of several, by a hash"),
        Expect::Any => Some("what pods answered before"),
        _ if REPEATED.contains(&row.what) => Some("what pods answered before"),
        _ if header(ask::DELAY) && row.what == "too slow" => Some("how long something takes"),
        _ => None,
    }
}

struct Tracer {
    session: Session,
    workloads: Workloads,
}

impl Tracer {
    fn new(case: &Case, dialect: Dialect) -> Self {
        let mut options = Options::for_release(case.release);
        options.waypoint = Some(case.scenario.waypoint.clone());
        options.dialect = dialect;
        let read = || Snapshot::read(case.scenario.files.iter().cloned(), &options.limits);
        let workloads = Workloads::of(&read().snapshot);
        Self { session: Session::new(read(), &options), workloads }
    }

    /// The request of a row.
    fn request(&self, case: &Case, ask: &Ask) -> Request {
        let (namespace, account) = ask.from.split_once('/').unwrap();
        let source = match ask.trust {
            Trust::OtherTrustDomain => {
                Source::Spiffe(format!("spiffe://other.example/ns/{namespace}/sa/{account}").into())
            }
            _ => Source::ServiceAccount { namespace: namespace.into(), name: account.into() },
        };
        let destination: Destination = self.workloads.authority(ask.to).parse().unwrap();
        let mut request = Request::new(source, destination);
        request.source_address = Some(Ipv4Addr::LOCALHOST.into());
        request.via = Via::Waypoint(case.scenario.waypoint.clone());
        match &ask.message {
            Message::Http(http) => {
                request.protocol = match http.protocol {
                    Wire::Http1 => Protocol::Http1,
                    Wire::H2c => Protocol::Http2,
                };
                request.method = http.method.to_string();
                request.path = http.path.clone();
                request.authority = Some(http.host.clone());
                request.headers = http.headers.clone();
                let denies = http.headers.iter().any(|(name, value)| name == ask::STATUS && value == "403");
                request.ext_authz = Some(if denies { ExtAuthz::Deny } else { ExtAuthz::Allow });
            }
            Message::Line(_) | Message::Silence => request.protocol = Protocol::Tcp,
        }
        if let Some(name) = ask.tls {
            request.protocol = Protocol::Tls { sni: Some(name.to_owned()), alpn: Vec::new() };
        }
        request
    }

    /// How many checks there were, and what does not hold.
    fn compare(&self, case: &Case, row: &Row) -> (usize, Option<String>) {
        let trace = self.session.trace(&self.request(case, &row.ask)).unwrap();
        let result = Result { trace: &trace, workloads: &self.workloads, row };
        let wrong: Vec<String> = match &row.expect {
            Expect::Answer(checks) => {
                let is_asked = |check: &&Check| {
                    // Who asks the authorizer is not a destination.
                    !(case.name == "authorization_custom" && matches!(check, Check::Reached("ratings", _)))
                };
                checks.iter().filter(is_asked).filter_map(|check| result.fails(check)).collect()
            }
            Expect::NoAnswer => {
                let at = result.at_waypoint();
                let refused = matches!(at.verdict, Verdict::Denied | Verdict::Failed) && at.status.is_none();
                if refused { Vec::new() } else { vec![format!("no answer, but {at:?}")] }
            }
            Expect::Nowhere => {
                let nowhere = trace.verdict == Verdict::Failed && trace.reason.contains("does not serve");
                if nowhere { Vec::new() } else { vec![format!("nowhere, but {}", trace.reason)] }
            }
            Expect::NoConnection(_) => {
                let refused = trace.verdict == Verdict::Failed && trace.reason.contains("certificate");
                if refused { Vec::new() } else { vec![format!("no connection, but {}", trace.reason)] }
            }
            Expect::Spread(expected) => {
                let share = |version: &str| result.share(|pod| pod.version == version) * 100.0;
                let misses = expected.iter().filter(|(version, range)| !range.contains(&share(version)));
                misses.map(|(version, _)| format!("{version}: {} %", share(version))).collect()
            }
            Expect::Pods(expected) => {
                let share = |name: &str| result.share(|pod| pod.name.starts_with(name));
                let times = |name: &str| share(name) * row.ask.times as f64;
                let fits = |range: &std::ops::RangeInclusive<usize>, times: f64| {
                    (*range.start() as f64..=*range.end() as f64).contains(&times)
                };
                let misses = expected.iter().filter(|(name, range)| !fits(range, times(name)));
                misses.map(|(name, _)| format!("{name}: {}", times(name))).collect()
            }
            other => vec![format!("{other:?} is left out")],
        };
        let number = if let Expect::Answer(checks) = &row.expect { checks.len() } else { 1 };
        let wrong = (!wrong.is_empty()).then(|| format!("{} ({})", wrong.join("; "), trace.reason));
        (number, wrong)
    }
}

/// What came of a row.
struct Result<'r> {
    trace: &'r Trace,
    workloads: &'r Workloads,
    row: &'r Row,
}

impl Result<'_> {
    /// What the waypoint decides: the rig has no ztunnels.
    fn at_waypoint(&self) -> Outcome {
        let mut outcome = self.trace.outcomes.first().unwrap().outcome.clone();
        if outcome.decided_at == Place::Destination && outcome.verdict != Verdict::Unknown {
            outcome.verdict = Verdict::Allowed;
            outcome.status = None;
        }
        outcome
    }

    fn arrives(&self) -> bool {
        self.at_waypoint().verdict == Verdict::Allowed
    }

    /// The share of the destinations' requests that such pods get.
    fn share(&self, is_it: impl Fn(&hbone::pods::Pod) -> bool) -> f64 {
        if !self.arrives() {
            return 0.0;
        }
        let all = self.trace.destinations.iter();
        let picked = all.flat_map(|target| {
            target
                .endpoints
                .iter()
                .map(|endpoint| (&endpoint.address, target.probability * endpoint.probability))
        });
        let of = |address: &str| {
            let (ip, _) = address.rsplit_once(':').unwrap();
            let pod = self.workloads.pods.iter().find(|pod| pod.address.to_string() == ip);
            pod.is_some_and(&is_it)
        };
        picked.filter(|(address, _)| of(address)).map(|(_, odds)| odds).sum()
    }

    /// Whether pods whose names begin so get the request or its copy.
    fn reaches(&self, name: &str) -> bool {
        let is_it = |pod: &hbone::pods::Pod| pod.name.starts_with(name);
        let named = |target: &Target| {
            target.probability > 0.0
                && target.endpoints.iter().any(|endpoint| {
                    let (ip, _) = endpoint.address.rsplit_once(':').unwrap();
                    let pod = self.workloads.pods.iter().find(|pod| pod.address.to_string() == ip);
                    pod.is_some_and(is_it)
                })
        };
        self.arrives() && (self.share(is_it) > 0.0 || self.trace.mirrors.iter().any(named))
    }

    /// What pods answer.
    fn status_of_pod(&self) -> u16 {
        let Message::Http(request) = &self.row.ask.message else { return 200 };
        let asked = request.headers.iter().find(|(name, _)| name == ask::STATUS);
        asked.map_or(200, |(_, status)| status.parse().unwrap())
    }

    /// Why a check does not hold; nothing of what files do not tell.
    fn fails(&self, check: &Check) -> Option<String> {
        let at = self.at_waypoint();
        let forwarded = self.trace.request.as_ref();
        let text = |value: &str| Some(value.to_owned());
        let (expected, found) = match check {
            Check::Status(status) => {
                let own = at.status.filter(|_| !self.arrives());
                let status_of_pod = self.arrives().then(|| self.status_of_pod());
                (Some(status.to_string()), own.or(status_of_pod).map(|status| status.to_string()))
            }
            Check::GrpcStatus(status) => {
                let own = at.grpc_status.or_else(|| self.arrives().then_some(0));
                (text(status), own.map(|status| status.to_string()))
            }
            Check::Version(version) => {
                let share = self.share(|pod| pod.version == *version);
                (text("1.000"), Some(format!("{share:.3}")))
            }
            Check::Reached("", times) => (text(&(*times > 0).to_string()), text(&self.arrives().to_string())),
            Check::Reached(name, times) => {
                (text(&(*times > 0).to_string()), text(&self.reaches(name).to_string()))
            }
            Check::Header("location", value) => (value.map(str::to_owned), at.location),
            Check::Saw(Sight::Path, path) => (text(path), forwarded.map(|request| request.path.clone())),
            Check::Saw(Sight::Host, host) => (text(host), forwarded.map(|request| request.authority.clone())),
            Check::Saw(Sight::Tls, tls) => {
                let spoken = self.trace.destinations.iter().all(|target| target.tls.is_some());
                (text(tls), text(&spoken.to_string()))
            }
            Check::SawHeader(name, value) => {
                let all = forwarded?.headers.iter().filter(|(other, _)| other == name);
                let all: Option<Vec<String>> = all.map(|(_, value)| value.clone()).collect();
                let found = all?.join(",");
                (value.map(str::to_owned), Some(found).filter(|found| !found.is_empty()))
            }
            Check::Body(_)
            | Check::Header(..)
            | Check::Took(_)
            | Check::Saw(Sight::Protocol | Sight::Peer | Sight::ServerName | Sight::Proxied, _) => {
                return None;
            }
        };
        (expected != found).then(|| format!("{check:?}: found {found:?}"))
    }
}
