//! The route that a request takes, as data.

use envoy::google::protobuf;
use serde::{Serialize, Serializer};

use super::action::Forward;
use super::outcome::{DecidedBy, Decision, Place};
use super::route::Route;
use super::walk::Walk;
use crate::resources::names::MAIN_INTERNAL;
use crate::snapshot::Duration;

/// The route that a request takes, and what it says of time and tries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Routed {
    /// Its name in Envoy; empty where it has none.
    pub name: String,
    /// What made it, the decisive one first.
    pub because: Vec<DecidedBy>,
    /// How long an answer may take; nothing where it may take as long as it likes, and where nothing is
    /// forwarded.
    #[serde(serialize_with = "written")]
    pub timeout: Option<Duration>,
    /// How a request is tried again, where it is.
    pub retries: Option<Retries>,
    /// Whether the endpoint is picked by a hash.
    pub hashed: bool,
}

/// How a request is tried again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Retries {
    /// How often, at most.
    pub attempts: u32,
    /// After what, in Envoy's words, with commas between.
    pub retry_on: String,
    /// How long each try may take.
    #[serde(serialize_with = "written")]
    pub per_try_timeout: Option<Duration>,
}

fn written<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_some(&duration.map(|duration| duration.to_string()))
}

/// What Envoy takes where a route says nothing.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);

/// A route, before it is known what it does.
pub(super) fn of(route: &Route) -> Routed {
    Routed {
        name: route.name.clone(),
        because: route.causes.iter().cloned().map(DecidedBy).collect(),
        ..Routed::default()
    }
}

/// Notes timeout, retries, and what requests are hashed by.
pub(super) fn note(walk: &mut Walk<'_>, route: &Route, forward: &Forward) {
    let action = &forward.action;
    let mut routed = of(route);
    routed.timeout = match &action.timeout {
        Some(timeout) => Some(read(timeout)).filter(|timeout| !timeout.is_zero()),
        None => Some(DEFAULT_TIMEOUT),
    };
    routed.retries = forward.retries.as_ref().map(|policy| Retries {
        attempts: policy.num_retries.as_ref().map_or(1, |count| count.value),
        retry_on: policy.retry_on.clone(),
        per_try_timeout: policy.per_try_timeout.as_ref().map(read),
    });
    routed.hashed = !action.hash_policy.is_empty();
    let notes = notes(&routed);
    walk.routed(|| routed);
    if !notes.is_empty() {
        walk.step(Place::Waypoint, "policies of the route", Decision::Passed, notes.join("; "))
            .of(MAIN_INTERNAL, &route.pointer);
    }
}

fn notes(routed: &Routed) -> Vec<String> {
    let timeout = routed.timeout.map(|timeout| format!("timeout {}: then 504", seconds(timeout)));
    let retries = routed.retries.as_ref().map(|retries| {
        let each = retries.per_try_timeout.map(|each| format!(", {} each", seconds(each)));
        format!("up to {} retries on {}{}", retries.attempts, retries.retry_on, each.unwrap_or_default())
    });
    let hashed =
        routed.hashed.then(|| "the endpoint is picked by a hash: the same one for the same key".to_owned());
    [timeout, retries, hashed].into_iter().flatten().collect()
}

/// A duration of Envoy's.
pub(super) fn read(duration: &protobuf::Duration) -> Duration {
    let whole = duration.seconds.saturating_mul(1_000_000_000);
    Duration::from_nanos(whole.saturating_add(i64::from(duration.nanos)))
}

/// A duration as people write it.
pub(super) fn seconds(duration: Duration) -> String {
    let (seconds, millis) = (duration.secs(), duration.subsec_nanos() / 1_000_000);
    match (seconds, millis) {
        (seconds, 0) => format!("{seconds}s"),
        (0, millis) => format!("{millis}ms"),
        (seconds, millis) => format!("{seconds}.{millis:03}s"),
    }
}
