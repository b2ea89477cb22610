//! What can be expected of a request.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use super::named::Named;
use super::odds::Probability;
use super::text_or::text_or_fields;
use super::values::{ExpectedRetries, HeaderValue, Limit};
use crate::trace::{Place, Verdict};

/// What is expected of a request: what is left out may be anything. The names are those of
/// [`Trace`](crate::trace::Trace).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Expected {
    /// Whether it gets to its destination.
    pub verdict: Option<Verdict>,
    /// The status of HTTP that the client gets of a proxy.
    pub status: Option<u16>,
    /// The status of gRPC that the client gets of a proxy.
    pub grpc_status: Option<u16>,
    /// Who decided.
    pub decided_at: Option<Place>,
    /// The object, and perhaps the field, that decided.
    pub decided_by: Option<Named>,
    /// The waypoint on the way, `namespace/name`, or `none`.
    pub waypoint: Option<String>,
    /// The name of the route in Envoy, or `none`.
    pub route: Option<String>,
    /// The object, and perhaps the field, that made the route.
    pub routed_by: Option<Named>,
    /// All clusters that it may go to.
    pub destinations: Option<Vec<ExpectedDestination>>,
    /// All clusters that get a copy.
    pub mirrors: Option<Vec<ExpectedDestination>>,
    /// All that may come of it by chance.
    pub outcomes: Option<Vec<ExpectedOutcome>>,
    /// The request as the destination gets it.
    pub request: Option<ExpectedRequest>,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// How long an answer may take: `2s`, or `none`.
    pub timeout: Option<Limit>,
    /// How it is tried again: how often, or a mapping.
    pub retries: Option<ExpectedRetries>,
}

/// A cluster that a request may go to: the host of a Service, or a mapping.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExpectedDestination {
    /// The host of the Service; `cart.shop` is `cart.shop.svc.cluster.local`, too.
    pub service: Option<String>,
    /// The subset of the Service, or `none`.
    pub subset: Option<String>,
    /// The cluster.
    pub cluster: Option<String>,
    /// All workloads that may be picked, `namespace/name`.
    pub workloads: Option<Vec<String>>,
    /// All endpoints that may be picked, `address:port`.
    pub endpoints: Option<Vec<String>>,
    /// The odds that it goes there.
    pub probability: Option<Probability>,
    /// How far these may be off; half a percent where nothing is said.
    pub tolerance: Option<Probability>,
}

/// One thing that may come of a request by chance.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ExpectedOutcome {
    /// Whether it gets to its destination.
    pub verdict: Option<Verdict>,
    /// The status of HTTP that the client gets of a proxy.
    pub status: Option<u16>,
    /// The odds that it comes to that.
    pub probability: Option<Probability>,
    /// How far these may be off; half a percent where nothing is said.
    pub tolerance: Option<Probability>,
}

/// A request as its destination gets it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ExpectedRequest {
    /// Its method.
    pub method: Option<String>,
    /// Its path, with the query.
    pub path: Option<String>,
    /// Its host.
    pub host: Option<String>,
    /// Its headers.
    pub headers: BTreeMap<String, Option<HeaderValue>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct GoesFields {
    service: Option<String>,
    subset: Option<String>,
    cluster: Option<String>,
    workloads: Option<Vec<String>>,
    endpoints: Option<Vec<String>>,
    probability: Option<Probability>,
    tolerance: Option<Probability>,
}

impl From<GoesFields> for ExpectedDestination {
    fn from(fields: GoesFields) -> Self {
        let GoesFields { service, subset, cluster, workloads, endpoints, probability, tolerance } = fields;
        Self { service, subset, cluster, workloads, endpoints, probability, tolerance }
    }
}

impl FromStr for ExpectedDestination {
    type Err = Infallible;

    fn from_str(service: &str) -> Result<Self, Infallible> {
        Ok(Self { service: Some(service.to_owned()), ..Self::default() })
    }
}

impl<'de> Deserialize<'de> for ExpectedDestination {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_fields::<_, _, GoesFields>(deserializer, "the host of a Service, or a mapping")
    }
}
