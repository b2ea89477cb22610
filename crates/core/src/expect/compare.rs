//! Holds what came of a request against what is expected.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::expected::{Expected, ExpectedDestination, ExpectedOutcome, ExpectedRequest};
use super::found;
use super::named::Named;
use super::values::{ExpectedRetries, HeaderValue};
use crate::trace::{Chance, DecidedBy, Forwarded, Retries, Target, Trace};

/// A field of an expectation that is not met.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// The field, as `status`.
    pub field: String,
    /// What is expected, as it is written.
    pub expected: Value,
    /// What came, in the same words.
    pub found: Value,
}

/// What is expected and did not come; `written` is the expectation as it is written.
pub(super) fn differences(
    expected: &Expected,
    written: &Map<String, Value>,
    trace: &Trace,
) -> Vec<Difference> {
    let Expected {
        verdict,
        status,
        grpc_status,
        decided_at,
        decided_by,
        waypoint,
        route,
        routed_by,
        destinations,
        mirrors,
        outcomes,
        request,
        location,
        timeout,
        retries,
    } = expected;
    let is = |wanted: &Option<String>, found: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| wanted == found.unwrap_or("none"))
    };
    let by = |wanted: &Option<Named>, found: Option<&DecidedBy>| {
        wanted.as_ref().is_none_or(|wanted| wanted.fits(found.map(|by| &by.0)))
    };
    let way = trace.route.as_ref();
    let held = [
        ("verdict", verdict.is_none_or(|wanted| wanted == trace.verdict)),
        ("status", status.is_none_or(|wanted| Some(wanted) == trace.status)),
        ("grpcStatus", grpc_status.is_none_or(|wanted| Some(wanted) == trace.grpc_status)),
        ("decidedAt", decided_at.is_none_or(|wanted| wanted == trace.decided_at)),
        ("decidedBy", by(decided_by, trace.decided_by.as_ref())),
        ("waypoint", is(waypoint, trace.waypoint.as_deref())),
        ("route", is(route, found::route_name(trace))),
        ("routedBy", by(routed_by, way.and_then(|route| route.because.first()))),
        (
            "destinations",
            destinations.as_ref().is_none_or(|wanted| matched(wanted, &trace.destinations, goes)),
        ),
        ("mirrors", mirrors.as_ref().is_none_or(|wanted| matched(wanted, &trace.mirrors, goes))),
        ("outcomes", outcomes.as_ref().is_none_or(|wanted| matched(wanted, &trace.outcomes, comes))),
        ("request", request.as_ref().is_none_or(|wanted| arrives(wanted, trace.request.as_ref()))),
        ("location", is(location, found::location(trace))),
        ("timeout", timeout.is_none_or(|wanted| wanted.fits(way.and_then(|route| route.timeout)))),
        (
            "retries",
            retries.as_ref().is_none_or(|wanted| tries(wanted, way.and_then(|route| route.retries.as_ref()))),
        ),
    ];
    let wrong = held.into_iter().filter(|(_, holds)| !holds);
    wrong.map(|(field, _)| Difference::new(field, written.get(field), trace)).collect()
}

impl Difference {
    fn new(field: &str, written: Option<&Value>, trace: &Trace) -> Self {
        let found = found::of(field, trace, written);
        Self { field: field.to_owned(), expected: written.cloned().unwrap_or_default(), found }
    }
}

/// Whether each entry that is wanted fits one that was found, and all of those are taken.
fn matched<W, F>(wanted: &[W], found: &[F], fits: impl Fn(&W, &F) -> bool) -> bool {
    let mut left: Vec<&F> = found.iter().collect();
    let all = wanted.iter().all(|wanted| {
        let at = left.iter().position(|found| fits(wanted, found));
        at.map(|at| left.swap_remove(at)).is_some()
    });
    all && left.is_empty()
}

fn comes(wanted: &ExpectedOutcome, found: &Chance) -> bool {
    wanted.verdict.is_none_or(|verdict| verdict == found.outcome.verdict)
        && wanted.status.is_none_or(|status| Some(status) == found.outcome.status)
        && wanted.probability.is_none_or(|odds| odds.fits(found.probability, wanted.tolerance))
}

fn goes(wanted: &ExpectedDestination, found: &Target) -> bool {
    let service = |host: &String| found.service.as_deref().is_some_and(|found| is_host(host, found));
    let same = |wanted: &Vec<String>, found: BTreeSet<&str>| {
        wanted.iter().map(String::as_str).collect::<BTreeSet<&str>>() == found
    };
    let endpoints = || found.endpoints.iter().map(|endpoint| endpoint.address.as_str()).collect();
    wanted.service.as_ref().is_none_or(service)
        && wanted.subset.as_deref().is_none_or(|subset| found.subset.as_deref().unwrap_or("none") == subset)
        && wanted.cluster.as_deref().is_none_or(|cluster| found.cluster == cluster)
        && wanted.workloads.as_ref().is_none_or(|all| same(all, found::workloads(found).collect()))
        && wanted.endpoints.as_ref().is_none_or(|all| same(all, endpoints()))
        && wanted.probability.is_none_or(|odds| odds.fits(found.probability, wanted.tolerance))
}

/// Whether a host is meant: `cart.shop` is `cart.shop.svc.cluster.local`, too.
pub(super) fn is_host(wanted: &str, found: &str) -> bool {
    found.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(".svc."))
}

fn tries(wanted: &ExpectedRetries, found: Option<&Retries>) -> bool {
    let Some(found) = found else { return wanted.attempts == Some(0) };
    let words = |text: &str| text.split(',').map(|word| word.trim().to_owned()).collect::<BTreeSet<String>>();
    wanted.attempts.is_none_or(|attempts| attempts == found.attempts)
        && wanted.retry_on.as_deref().is_none_or(|on| words(on) == words(&found.retry_on))
        && wanted.per_try_timeout.is_none_or(|limit| limit.fits(found.per_try_timeout))
}

fn arrives(wanted: &ExpectedRequest, found: Option<&Forwarded>) -> bool {
    let Some(found) = found else { return false };
    let is = |wanted: &Option<String>, found: &String| wanted.as_ref().is_none_or(|wanted| wanted == found);
    let header = |(name, wanted): (&String, &Option<HeaderValue>)| {
        let value = found::header(found, name);
        match wanted {
            None | Some(HeaderValue::Present(false)) => value.is_none(),
            Some(HeaderValue::Present(true)) => value.is_some(),
            Some(HeaderValue::Is(text)) => value.flatten().as_ref() == Some(text),
        }
    };
    is(&wanted.method, &found.method)
        && is(&wanted.path, &found.path)
        && is(&wanted.host, &found.authority)
        && wanted.headers.iter().all(header)
}
