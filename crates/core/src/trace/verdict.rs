//! What the filters of RBAC decide.

use envoy::Encoded;
use envoy::config::rbac::v3::Rbac;
use envoy::config::rbac::v3::rbac::Action;

use super::asked::Subject;
use super::condition::Truth;
use super::headers::Headers;
use super::manager::answer;
use super::metadata::{Metadata, Tried};
use super::outcome::{Decision, Place, Verdict};
use super::rbac::{Judgement, Policies};
use super::walk::{End, Walk};

/// A filter of RBAC: the rules that hold, and those that are only tried.
#[derive(Clone, Debug)]
pub(super) struct RbacFilter {
    name: String,
    listener: &'static str,
    /// The JSON pointer to its configuration.
    pointer: String,
    pub(super) rules: Option<Policies>,
    pub(super) tried: Option<Policies>,
    /// Under which it tells others what was tried: which rule fits, and what comes of it.
    pub(super) keys: [String; 2],
}

/// What an RBAC filter decides.
pub(super) struct RbacVerdict<'a> {
    pub(super) denied: Option<End<'a>>,
    tried: Option<Judgement<'a>>,
    keys: &'a [String; 2],
}

impl RbacFilter {
    pub(super) fn new(
        name: &str,
        (listener, pointer): (&'static str, &str),
        (rules, tried): (Option<&Encoded<Rbac>>, Option<&Encoded<Rbac>>),
        prefix: &str,
    ) -> Self {
        Self {
            name: name.to_owned(),
            listener,
            pointer: pointer.to_owned(),
            rules: rules.map(Policies::from),
            tried: tried.map(Policies::from),
            keys: ["shadow_effective_policy_id", "shadow_engine_result"].map(|key| format!("{prefix}{key}")),
        }
    }

    /// Judges by the rules that hold and those that are only tried.
    pub(super) fn judge<'a>(&'a self, walk: &mut Walk<'a>, subject: Subject<'_, '_>) -> RbacVerdict<'a> {
        let tried = self.tried.as_ref().map(|tried| tried.judge(subject));
        if let Some(tried) = &tried {
            let text = || match tried.matched {
                Some(rule) => format!("only tried: `{}` fits", rule.name),
                None => "only tried: no rule fits".to_owned(),
            };
            walk.step(Place::Waypoint, self.name.as_str(), Decision::Passed, text)
                .at(self.listener, &self.pointer, "/shadowRules")
                .because(tried.cause())
                .details(|| tried.details(subject));
        }
        let denied = self.rules.as_ref().and_then(|rules| self.held(walk, rules.judge(subject), subject));
        RbacVerdict { denied, tried, keys: &self.keys }
    }

    /// What comes of the rules that hold.
    fn held<'a>(
        &'a self,
        walk: &mut Walk<'a>,
        judgement: Judgement<'a>,
        subject: Subject<'_, '_>,
    ) -> Option<End<'a>> {
        let decision = Decision::from(judgement.passes());
        let text = walk.say(|| told(&judgement, subject));
        walk.step(Place::Waypoint, self.name.as_str(), decision, text.as_str())
            .at(self.listener, &self.pointer, "/rules")
            .because(judgement.cause())
            .details(|| judgement.details(subject));
        match judgement.passes() {
            Truth::Yes => None,
            Truth::Unknown => {
                walk.may_refuse(text);
                None
            }
            Truth::No => {
                let end = match subject.headers {
                    Some(headers) => answer(Headers::is_grpc(headers), Verdict::Denied, 403, text),
                    None => End::new(Verdict::Denied, Place::Waypoint, text),
                };
                Some(end.by(judgement.decided_by()))
            }
        }
    }
}

impl<'a> RbacVerdict<'a> {
    /// Tells other filters what was tried.
    pub(super) fn tell(&self, filter: &'static str, metadata: &mut Metadata<'a>) {
        let Some(tried) = &self.tried else { return };
        let [id, result] = self.keys;
        if let Some(rule) = tried.matched {
            metadata.tell(Tried { filter, key: id, value: &rule.name, rule: Some(rule) });
        }
        let value = if tried.passes() == Truth::No { "denied" } else { "allowed" };
        metadata.tell(Tried { filter, key: result, value, rule: None });
    }
}

/// What policies come to, in words.
fn told(judgement: &Judgement<'_>, subject: Subject<'_, '_>) -> String {
    let rule = || {
        let rule = judgement.cause().map(|cause| format!("{} {}", cause.object, cause.field));
        rule.or_else(|| judgement.matched.map(|rule| rule.name.clone())).unwrap_or_default()
    };
    match (judgement.action(), judgement.fits) {
        (Action::Log, Truth::Yes) => format!("AUDIT: {} fits", rule()),
        (Action::Log, _) => "AUDIT: no rule fits".to_owned(),
        (Action::Deny, Truth::Yes) => format!("DENY: {} fits", rule()),
        (Action::Deny, Truth::No) => "DENY: no rule fits".to_owned(),
        (Action::Allow, Truth::Yes) => format!("ALLOW: {} fits", rule()),
        // Rules that ask for something of HTTP are left out where it is not spoken.
        (Action::Allow, Truth::No) => match judgement.details(subject).as_slice() {
            [only] => format!("ALLOW: {}", only.text),
            [] => "ALLOW: there is no rule that could fit".to_owned(),
            all => format!("ALLOW: none of {} rules fits", all.len()),
        },
        (Action::Deny, Truth::Unknown) => "whether a DENY rule fits is not known from files".to_owned(),
        (Action::Allow, Truth::Unknown) => "whether an ALLOW rule fits is not known from files".to_owned(),
    }
}
