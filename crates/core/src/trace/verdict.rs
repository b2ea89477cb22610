//! What the filters of RBAC decide.

use envoy::config::rbac::v3::rbac::Action;
use envoy::extensions::filters::http::rbac::v3::Rbac as HttpRbac;
use serde_json::{Value as Json, json};

use super::condition::Truth;
use super::manager::answer;
use super::matchers::Metadata;
use super::outcome::{Decision, Outcome, Place, Verdict};
use super::rbac::{self as policies, Judgement, Subject};
use super::walk::Walk;
use crate::opened::OpenedHttpFilter;

/// What an RBAC filter decides.
pub(super) struct RbacVerdict {
    pub(super) denied: Option<Outcome>,
    tried: Option<Judgement>,
}

impl RbacVerdict {
    /// Tells other filters what was tried.
    pub(super) fn tell(&self, filter: &str, prefix: &str, metadata: &mut Metadata) {
        let Some(tried) = &self.tried else { return };
        let entry = metadata.entry(filter.to_owned()).or_insert_with(|| json!({}));
        let Json::Object(fields) = entry else { return };
        if let Some(policy) = &tried.matched {
            fields.insert(format!("{prefix}shadow_effective_policy_id"), json!(policy));
        }
        let result = if tried.passes() == Truth::No { "denied" } else { "allowed" };
        fields.insert(format!("{prefix}shadow_engine_result"), json!(result));
    }
}

/// An HTTP filter that is RBAC; none if it is another one.
pub(super) fn rbac(
    walk: &mut Walk<'_>,
    listener: &str,
    filter: &OpenedHttpFilter<'_, '_>,
    subject: Subject<'_>,
) -> Option<RbacVerdict> {
    let config = filter.config::<HttpRbac>()?;
    let place = format!("{}/typedConfig", filter.pointer);
    let rules = (config.rules.as_ref(), config.shadow_rules.as_ref());
    Some(judged(walk, &filter.message.name, (listener, &place), rules, subject))
}

type Rules<'a> = Option<&'a envoy::config::rbac::v3::Rbac>;

/// Judges by the rules that hold and those that are only tried.
pub(super) fn judged(
    walk: &mut Walk<'_>,
    name: &str,
    (listener, pointer): (&str, &str),
    (rules, tried): (Rules<'_>, Rules<'_>),
    subject: Subject<'_>,
) -> RbacVerdict {
    let tried = tried.map(|tried| policies::judge(tried, subject));
    if let Some(tried) = &tried {
        let text = match &tried.matched {
            Some(policy) => format!("only tried: `{policy}` fits"),
            None => "only tried: no rule fits".to_owned(),
        };
        walk.step(Place::Waypoint, name, Decision::Passed, text)
            .of(listener, &format!("{pointer}/shadowRules"))
            .because(tried.cause())
            .details(tried.details.clone());
    }
    let Some(rules) = rules else { return RbacVerdict { denied: None, tried } };
    let judgement = policies::judge(rules, subject);
    let (decision, text) = told(&judgement);
    walk.step(Place::Waypoint, name, decision, text.clone())
        .of(listener, &format!("{pointer}/rules"))
        .because(judgement.cause())
        .details(judgement.details.clone());
    let denied = match judgement.passes() {
        Truth::Yes => None,
        Truth::Unknown => {
            walk.may_refuse(text);
            None
        }
        Truth::No => {
            let by = judgement.cause().or_else(|| judgement.only_policy());
            let status = subject.headers.map(|headers| answer(headers, Verdict::Denied, 403, text.clone()));
            let outcome = status.unwrap_or_else(|| Outcome::new(Verdict::Denied, Place::Waypoint, text));
            Some(outcome.by(by))
        }
    };
    RbacVerdict { denied, tried }
}

/// What policies come to, in words.
fn told(judgement: &Judgement) -> (Decision, String) {
    let rule = judgement.cause().map(|cause| format!("{} {}", cause.object, cause.field));
    let rule = rule.or_else(|| judgement.matched.clone()).unwrap_or_default();
    match (judgement.action, judgement.fits) {
        (Action::Log, Truth::Yes) => (Decision::Passed, format!("AUDIT: {rule} fits")),
        (Action::Log, _) => (Decision::Passed, "AUDIT: no rule fits".to_owned()),
        (Action::Deny, Truth::Yes) => (Decision::Denied, format!("DENY: {rule} fits")),
        (Action::Deny, Truth::No) => (Decision::Passed, "DENY: no rule fits".to_owned()),
        (Action::Allow, Truth::Yes) => (Decision::Passed, format!("ALLOW: {rule} fits")),
        (Action::Allow, Truth::No) => {
            let why = match judgement.details.as_slice() {
                [only] => format!("ALLOW: {}", only.text),
                // Rules that ask for something of HTTP are left out where it is not spoken.
                [] => "ALLOW: there is no rule that could fit".to_owned(),
                all => format!("ALLOW: none of {} rules fits", all.len()),
            };
            (Decision::Denied, why)
        }
        (Action::Deny, Truth::Unknown) => {
            (Decision::Unknown, "whether a DENY rule fits is not known from files".to_owned())
        }
        (Action::Allow, Truth::Unknown) => {
            (Decision::Unknown, "whether an ALLOW rule fits is not known from files".to_owned())
        }
    }
}
