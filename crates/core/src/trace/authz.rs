//! External authorizers.

use envoy::r#type::matcher::v3::MetadataMatcher;

use super::condition::Truth;
use super::matchers::{self, Metadata};
use super::outcome::{Decision, Outcome, Place, Verdict};
use super::request::ExtAuthz;
use super::walk::{Flow, Walk};
use crate::resources::authz::policy_name;
use crate::resources::names::MAIN_INTERNAL;
use crate::snapshot::Cause;

/// What a filter would ask an authorizer.
pub(super) struct Question<'a> {
    pub(super) name: &'a str,
    pub(super) pointer: &'a str,
    /// When it asks.
    pub(super) enabled: Option<&'a MetadataMatcher>,
    /// Whether an authorizer that does not answer lets everything pass.
    pub(super) fails_open: bool,
    /// Whether its answer counts for nothing.
    pub(super) only_tried: bool,
}

/// Asks, if a policy wants that.
pub(super) fn ask(walk: &mut Walk<'_>, question: &Question<'_>, metadata: &Metadata) -> Flow {
    let enabled =
        question.enabled.map_or(Truth::Yes, |matcher| matchers::metadata(matcher, metadata).truth());
    let cause = question.enabled.and_then(|_| asked_by(metadata));
    let mut note = |decision, text: String| {
        walk.step(Place::Waypoint, question.name, decision, text)
            .of(MAIN_INTERNAL, question.pointer)
            .because(cause.clone());
    };
    if enabled == Truth::No {
        note(Decision::Passed, "no CUSTOM policy fits: the authorizer is not asked".to_owned());
        return Flow::Continue(());
    }
    if question.only_tried {
        note(Decision::Passed, "the authorizer's answer counts for nothing".to_owned());
        return Flow::Continue(());
    }
    match walk.request.ext_authz {
        Some(ExtAuthz::Allow) => {
            walk.step(Place::Waypoint, question.name, Decision::Passed, "the authorizer allows it, as given")
                .of(MAIN_INTERNAL, question.pointer)
                .because(cause);
            walk.caveat("the authorizer may change headers");
            Flow::Continue(())
        }
        Some(ExtAuthz::Deny) => {
            let reason = "the external authorizer denies it, as given";
            walk.step(Place::Waypoint, question.name, Decision::Denied, reason)
                .of(MAIN_INTERNAL, question.pointer)
                .because(cause.clone());
            walk.caveat("the authorizer may answer with another status than 403");
            Flow::Break(Outcome::new(Verdict::Denied, Place::Waypoint, reason).by(cause))
        }
        None => {
            let open = if question.fails_open { "; if it does not answer, the request passes" } else { "" };
            let text = format!("what the external authorizer answers is not known from files{open}");
            walk.step(Place::Waypoint, question.name, Decision::Unknown, text.clone())
                .of(MAIN_INTERNAL, question.pointer)
                .because(cause);
            walk.may_refuse(text);
            Flow::Continue(())
        }
    }
}

/// The rule that has the authorizer asked.
fn asked_by(metadata: &Metadata) -> Option<Cause> {
    let told = metadata.values().filter_map(serde_json::Value::as_object);
    let ids = told.flat_map(|fields| {
        fields.iter().filter(|(key, _)| key.ends_with("shadow_effective_policy_id")).map(|(_, value)| value)
    });
    ids.filter_map(serde_json::Value::as_str)
        .find_map(|id| policy_name::cause(id).filter(|_| id.contains("ext-authz")))
}
