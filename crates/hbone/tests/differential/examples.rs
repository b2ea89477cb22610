//! Examples of what `diff` tells, sent to two real Envoys: one with the waypoint as it was, one as it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use generate::traffic::{Ask, Place, Token, TunnelProtocol, changed, snapshot};
use hbone::identity::Identity;
use serde_json::{Map, Value, json};
use waypoint_xds::dialect::Dialect;
use waypoint_xds::release::Release;
use waypoint_xds::session::Session;
use waypoint_xds::trace::classes::{Came, ClassDiff, Compared};
use waypoint_xds::trace::{Protocol, Request, Source, Target, Trace, Verdict};

use crate::comparing::{Comparison, compare};
use crate::expected::trace;
use crate::limits::limit;
use crate::sending::{Sent, send, sent};
use crate::surroundings::Surroundings;
use crate::waypoint::{Waypoint, name, session};

/// No pair of meshes is asked for more, so that many are.
const OF_A_PAIR: usize = 40;

/// What a run comes to, in examples.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) pairs: usize,
    /// Both Envoys did what the class says.
    pub(crate) confirmed: usize,
    /// Those of them of which the verdict or the status differs.
    pub(crate) verdicts: usize,
    /// Files do not tell what comes of it, on one side at least.
    pub(crate) unknown: usize,
    /// What cannot be sent here, and why.
    pub(crate) not_sent: BTreeMap<String, usize>,
    /// Where upstream's Envoy is known to do something else than Istio's.
    pub(crate) limits: BTreeMap<String, usize>,
    pub(crate) differences: Vec<String>,
}

/// Compares meshes until so many examples are confirmed, or differ.
pub(crate) async fn run(seed: u64, examples: usize, directory: PathBuf, envoy: &Path) -> Report {
    let mut around = Surroundings::start(directory, envoy.to_owned()).await.unwrap();
    let mut report = Report::default();
    for number in seed.. {
        if report.confirmed + report.differences.len() >= examples {
            break;
        }
        let at = usize::try_from(number).unwrap_or_default() % Release::ALL.len();
        pair(&mut around, number, Release::ALL[at], &mut report).await;
    }
    report
}

/// An example as it is sent, its class, and what traces say of it on both sides.
struct Shown<'c> {
    class: &'c ClassDiff,
    sent: Sent,
    traces: [Trace; 2],
}

async fn pair(around: &mut Surroundings, seed: u64, release: Release, report: &mut Report) {
    let before = snapshot(seed, &release.to_string());
    let after = changed(&before, seed ^ 0xc0de, &release.to_string());
    let read = |objects: &[Value]| session(around, objects, release, Dialect::Envoy);
    let (Some(old), Some(new)) = (read(&before), read(&after)) else { return };
    let destinations = old.judge(&new, &name()).expect("both have the waypoint").destinations();
    let classes = destinations.iter().filter_map(|destination| match &destination.compared {
        Compared::Differs { classes, .. } => Some(classes),
        _ => None,
    });
    let mut all = Vec::new();
    for class in classes.flatten().filter(|class| class.confirmed).take(OF_A_PAIR) {
        if [&class.old, &class.new].iter().any(|came| came.verdict == Verdict::Unknown) {
            report.unknown += 1;
            continue;
        }
        let request = class.example.clone().try_into().expect("a request");
        match shown(around, [&old, &new], &request, class, &format!("{seed}-{}", all.len())) {
            Ok(one) => all.push(one),
            Err(why) => *report.not_sent.entry(why.to_owned()).or_default() += 1,
        }
    }
    if all.is_empty() {
        return;
    }
    report.pairs += 1;
    let requests: Vec<Sent> = all.iter().map(|one| one.sent.clone()).collect();
    let mut results: Vec<Vec<Result<(), Told>>> = vec![Vec::new(); all.len()];
    for (side, session) in [old, new].into_iter().enumerate() {
        let waypoint =
            Waypoint::start(around, session).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let fates = send(around, &waypoint, &requests).await;
        for ((one, fate), result) in all.iter().zip(&fates).zip(&mut results) {
            result.push(match (compare(&one.traces[side], fate), limit(release, &one.sent, fate)) {
                (Comparison::Same, _) => Ok(()),
                (_, Some(limit)) => Err(Told::Limit(limit)),
                (Comparison::Unknown(_), None) => Err(Told::Unknown),
                (Comparison::Differs(why), None) => Err(Told::Differs(format!(
                    "release {release} seed {seed}, {}: {why}\n  {:?}\n  {fate:?}",
                    ["old", "new"][side],
                    one.class
                ))),
            });
        }
    }
    for (one, result) in all.iter().zip(results) {
        match result.into_iter().collect::<Result<Vec<()>, Told>>() {
            Ok(_) => {
                report.confirmed += 1;
                let (old, new) = (&one.class.old, &one.class.new);
                report.verdicts += usize::from((old.verdict, old.status) != (new.verdict, new.status));
            }
            Err(Told::Limit(limit)) => *report.limits.entry(limit.to_owned()).or_default() += 1,
            Err(Told::Unknown) => report.unknown += 1,
            Err(Told::Differs(why)) => report.differences.push(why),
        }
    }
}

/// Why an example is not confirmed.
#[derive(Clone)]
enum Told {
    Limit(&'static str),
    Unknown,
    Differs(String),
}

/// An example as it is sent, such that what comes of it here is what the class says.
fn shown<'c>(
    around: &Surroundings,
    sessions: [&Session; 2],
    request: &Request,
    class: &'c ClassDiff,
    name: &str,
) -> Result<Shown<'c>, &'static str> {
    for place in places(request) {
        let sent = sent(around, &ask(sessions, request, place)?, name);
        let traces = sessions.map(|session| trace(session, &sent));
        let as_told =
            [&class.old, &class.new].into_iter().zip(&traces).all(|(came, trace)| is_so(came, trace));
        if as_told {
            return Ok(Shown { class, sent, traces });
        }
    }
    Err(if request.source_address.is_some() {
        "it comes from another address than clients have here"
    } else {
        "it is another request as a client here sends it"
    })
}

/// Whether a trace says what a class does.
fn is_so(came: &Came, trace: &Trace) -> bool {
    let clusters = |targets: &[Target]| -> Vec<(String, f64)> {
        targets.iter().map(|target| (target.cluster.clone(), target.probability)).collect()
    };
    came.verdict == trace.verdict
        && came.status == trace.status
        && clusters(&came.destinations) == clusters(&trace.destinations)
}

/// Where a token may be, in the meshes that are drawn.
fn places(request: &Request) -> Vec<Option<Token>> {
    let Some(claims) = &request.claims else { return vec![None] };
    let mut claims: Map<String, Value> = claims.clone();
    claims.insert("exp".to_owned(), json!(4_102_444_800_u64));
    let header = |name: &str, prefix: &str| Place::Header(name.to_owned(), prefix.to_owned());
    let places = [
        header("authorization", "Bearer "),
        header("x-token", "Token "),
        Place::Parameter("token".to_owned()),
        Place::Parameter("access_token".to_owned()),
    ];
    places.into_iter().map(|place| Some(Token { claims: claims.clone(), place })).collect()
}

fn ask(sessions: [&Session; 2], request: &Request, token: Option<Token>) -> Result<Ask, &'static str> {
    let Source::Spiffe(id) = &request.source else { return Err("it comes without a certificate") };
    let identity: Identity =
        id.parse().map_err(|_| "it comes from an identity of another form than Istio's")?;
    let speaks = match request.protocol {
        Protocol::Http1 => TunnelProtocol::Http1,
        Protocol::Http2 => TunnelProtocol::Http2,
        Protocol::Grpc => TunnelProtocol::Grpc,
        Protocol::Tcp => TunnelProtocol::Tcp,
        _ => return Err("it is TLS"),
    };
    let destination = &request.destination;
    let to =
        sessions.iter().find_map(|session| address(session, &destination.host)).ok_or("it has no address")?;
    Ok(Ask {
        trust_domain: identity.trust_domain,
        namespace: identity.namespace,
        account: identity.service_account,
        to: format!("{to}:{}", destination.port.unwrap_or(80)),
        speaks,
        method: request.method.clone(),
        path: request.path.clone(),
        host: request.authority.clone().unwrap_or_else(|| destination.to_string()),
        headers: request.headers.clone(),
        token,
    })
}

/// The address of a host; an address is its own.
fn address(session: &Session, host: &str) -> Option<String> {
    if host.parse::<std::net::IpAddr>().is_ok() {
        return Some(host.to_owned());
    }
    let services = &session.mesh().services;
    let service = services.with_hostname(host).iter().find_map(|id| services.get(*id))?;
    let own = service.addresses.first().map(|address| address.ip);
    own.or_else(|| service.auto_allocated.first().copied()).map(|ip| ip.to_string())
}
