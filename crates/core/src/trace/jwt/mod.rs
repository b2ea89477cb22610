//! Tokens: Envoy's `jwt_authn`.
//!
//! `about` is what is asked of a filter as a whole, `verifier` what comes of one request's tokens.
//!
//! Signatures and times of tokens are not looked at: they count as verified. Source:
//! [jwt_authn](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter).

mod about;
mod verifier;

use std::collections::BTreeMap;

use envoy::extensions::filters::http::jwt_authn::v3::requirement_rule::RequirementType;
use envoy::extensions::filters::http::jwt_authn::v3::{JwtAuthentication, JwtProvider};
use serde_json::Map;

pub(in crate::trace) use self::about::Said;
use self::verifier::{Fault, Verifier};
use super::condition::Truth;
use super::http::Http;
use super::outcome::{Decision, Place, Verdict};
use super::rbac::RequestCondition;
use super::requirement::Requirement;
use super::tokens::{self, Location};
use super::walk::{Flow, Walk};
use super::{route, traffic};
use crate::resources::authn::provider_name;
use crate::resources::names::MAIN_INTERNAL;
use crate::snapshot::Cause;

/// Under which `jwt_authn` keeps what tokens say.
pub(in crate::trace) const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";

/// What is said where a token counts as verified.
pub(in crate::trace) const NOT_VERIFIED: &str = "signatures and times of tokens were not looked at";

/// Providers of tokens, by name.
pub(in crate::trace) type Providers = BTreeMap<String, JwtProvider>;

/// A filter `jwt_authn`, ready.
#[derive(Clone, Debug)]
pub(in crate::trace) struct JwtFilter {
    name: String,
    pointer: String,
    bypasses_preflights: bool,
    /// The first that fits counts.
    rules: Vec<JwtRule>,
    providers: Providers,
    /// Where the tokens of each issuer are looked for first.
    first_places: Vec<(String, Location)>,
    /// The rules of the RequestAuthentications, each with the issuer whose tokens it takes.
    causes: Vec<(String, Cause)>,
    /// What is told where no rule is more to blame than another: the only rule or, where all are of one
    /// RequestAuthentication, that.
    common_cause: Option<Cause>,
}

/// What some requests need.
#[derive(Clone, Debug)]
struct JwtRule {
    /// None for all requests.
    condition: Option<RequestCondition>,
    requirement: Option<Requirement>,
}

impl JwtFilter {
    /// Gets a filter ready; `causes` made its providers, one each, in the order of their numbers.
    pub(in crate::trace) fn new(
        (name, pointer): (&str, &str),
        config: JwtAuthentication,
        causes: &[Cause],
    ) -> Self {
        let providers: Providers = config.providers.into_iter().collect();
        let rules = config.rules.iter().map(|rule| JwtRule {
            condition: rule.r#match.as_ref().map(route::condition),
            requirement: match &rule.requirement_type {
                Some(RequirementType::Requires(requirement)) => Some(requirement),
                Some(RequirementType::RequirementName(name)) => config.requirement_map.get(name),
                None => None,
            }
            .map(|requirement| Requirement::new(requirement, &providers)),
        });
        let issuers = (0..).map_while(|number| Some(providers.get(&provider_name(number))?.issuer.clone()));
        Self {
            name: name.to_owned(),
            pointer: pointer.to_owned(),
            bypasses_preflights: config.bypass_cors_preflight,
            rules: rules.collect(),
            first_places: providers
                .values()
                .filter_map(|provider| {
                    Some((provider.issuer.clone(), tokens::locations(provider).into_iter().next()?))
                })
                .collect(),
            causes: issuers.zip(causes.iter().cloned()).collect(),
            common_cause: common(causes),
            providers,
        }
    }

    /// The rule for tokens of an issuer or, where that is not known, what the rules have in common.
    fn cause(&self, issuer: Option<&str>) -> Option<&Cause> {
        let rule = self.causes.iter().find(|(known, _)| Some(known.as_str()) == issuer);
        rule.map(|(_, cause)| cause).or(self.common_cause.as_ref())
    }

    /// Walks through the filter.
    pub(in crate::trace) fn walk<'a>(&'a self, walk: &mut Walk<'a>, http: &mut Http<'a>) -> Flow<'a> {
        let (name, pointer) = (self.name.as_str(), self.pointer.as_str());
        if self.bypasses_preflights && traffic::is_preflight(&http.headers) {
            walk.step(Place::Waypoint, name, Decision::Passed, "a preflight needs no token")
                .of(MAIN_INTERNAL, pointer);
            return Flow::Continue(());
        }
        let fits = |rule: &&JwtRule| {
            let condition = rule.condition.as_ref();
            condition.is_none_or(|condition| condition.truth(http.subject()) == Truth::Yes)
        };
        let requirement = self.rules.iter().find(fits).and_then(|rule| rule.requirement.as_ref());
        let Some(requirement) = requirement else { return Flow::Continue(()) };
        let mut verifier = Verifier {
            providers: &self.providers,
            http,
            payloads: Map::new(),
            chooses_route_again: false,
            verified: None,
        };
        let met = verifier.meets(requirement);
        let Verifier { payloads, chooses_route_again, verified, .. } = verifier;
        match met {
            Ok(()) => {
                let text = || match &verified {
                    Some(issuer) => format!("a token of `{issuer}`, which counts as verified"),
                    None => "no token, and none is needed here".to_owned(),
                };
                if verified.is_some() {
                    walk.caveat(NOT_VERIFIED);
                }
                walk.step(Place::Waypoint, name, Decision::Passed, text)
                    .of(MAIN_INTERNAL, pointer)
                    .because(self.cause(verified.as_deref()));
                if !payloads.is_empty() {
                    http.metadata_mut().say(JWT_AUTHN, payloads);
                }
                if chooses_route_again {
                    http.choose_route_again();
                }
                Flow::Continue(())
            }
            Err(Fault::Unknown) => {
                let text = || Fault::Unknown.text();
                walk.step(Place::Waypoint, name, Decision::Unknown, text).of(MAIN_INTERNAL, pointer);
                walk.may_refuse(text);
                Flow::Continue(())
            }
            Err(fault) => {
                let cause = self.cause(fault.issuer());
                let text = walk.say(|| fault.text());
                walk.step(Place::Waypoint, name, Decision::Denied, text.as_str())
                    .of(MAIN_INTERNAL, pointer)
                    .because(cause);
                Flow::Break(http.answer(Verdict::Denied, fault.status(), text).by(cause))
            }
        }
    }
}

/// The only one of some causes or, where they are of one object, that.
fn common(causes: &[Cause]) -> Option<Cause> {
    let (first, others) = causes.split_first()?;
    match others {
        [] => Some(first.clone()),
        _ if others.iter().all(|other| other.object == first.object) => Some(first.object.clone().into()),
        _ => None,
    }
}
