//! What comes of a request, and the way there.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::routed::Routed;
use crate::snapshot::Cause;

/// What comes of a request.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Trace {
    /// Whether it gets to its destination.
    pub verdict: Verdict,
    /// The status of HTTP that the client gets of a proxy; none where the destination answers, or where it is
    /// not HTTP.
    pub status: Option<u16>,
    /// The status of gRPC that the client gets of a proxy.
    pub grpc_status: Option<u16>,
    /// The verdict in a sentence, without a full stop.
    pub reason: String,
    /// Who decided.
    pub decided_at: Place,
    /// The field that decided; none where a default did.
    pub decided_by: Option<DecidedBy>,
    /// The waypoint on the way, `namespace/name`.
    pub waypoint: Option<String>,
    /// The route that it takes there.
    pub route: Option<Routed>,
    /// All that may come of it, with odds, the likeliest first; one where nothing is left to chance.
    pub outcomes: Vec<Chance>,
    /// Where it goes, with odds, as far as it gets.
    pub destinations: Vec<Target>,
    /// What goes to others as a copy, with odds.
    pub mirrors: Vec<Target>,
    /// The request as the destination would get it; none of what is not HTTP, or does not get there.
    pub request: Option<Forwarded>,
    /// What the files do not tell, and what was assumed.
    pub caveats: Vec<String>,
    /// The way, in its order.
    pub steps: Vec<Step>,
}

impl Trace {
    /// The step that refused the request, answered it, or found nothing to take it.
    #[must_use]
    pub fn deciding_step(&self) -> Option<&Step> {
        let ends =
            |step: &&Step| matches!(step.decision, Decision::Denied | Decision::Failed | Decision::Answered);
        let is_end = |chance: &Chance| !matches!(chance.outcome.verdict, Verdict::Allowed | Verdict::Unknown);
        self.steps.iter().rev().find(ends).filter(|_| self.outcomes.iter().any(is_end))
    }
}

/// Whether a request gets to its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It does.
    Allowed,
    /// A policy refuses it.
    Denied,
    /// The proxy answers itself: a redirect, a direct response, a fault, a preflight.
    Answered,
    /// Nothing is there to take it.
    Failed,
    /// Files do not tell.
    Unknown,
}

/// Where something was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// At the client: its resolver, its ztunnel.
    Client,
    /// At the waypoint.
    Waypoint,
    /// At the ztunnel of the destination.
    Destination,
}

/// One thing that may come of a request.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Chance {
    /// From 0 to 1.
    pub probability: f64,
    /// What it is.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How a walk ends.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Outcome {
    /// Whether the request gets to its destination.
    pub verdict: Verdict,
    /// The status of HTTP that a proxy answers with.
    pub status: Option<u16>,
    /// The status of gRPC that a proxy answers with.
    pub grpc_status: Option<u16>,
    /// Headers that a proxy answers with: where a redirect leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Why, in a sentence without a full stop.
    pub reason: String,
    /// Where it was decided.
    pub decided_at: Place,
    /// The field that decided.
    pub decided_by: Option<DecidedBy>,
}

/// A field of an object that is why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedBy(pub Cause);

/// `{kind, namespace, name, field}`.
impl Serialize for DecidedBy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Cause { object, field } = &self.0;
        let mut fields = serializer.serialize_struct("Because", 4)?;
        fields.serialize_field("kind", &object.kind)?;
        fields.serialize_field("namespace", &object.namespace)?;
        fields.serialize_field("name", &object.name)?;
        fields.serialize_field("field", &field.to_string())?;
        fields.end()
    }
}

/// A cluster that a request may go to.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Target {
    /// The cluster; empty without a waypoint.
    pub cluster: String,
    /// The host of the Service.
    pub service: Option<String>,
    /// The subset of the Service.
    pub subset: Option<String>,
    /// From 0 to 1.
    pub probability: f64,
    /// How the endpoints are spoken to, beyond the mesh's own encryption: `TLS`, with the server name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// What may be picked.
    pub endpoints: Vec<Picked>,
}

/// An endpoint that may be picked.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Picked {
    /// `address:port`.
    pub address: String,
    /// The pod or other workload, `namespace/name`.
    pub workload: Option<String>,
    /// Its share of the cluster's requests, from 0 to 1.
    pub probability: f64,
}

/// A request as it is forwarded.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Forwarded {
    /// Its method.
    pub method: String,
    /// Its path, with the query.
    pub path: String,
    /// Its host.
    #[serde(rename = "host")]
    pub authority: String,
    /// Its other headers that are known from files. What cannot be known has no value. In JSON a map, of a
    /// repeated header with commas between the values, as Envoy's matchers see it.
    #[serde(serialize_with = "as_map")]
    pub headers: Vec<(String, Option<String>)>,
}

fn as_map<S: Serializer>(headers: &[(String, Option<String>)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map: Vec<(&str, Option<String>)> = Vec::new();
    for (name, value) in headers {
        match map.iter_mut().find(|(other, _)| other == name) {
            Some((_, before)) => {
                *before =
                    before.take().zip(value.as_ref()).map(|(before, value)| format!("{before},{value}"));
            }
            None => map.push((name, value.clone())),
        }
    }
    serializer.collect_map(map)
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Step {
    /// Where.
    pub at: Place,
    /// What: a filter, a route, a cluster.
    pub what: String,
    /// The resource that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Pointer>,
    /// What came of it.
    pub decision: Decision,
    /// What came of it, in words.
    pub text: String,
    /// What made it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<DecidedBy>,
    /// What was looked at inside: rules, policies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
}

/// A place in a resource.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Pointer {
    /// The resource's name, of a listener or a cluster.
    pub name: String,
    /// The JSON pointer into it.
    pub pointer: String,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The request passes.
    Passed,
    /// It was taken: a waypoint, a chain, a route, a cluster.
    Taken,
    /// It was not taken: a route that does not match.
    Skipped,
    /// The request is refused.
    Denied,
    /// The proxy answers.
    Answered,
    /// The walk ends: nothing is there.
    Failed,
    /// Files do not tell.
    Unknown,
}

/// A part of a step.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Detail {
    /// Whether it fits the request; nothing if files do not tell.
    pub fits: Option<bool>,
    /// What it is, and why it fits or does not, in words.
    pub text: String,
    /// What made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<DecidedBy>,
}
