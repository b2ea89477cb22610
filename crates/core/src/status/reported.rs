//! What the statuses of a snapshot say, and where Istio would say something else.

use std::collections::BTreeMap;

use super::condition::{Condition, ConditionStatus, Status};
use crate::mesh::Mesh;
use crate::problem::{Code, Problem, Severity};
use crate::snapshot::gateway_api::route::ParentReference;
use crate::snapshot::reported::{Reported, ReportedCondition};
use crate::snapshot::{Kind, ObjectRef, Reading, Source};
use crate::text::{Node, Unread};
use crate::well_known::GATEWAY_GROUP;

/// The conditions that nobody but Istio writes: one that is there and should not be was left behind.
const OF_ISTIO_ONLY: [&str; 6] = [
    "istio.io/WaypointBound",
    "istio.io/WaypointMissing",
    "istio.io/VisibilityApplied",
    "WaypointAccepted",
    "ZtunnelAccepted",
    "ResolvedWaypoints",
];

/// Where the statuses that the snapshot holds say something else than Istio would write. Objects without a
/// status, as in files that were never applied, say nothing.
#[must_use]
pub fn differences(reading: &Reading, statuses: &[Status]) -> Vec<Problem> {
    let expected: BTreeMap<&ObjectRef, &Status> = statuses.iter().map(|s| (&s.object, s)).collect();
    let is_kept = |(object, source): &&(ObjectRef, Source)| {
        has_status(object.kind) && reading.snapshot.source(object) == Some(*source)
    };
    let objects: Vec<&(ObjectRef, Source)> = reading.reported.iter().filter(is_kept).collect();
    let sources: Vec<Source> = objects.iter().map(|(_, source)| *source).collect();
    let mut problems = Vec::new();
    reading.files.visit(&sources, |at, node| {
        let (Some((object, _)), Some((reported, generation))) = (objects.get(at), read(node)) else { return };
        let nothing = Status::of(object.clone());
        let expected = expected.get(object).copied().unwrap_or(&nothing);
        compare(&Compared { object, generation }, expected, &reported, &mut problems);
    });
    problems
}

/// The same for those who do not need the statuses: they are only made where the snapshot holds any.
#[must_use]
pub fn stale(reading: &Reading, mesh: &Mesh) -> Vec<Problem> {
    if reading.reported.iter().any(|(object, _)| has_status(object.kind)) {
        differences(reading, &super::statuses(mesh))
    } else {
        Vec::new()
    }
}

fn has_status(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Service
            | Kind::ServiceEntry
            | Kind::WorkloadEntry
            | Kind::AuthorizationPolicy
            | Kind::Gateway
            | Kind::GatewayClass
            | Kind::ListenerSet
            | Kind::HttpRoute
            | Kind::GrpcRoute
            | Kind::TcpRoute
            | Kind::TlsRoute
            | Kind::BackendTlsPolicy
            | Kind::XBackendTrafficPolicy
    )
}

/// The status of an object and its generation. What cannot be read says nothing: no status is ever refused.
fn read(object: Node<'_>) -> Option<(Reported, Option<i64>)> {
    let reported: Reported = object.get("status")?.decode(&Unread::new()).ok()?;
    let generation = object.find("metadata.generation").and_then(|node| node.text().parse().ok());
    Some((reported, generation))
}

/// The object whose status is compared.
struct Compared<'a> {
    object: &'a ObjectRef,
    generation: Option<i64>,
}

fn compare(object: &Compared<'_>, expected: &Status, reported: &Reported, problems: &mut Vec<Problem>) {
    object.conditions(&expected.conditions, &reported.conditions, "status", problems);
    for (i, listener) in reported.listeners.iter().enumerate() {
        let expected = expected.listeners.iter().find(|expected| expected.name == listener.name);
        let conditions = expected.map_or(&[][..], |expected| &expected.conditions);
        object.conditions(conditions, &listener.conditions, &format!("status.listeners[{i}]"), problems);
    }
    let parents =
        reported.parents.iter().map(|p| ("parents", &p.parent_ref, &p.controller_name, &p.conditions));
    let ancestors =
        reported.ancestors.iter().map(|a| ("ancestors", &a.ancestor_ref, &a.controller_name, &a.conditions));
    for (i, (list, reference, controller, conditions)) in parents.enumerate().chain(ancestors.enumerate()) {
        let is_same = |a: &ParentReference| with_defaults(a, object) == with_defaults(reference, object);
        let expected =
            expected.parents.iter().find(|p| p.controller == controller.as_str() && is_same(&p.reference));
        // Another controller's, or one that the snapshot knows nothing of.
        let Some(expected) = expected else { continue };
        object.conditions(&expected.conditions, conditions, &format!("status.{list}[{i}]"), problems);
    }
}

fn with_defaults<'a>(
    reference: &'a ParentReference,
    object: &'a Compared<'_>,
) -> (&'a str, &'a str, &'a str, &'a str, Option<&'a str>, Option<i32>) {
    (
        reference.group.as_deref().unwrap_or(GATEWAY_GROUP),
        reference.kind.as_deref().unwrap_or("Gateway"),
        reference.namespace.as_deref().unwrap_or(&object.object.namespace),
        &reference.name,
        reference.section_name.as_deref(),
        reference.port,
    )
}

impl Compared<'_> {
    fn conditions(
        &self,
        expected: &[Condition],
        reported: &[ReportedCondition],
        path: &str,
        problems: &mut Vec<Problem>,
    ) {
        for (i, reported) in reported.iter().enumerate() {
            let expected = expected.iter().find(|e| e.condition_type == reported.condition_type);
            let found = match expected {
                Some(expected) => self.difference(expected, reported),
                None => self.left_behind(reported),
            };
            problems.extend(
                found.map(|problem| problem.on(self.object.clone()).field(format!("{path}.conditions[{i}]"))),
            );
        }
    }

    fn difference(&self, expected: &Condition, reported: &ReportedCondition) -> Option<Problem> {
        // Nobody has looked at it yet, or it is not this control plane's.
        if reported.status == "Unknown" || expected.status == ConditionStatus::Unknown {
            return None;
        }
        let same = reported.status == expected.status.as_str() && reported.reason == expected.reason;
        if same && reported.message == expected.message {
            return None;
        }
        let condition = &reported.condition_type;
        let said = said(&reported.status, &reported.reason, &reported.message);
        let message =
            format!("the condition `{condition}` is {said}; Istio would write {}", self::said_by(expected));
        let problem = match (self.generation, reported.observed_generation) {
            (Some(generation), Some(seen)) if seen < generation => Problem::new(Code::StaleStatus, message)
                .help(format!(
                    "the condition is about generation {seen}, the object is at {generation}: nobody has \
                     looked at it since"
                )),
            _ => Problem::new(Code::StatusDiffers, message),
        };
        // Other words for the same thing are another release's.
        Some(if same { problem.severity(Severity::Note) } else { problem })
    }

    fn left_behind(&self, reported: &ReportedCondition) -> Option<Problem> {
        let condition = &reported.condition_type;
        OF_ISTIO_ONLY.contains(&condition.as_str()).then(|| {
            let said = said(&reported.status, &reported.reason, &reported.message);
            let message = format!("the condition `{condition}` is {said}; Istio would not write it");
            Problem::new(Code::StatusDiffers, message)
        })
    }
}

fn said_by(condition: &Condition) -> String {
    said(condition.status.as_str(), &condition.reason, &condition.message)
}

fn said(status: &str, reason: &str, message: &str) -> String {
    if message.is_empty() {
        format!("{status} ({reason})")
    } else {
        format!("{status} ({reason}: {message})")
    }
}
