//! What objects say is not to be reported about them.

use super::{Selector, namespace};
use crate::kind::Kind;
use crate::lint;
use crate::names::ObjectRef;
use crate::problem::{Code, Group, Problem, Severity};
use crate::snapshot::Reading;

/// Codes and groups, with commas between them, or `*`.
const SUPPRESS: &str = "waypoint-xds.io/suppress";
/// The same with the codes of `istioctl analyze`.
const ANALYZE_SUPPRESS: &str = "galley.istio.io/analyze-suppress";

/// Whether the object that a finding is about, or its namespace, has an annotation that suppresses it. None
/// can suppress that it cannot be read.
pub(super) fn is_suppressed(reading: &Reading, problem: &Problem) -> bool {
    let Some(object) = &problem.object else { return false };
    if problem.code.group() == Group::Input && problem.severity == Severity::Error {
        return false;
    }
    let namespace = namespace(problem).map(|name| ObjectRef::new(Kind::Namespace, "", name));
    std::iter::once(object).chain(&namespace).any(|object| suppresses(reading, object, problem))
}

fn suppresses(reading: &Reading, object: &ObjectRef, problem: &Problem) -> bool {
    let words = |annotation: &str| {
        let value = reading.annotations(object).and_then(|annotations| annotations.get(annotation));
        let words = value.into_iter().flat_map(|value| value.split(','));
        words.map(|word| word.trim().to_owned()).collect::<Vec<_>>()
    };
    let own = |word: &String| {
        word.parse::<Selector>().is_ok_and(|selector| selector.nearness(problem.code).is_some())
    };
    let istioctl = |word: &String| word == "*" || analyze_codes(problem).any(|code| code == word);
    words(SUPPRESS).iter().any(own) || words(ANALYZE_SUPPRESS).iter().any(istioctl)
}

/// The codes by which `istioctl analyze` has a finding.
fn analyze_codes(problem: &Problem) -> impl Iterator<Item = &'static str> {
    let codes = lint::analyze_codes(problem.code).iter().copied();
    codes.filter(|code| match *code {
        // What Istio's webhook warns of.
        "IST0133" => is_of_webhook(problem),
        // Operations of EnvoyFilters: `REPLACE`, and what is done to routes.
        "IST0152" => problem.field.ends_with(".patch.operation"),
        "IST0153" | "IST0154" => problem.field.ends_with(".applyTo"),
        _ => true,
    })
}

/// Whether Istio's webhook warns of it: not of everything that has no effect.
fn is_of_webhook(problem: &Problem) -> bool {
    if problem.code != Code::Ineffective {
        return true;
    }
    match problem.object.as_ref().map(|object| object.kind) {
        // What a release has no use for, it passes over.
        Some(Kind::EnvoyFilter) => {
            !problem.field.ends_with(".match.context") && !problem.field.ends_with(".applyTo")
        }
        Some(
            Kind::DestinationRule
            | Kind::ServiceEntry
            | Kind::Telemetry
            | Kind::VirtualService
            | Kind::WorkloadEntry,
        ) => true,
        _ => false,
    }
}
