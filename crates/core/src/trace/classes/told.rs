//! What is told of a comparison.

use decisions::{ClassSet, Condition as Diagram, Cube, Diagrams};
use serde::Serialize;

use super::compare::called;
use super::domain::Domains;
use super::{also, words};
use crate::mesh::WaypointName;
use crate::trace::client::NoSuchThing;
use crate::trace::compiled::Tracer;
use crate::trace::outcome::{DecidedBy, Target, Trace, Verdict};
use crate::trace::request::Request;
use crate::trace::spec::RequestSpec;

/// What a change changes for the requests to one destination.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DestinationDiff {
    /// The waypoint; of a destination that clients get to in another way the one that they use now. Nothing
    /// for those that go past all waypoints.
    pub waypoint: Option<WaypointName>,
    /// How the way of clients has changed, where it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    /// The host that is called; nothing for workloads that are called by their own addresses.
    pub host: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// Whether it is HTTP that is compared; bytes otherwise.
    pub http: bool,
    /// What was found.
    #[serde(flatten)]
    pub compared: Compared,
}

/// The waypoints that clients in the mesh use for a destination. Nothing where they go past all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Moved {
    /// Before the change.
    pub from: Option<WaypointName>,
    /// After it.
    pub to: Option<WaypointName>,
}

/// What comparing comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "compared")]
pub enum Compared {
    /// Nothing differs for any request: proved.
    Equal,
    /// The waypoint serves it only after the change.
    Added,
    /// The waypoint serves it only before the change.
    Removed,
    /// These classes of requests differ.
    #[serde(rename_all = "camelCase")]
    Differs {
        /// The classes.
        classes: Vec<ClassDiff>,
        /// Whether they are all there are: not where there are too many, or some are not decided.
        complete: bool,
        /// What is not decided, if anything is.
        undecided: Option<String>,
    },
    /// It is not decided whether anything differs.
    #[serde(rename_all = "camelCase")]
    NotDecided {
        /// Why.
        reason: String,
    },
}

/// Requests that are treated otherwise after the change.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ClassDiff {
    /// What the requests have in common, each with the name of the attribute; nothing for all requests.
    pub conditions: Vec<String>,
    /// One of them.
    pub example: RequestSpec,
    /// What came of that one.
    pub old: Came,
    /// What comes of it.
    pub new: Came,
    /// What else differs of the example, as traces tell: headers, times, retries, copies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Whether what a trace tells of the example differs. Otherwise it is something that a trace does not
    /// tell.
    pub confirmed: bool,
}

/// What comes of a request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Came {
    /// The verdict.
    pub verdict: Verdict,
    /// The status that a proxy answers.
    pub status: Option<u16>,
    /// Why, in words.
    pub reason: String,
    /// What decided.
    pub because: Option<DecidedBy>,
    /// Where it goes.
    pub destinations: Vec<Target>,
    /// The path as the destination gets it.
    pub path: Option<String>,
}

/// More classes than this are not told of one destination.
pub(super) const MAX_CLASSES: usize = 20;

impl DestinationDiff {
    pub(super) fn new(waypoint: &WaypointName, chain: &str, compared: Compared) -> Self {
        let (host, port) = called(chain);
        let http = chain.contains("|http") || chain.ends_with("-http");
        let waypoint = Some(waypoint.clone());
        Self { waypoint, moved: None, host: host.map(str::to_owned), port, http, compared }
    }

    /// A destination of which the whole way is compared.
    pub(super) fn moved(host: String, port: u16, moved: Option<Moved>, compared: Compared) -> Self {
        let waypoint = moved.as_ref().and_then(|moved| moved.to.clone());
        Self { waypoint, moved, host: Some(host), port: Some(port), http: true, compared }
    }
}

/// What comes of a request of a class on both sides.
pub(super) fn class(
    conditions: Vec<String>,
    request: &Request,
    (old, new): (Tracer<'_>, Tracer<'_>),
) -> ClassDiff {
    let traces = (old.trace(request), new.trace(request));
    let also = match &traces {
        (Ok(old), Ok(new)) => also::also(old, new),
        _ => Vec::new(),
    };
    let came = |trace: Result<Trace, _>| {
        trace.map_or_else(|error: NoSuchThing| Came::nowhere(error.to_string()), Came::of)
    };
    let (old, new) = (came(traces.0), came(traces.1));
    let confirmed = !old.is_same(&new) || !also.is_empty();
    ClassDiff { conditions, example: RequestSpec::told(request), old, new, also, confirmed }
}

/// A row in words.
pub(super) fn conditions(domains: &Domains, cube: &Cube) -> Vec<String> {
    let named = cube.attributes().filter_map(|(position, classes)| {
        let (attribute, domain) = domains.at(position)?;
        Some(format!("{attribute} {}", words::describe(domain, classes)))
    });
    named.collect()
}

/// A row in words, of `own` requests among those that there may be. Classes that none of its own requests has
/// may be in it or not, whatever is shorter.
pub(super) fn conditions_among(
    (domains, diagrams): (&Domains, &Diagrams),
    possible: Diagram,
    cube: &Cube,
    own: Diagram,
) -> Vec<String> {
    let named = cube.attributes().filter_map(|(position, classes)| {
        let (attribute, domain) = domains.at(position)?;
        let there = diagrams.classes_in(possible, position);
        let needed = diagrams.classes_in(own, position);
        let matters =
            |class: &usize| there.contains(*class) && (needed.contains(*class) || !classes.contains(*class));
        let all: ClassSet = (0..domain.len()).filter(matters).collect();
        let is_open = all.ones().all(|class| needed.contains(class));
        (!is_open).then(|| format!("{attribute} {}", words::describe_among(domain, &needed, &all)))
    });
    named.collect()
}

pub(super) fn not_known(conditions: &[String]) -> String {
    let of = if conditions.is_empty() { "all requests".to_owned() } else { conditions.join(", ") };
    format!("files do not tell what comes of requests where {of}")
}

impl Came {
    fn of(trace: Trace) -> Self {
        Self {
            verdict: trace.verdict,
            status: trace.status,
            reason: trace.reason,
            because: trace.decided_by,
            destinations: trace.destinations,
            path: trace.request.map(|request| request.path),
        }
    }

    fn nowhere(reason: String) -> Self {
        Self {
            verdict: Verdict::Failed,
            status: None,
            reason,
            because: None,
            destinations: Vec::new(),
            path: None,
        }
    }

    /// Whether the same comes of a request, whoever decided.
    fn is_same(&self, other: &Self) -> bool {
        let leads = |came: &Self| -> Vec<(Vec<String>, String)> {
            let of = |target: &Target| {
                let endpoints = target.endpoints.iter().map(|endpoint| endpoint.address.clone()).collect();
                (endpoints, format!("{:.6}", target.probability))
            };
            came.destinations.iter().map(of).collect()
        };
        (self.verdict, self.status, &self.path, leads(self))
            == (other.verdict, other.status, &other.path, leads(other))
    }
}
