//! What has come of a request, in the words of expectations.

use serde_json::{Map, Value, json};

use super::odds::Probability;
use crate::snapshot::Duration;
use crate::trace::{DecidedBy, Forwarded, Retries, Target, Trace};

/// What an expectation says where there is nothing.
const NONE: &str = "none";

/// What has come of a field of expectations; `written` is what is expected of it, and tells which details are
/// asked for.
pub(super) fn of(field: &str, trace: &Trace, written: Option<&Value>) -> Value {
    let route = trace.route.as_ref();
    match field {
        "verdict" => word(trace.verdict),
        "status" => number(trace.status),
        "grpcStatus" => number(trace.grpc_status),
        "decidedAt" => word(trace.decided_at),
        "decidedBy" => cause(trace.decided_by.as_ref()),
        "outcomes" => outcomes(trace),
        "location" => text(location(trace)),
        "waypoint" => text(trace.waypoint.as_deref()),
        "route" => text(route_name(trace)),
        "routedBy" => cause(route.and_then(|route| route.because.first())),
        "timeout" => limit(route.and_then(|route| route.timeout)),
        "retries" => retries(route.and_then(|route| route.retries.as_ref())),
        "destinations" => targets(&trace.destinations, written),
        "mirrors" => targets(&trace.mirrors, written),
        "request" => request(trace.request.as_ref(), written),
        _ => Value::Null,
    }
}

fn word(word: impl serde::Serialize) -> Value {
    serde_json::to_value(word).unwrap_or_default()
}

/// Where a redirect leads.
pub(super) fn location(trace: &Trace) -> Option<&str> {
    trace.outcomes.first().and_then(|chance| chance.outcome.location.as_deref())
}

/// The name of the route that is taken; none where it has none.
pub(super) fn route_name(trace: &Trace) -> Option<&str> {
    trace.route.as_ref().map(|route| route.name.as_str()).filter(|name| !name.is_empty())
}

/// An object, and the field in it.
fn cause(because: Option<&DecidedBy>) -> Value {
    because.map_or_else(|| NONE.into(), |DecidedBy(cause)| cause.to_string().into())
}

/// A text, or none.
fn text(text: Option<&str>) -> Value {
    text.unwrap_or(NONE).into()
}

/// A number, or none.
fn number(number: Option<u16>) -> Value {
    number.map_or_else(|| NONE.into(), Value::from)
}

/// A limit of time, or none.
fn limit(duration: Option<Duration>) -> Value {
    duration.map_or_else(|| NONE.into(), |duration| duration.to_string().into())
}

/// Odds as they are written.
fn odds(odds: f64) -> Value {
    serde_json::from_str(&Probability::from(odds).to_string()).unwrap_or_default()
}

/// How a request is tried again.
fn retries(retries: Option<&Retries>) -> Value {
    let Some(Retries { attempts, retry_on, per_try_timeout, .. }) = retries else { return 0.into() };
    json!({"attempts": attempts, "retryOn": retry_on, "perTryTimeout": limit(*per_try_timeout)})
}

/// Clusters that a request may go to, with those of the details that any entry of an expectation asks for.
fn targets(targets: &[Target], written: Option<&Value>) -> Value {
    let entries = || written.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let asked = |name: &str| entries().any(|entry| entry.contains_key(name));
    targets.iter().map(|one| target(one, &asked)).collect()
}

fn target(target: &Target, asked: &dyn Fn(&str) -> bool) -> Value {
    let mut map = Map::new();
    let mut add = |name: &str, value: Value| {
        map.insert(name.to_owned(), value);
    };
    if asked("cluster") || target.service.is_none() && !target.cluster.is_empty() {
        add("cluster", target.cluster.as_str().into());
    }
    if let Some(service) = &target.service {
        add("service", service.as_str().into());
    }
    if asked("subset") || target.subset.is_some() {
        add("subset", text(target.subset.as_deref()));
    }
    if asked("probability") || target.probability < 1.0 {
        add("probability", odds(target.probability));
    }
    if asked("workloads") {
        add("workloads", workloads(target).collect());
    }
    if asked("endpoints") || target.service.is_none() && target.cluster.is_empty() {
        add("endpoints", target.endpoints.iter().map(|endpoint| endpoint.address.as_str()).collect());
    }
    Value::Object(map)
}

/// The workloads behind the endpoints that may be picked.
pub(super) fn workloads(target: &Target) -> impl Iterator<Item = &str> {
    target.endpoints.iter().filter_map(|endpoint| endpoint.workload.as_deref())
}

/// What may come by chance.
fn outcomes(trace: &Trace) -> Value {
    let one = |chance: &crate::trace::Chance| {
        json!({
            "verdict": chance.outcome.verdict,
            "status": number(chance.outcome.status),
            "probability": odds(chance.probability),
        })
    };
    trace.outcomes.iter().map(one).collect()
}

/// A request with those of its parts that an expectation asks for.
fn request(found: Option<&Forwarded>, written: Option<&Value>) -> Value {
    let (Some(found), Some(Value::Object(written))) = (found, written) else { return text(None) };
    let part = |name: &String| match name.as_str() {
        "method" => found.method.as_str().into(),
        "path" => found.path.as_str().into(),
        "host" => found.authority.as_str().into(),
        _ => {
            let names = written.get(name).and_then(Value::as_object).into_iter().flat_map(Map::keys);
            Value::Object(names.map(|name| (name.clone(), header_value(found, name))).collect())
        }
    };
    written.keys().map(|name| (name.clone(), part(name))).collect()
}

fn header_value(found: &Forwarded, name: &str) -> Value {
    match header(found, name) {
        None => Value::Null,
        // There is one, and files do not tell which.
        Some(None) => true.into(),
        Some(Some(text)) => text.into(),
    }
}

/// The values of a header, with commas between; nothing where there is none, and no value where it is not
/// known.
pub(super) fn header(request: &Forwarded, name: &str) -> Option<Option<String>> {
    let of_name = |(known, _): &&(String, Option<String>)| known.eq_ignore_ascii_case(name);
    let values: Vec<&Option<String>> =
        request.headers.iter().filter(of_name).map(|(_, value)| value).collect();
    if values.is_empty() {
        return None;
    }
    let known: Option<Vec<&str>> = values.iter().map(|value| value.as_deref()).collect();
    Some(known.map(|known| known.join(",")))
}
