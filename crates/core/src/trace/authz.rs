//! External authorizers.

use super::condition::Truth;
use super::metadata::{Metadata, MetadataTest};
use super::outcome::{Decision, Place, Verdict};
use super::request::ExtAuthz;
use super::walk::{End, Flow, Walk};
use crate::resources::names::MAIN_INTERNAL;
use crate::snapshot::Cause;

/// A filter that asks an authorizer.
#[derive(Clone, Debug)]
pub(super) struct Authorizer {
    pub(super) name: String,
    pub(super) pointer: String,
    /// When it asks.
    pub(super) enabled: Option<MetadataTest>,
    /// Whether an authorizer that does not answer lets everything pass.
    pub(super) fails_open: bool,
    /// Whether its answer counts for nothing.
    pub(super) only_tried: bool,
}

impl Authorizer {
    /// Asks, if a policy wants that.
    pub(super) fn ask<'a>(&'a self, walk: &mut Walk<'a>, metadata: &Metadata<'a>) -> Flow<'a> {
        let enabled = self.enabled.as_ref().map_or(Truth::Yes, |test| test.truth(metadata));
        let cause = self.enabled.as_ref().and_then(|_| asked_by(metadata));
        if enabled == Truth::No {
            self.note(walk, cause, Decision::Passed, "no CUSTOM policy fits: the authorizer is not asked");
            return Flow::Continue(());
        }
        if self.only_tried {
            self.note(walk, cause, Decision::Passed, "the authorizer's answer counts for nothing");
            return Flow::Continue(());
        }
        match walk.request.ext_authz {
            Some(ExtAuthz::Allow) => {
                self.note(walk, cause, Decision::Passed, "the authorizer allows it, as given");
                walk.caveat("the authorizer may change headers");
                Flow::Continue(())
            }
            Some(ExtAuthz::Deny) => {
                let reason = "the external authorizer denies it, as given";
                self.note(walk, cause, Decision::Denied, reason);
                walk.caveat("the authorizer may answer with another status than 403");
                Flow::Break(End::new(Verdict::Denied, Place::Waypoint, walk.say(reason)).by(cause))
            }
            None => {
                let open = if self.fails_open { "; if it does not answer, the request passes" } else { "" };
                let text = walk
                    .say(|| format!("what the external authorizer answers is not known from files{open}"));
                self.note(walk, cause, Decision::Unknown, &text);
                walk.may_refuse(text);
                Flow::Continue(())
            }
        }
    }

    fn note(&self, walk: &mut Walk<'_>, cause: Option<&Cause>, decision: Decision, text: &str) {
        walk.step(Place::Waypoint, self.name.as_str(), decision, text)
            .of(MAIN_INTERNAL, &self.pointer)
            .because(cause);
    }
}

/// The rule that has the authorizer asked.
fn asked_by<'a>(metadata: &Metadata<'a>) -> Option<&'a Cause> {
    metadata.rules().filter(|rule| rule.name.contains("ext-authz")).find_map(|rule| rule.cause.as_ref())
}
