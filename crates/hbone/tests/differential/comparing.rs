//! Compares what came of a request with what `trace` says.

use std::collections::{BTreeMap, BTreeSet};

use hbone::echo::Seen;
use waypoint_xds::trace::{Decision, Outcome, Target, Trace, Verdict};

use crate::expected::outcomes;
use crate::sending::{Answer, Fate, Message, Sent};

/// Headers that the proxies or the client make on the way: files do not tell their values.
const MADE: &[&str] = &[
    "host",
    "x-request-id",
    "content-length",
    "transfer-encoding",
    "connection",
    "x-forwarded-proto",
    "grpc-timeout",
];

/// What a comparison comes to.
#[derive(Debug)]
pub(crate) enum Comparison {
    Same,
    /// The trace says that files do not tell, and why.
    Unknown(String),
    Differs(String),
}

/// Compares a request's fate with its trace.
pub(crate) fn compare(trace: &Trace, fate: &Fate) -> Comparison {
    let expected = outcomes(trace);
    if let Some((_, outcome)) = expected.iter().find(|(_, outcome)| outcome.verdict == Verdict::Unknown) {
        return Comparison::Unknown(outcome.reason.clone());
    }
    let mut wrong = Vec::new();
    for (_, outcome) in &expected {
        match differs(trace, outcome, fate) {
            None => return Comparison::Same,
            Some(why) => wrong.push(why),
        }
    }
    // What is not known on the way may be why.
    let unknown = trace.steps.iter().find(|step| step.decision == Decision::Unknown);
    unknown.map_or_else(
        || Comparison::Differs(wrong.join("; or ")),
        |step| Comparison::Unknown(step.text.clone()),
    )
}

/// Why this is not what came of the request.
fn differs(trace: &Trace, outcome: &Outcome, fate: &Fate) -> Option<String> {
    if outcome.verdict == Verdict::Allowed {
        return arrived(trace, fate).err();
    }
    let Some(status) = outcome.status else {
        return match &fate.answer {
            Answer::Failure(_) | Answer::NoConnection(_) => None,
            Answer::Line(line) if serde_json::from_str::<Seen>(line).is_err() => None,
            // Whoever speaks something else to a connection manager is told that this is no HTTP.
            Answer::Reply(reply)
                if reply.status == 400 && outcome.verdict == Verdict::Failed && fate.seen.is_empty() =>
            {
                None
            }
            _ => Some(format!("no answer ({}), but there is one", outcome.reason)),
        };
    };
    let Answer::Reply(reply) = &fate.answer else {
        return Some(format!("status {status} ({}), but no response", outcome.reason));
    };
    let checks = [
        ("status", status.to_string(), reply.status.as_u16().to_string()),
        ("gRPC status", text(outcome.grpc_status), reply.grpc_status().unwrap_or("none").to_owned()),
        (
            "location",
            outcome.location.clone().unwrap_or_else(|| "none".to_owned()),
            reply.header("location").unwrap_or("none").to_owned(),
        ),
        ("pods that saw it", "0".to_owned(), fate.seen.len().to_string()),
    ];
    for (what, expected, found) in checks {
        if expected != found {
            return Some(format!("{what} {expected} ({}), but {found}", outcome.reason));
        }
    }
    let details = fate.logged.as_ref().and_then(|logged| logged.details.as_deref()).unwrap_or_default();
    let (expected, is_so) = expected_details(outcome, details);
    (!is_so && status != 400).then(|| format!("{expected} ({}), but {details}", outcome.reason))
}

fn text(status: Option<u16>) -> String {
    status.map_or_else(|| "none".to_owned(), |status| status.to_string())
}

/// Who decided, as Envoy's response code details have it.
fn expected_details(outcome: &Outcome, details: &str) -> (String, bool) {
    match outcome.verdict {
        Verdict::Denied if details.starts_with("jwt_authn") => (
            "a policy".to_owned(),
            matches!(outcome.status, Some(401 | 403 | 200)) && outcome.reason.contains("token"),
        ),
        Verdict::Denied => {
            let name = outcome.decided_by.as_ref().map(|by| &by.0).and_then(|cause| {
                let rule = cause.field.to_string();
                let rule = rule.strip_prefix("spec.rules")?.to_owned();
                Some(format!("ns[{}]-policy[{}]-rule{rule}", cause.object.namespace, cause.object.name))
            });
            let expected =
                format!("rbac_access_denied_matched_policy[{}]", name.as_deref().unwrap_or("none"));
            let is_so = details == expected;
            (expected, is_so)
        }
        _ => ("no policy".to_owned(), !details.starts_with("rbac") && !details.starts_with("jwt")),
    }
}

/// Whether a request came where it should, as it should.
fn arrived(trace: &Trace, fate: &Fate) -> Result<(), String> {
    let failed = |what: &str| Err(format!("it arrives ({}), but {what}", trace.reason));
    let same = |what: &str, expected: &str, found: &str| {
        if expected == found { Ok(()) } else { Err(format!("{what} `{expected}`, but `{found}`")) }
    };
    let reply = match &fate.answer {
        Answer::Reply(reply) => Some(reply),
        Answer::Line(line) if serde_json::from_str::<Seen>(line).is_ok() => None,
        Answer::Line(_) => return failed("the line that comes back is not a pod's"),
        Answer::Failure(failure) => return failed(&failure.to_string()),
        Answer::NoConnection(why) => return failed(why),
    };
    let Some(logged) = fate.logged.as_ref().filter(|_| trace.request.is_some()) else {
        // Bytes that the waypoint does not read, or that it should not have read. Copies of a request are
        // seen, too.
        let Some(first) = fate.seen.first() else { return failed("no pod saw it") };
        let is_own = |seen| endpoint(trace.destinations.iter(), seen).is_ok();
        return if fate.seen.iter().any(is_own) {
            Ok(())
        } else {
            endpoint(trace.destinations.iter(), first)
        };
    };
    let details = logged.details.as_deref().unwrap_or_default();
    if details != "via_upstream" {
        return failed(&format!("{} {details}", logged.status));
    }
    let cluster = logged.cluster.as_deref().unwrap_or_default();
    let of_cluster =
        trace.destinations.iter().filter(|target| target.cluster == cluster && target.probability > 0.0);
    if of_cluster.clone().count() == 0 {
        let clusters: Vec<&str> = trace.destinations.iter().map(|target| target.cluster.as_str()).collect();
        return failed(&format!("at {cluster}, which is none of {clusters:?}"));
    }
    let Some(forwarded) = &trace.request else { return Ok(()) };
    same("path", &forwarded.path, logged.path.as_deref().unwrap_or_default())?;
    same("host", &forwarded.authority, logged.host.as_deref().unwrap_or_default())?;
    same("method", &forwarded.method, logged.method.as_deref().unwrap_or_default())?;
    // What is not HTTP to a pod, it refuses.
    // The answer to HEAD says nothing: of those that saw it, copies among them, one that it may have come to.
    let of_own = || fate.seen.iter().find(|seen| endpoint(of_cluster.clone(), seen).is_ok());
    let own = || of_own().or(fate.seen.first()).cloned();
    let Some(seen) = reply.and_then(|reply| reply.seen()).or_else(own) else {
        return if reply.is_some_and(|reply| reply.status == 400) { Ok(()) } else { failed("no pod saw it") };
    };
    endpoint(of_cluster.clone(), &seen)?;
    same("path at the pod", &forwarded.path, &seen.path)?;
    same("host at the pod", &forwarded.authority, &seen.host)?;
    if !trace.caveats.iter().any(|caveat| caveat.contains("change headers each in its way")) {
        headers(&forwarded.headers, &seen.headers)?;
    }
    let copies = trace.mirrors.iter().filter(|mirror| !mirror.endpoints.is_empty());
    let most = copies.clone().filter(|mirror| mirror.probability > 0.0).count();
    let least = copies.filter(|mirror| mirror.probability >= 1.0).count();
    let found = fate.seen.len().saturating_sub(1);
    if (least..=most).contains(&found) {
        Ok(())
    } else {
        Err(format!("{least} to {most} copies, but {found}"))
    }
}

fn endpoint<'t>(mut targets: impl Iterator<Item = &'t Target>, seen: &Seen) -> Result<(), String> {
    let is_it =
        |target: &Target| target.endpoints.iter().any(|endpoint| endpoint.address == seen.destination);
    if seen.destination.is_empty() || targets.any(is_it) {
        return Ok(());
    }
    Err(format!("another endpoint than {} of {}", seen.destination, seen.pod))
}

/// Every header that is known from files, and no other.
fn headers(expected: &[(String, Option<String>)], found: &BTreeMap<String, String>) -> Result<(), String> {
    let mut wanted: BTreeMap<&str, Option<Vec<&str>>> = BTreeMap::new();
    for (name, value) in expected {
        let values = wanted.entry(name).or_insert_with(|| Some(Vec::new()));
        match (values.as_mut(), value) {
            (Some(values), Some(value)) => values.push(value),
            _ => *values = None,
        }
    }
    let is_made =
        |name: &str| MADE.contains(&name) || name.starts_with("x-envoy-") || name.starts_with("x-b3-");
    let names: BTreeSet<&str> = wanted.keys().copied().chain(found.keys().map(String::as_str)).collect();
    for name in names.into_iter().filter(|name| !is_made(name)) {
        match (wanted.get(name), found.get(name)) {
            (Some(None), Some(_)) => {}
            (Some(Some(values)), Some(found)) if values.join(",") == *found => {}
            (wanted, found) => {
                return Err(format!("header `{name}` {wanted:?}, but {found:?}"));
            }
        }
    }
    Ok(())
}

/// What chance decides: which of several a request came to, and the odds that the trace gives each.
pub(crate) fn draw(trace: &Trace, fate: &Fate) -> Option<(String, BTreeMap<String, f64>)> {
    let mut odds: BTreeMap<String, f64> = BTreeMap::new();
    let total: f64 = trace.destinations.iter().map(|target| target.probability).sum();
    for (probability, outcome) in outcomes(trace) {
        if outcome.verdict != Verdict::Allowed {
            *odds.entry(format!("status {}", text(outcome.status))).or_default() += probability;
            continue;
        }
        for target in &trace.destinations {
            *odds.entry(target.cluster.clone()).or_default() += probability * target.probability / total;
        }
    }
    let logged = fate.logged.as_ref()?;
    let came = match (&fate.answer, logged.details.as_deref()) {
        (Answer::Reply(_), Some("via_upstream")) => logged.cluster.clone()?,
        (Answer::Reply(reply), _) => format!("status {}", reply.status.as_u16()),
        _ => return None,
    };
    (odds.values().filter(|odds| **odds > 0.0).count() > 1).then_some((came, odds))
}

/// Whether a request is one that can be sent many times.
pub(crate) fn is_http(sent: &Sent) -> bool {
    matches!(sent.message, Message::Http(_))
}
