//! Tokens: Envoy's `jwt_authn`.
//!
//! Signatures and times of tokens are not looked at: they count as verified. Source:
//! [jwt_authn](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter).

use std::collections::BTreeMap;

use envoy::extensions::filters::http::jwt_authn::v3::jwt_requirement::RequiresType;
use envoy::extensions::filters::http::jwt_authn::v3::requirement_rule::RequirementType;
use envoy::extensions::filters::http::jwt_authn::v3::{JwtAuthentication, JwtProvider, JwtRequirement};
use serde_json::{Map, Value as Json, json};

use super::condition::Truth;
use super::headers::{self, Headers};
use super::manager::Http;
use super::outcome::{Decision, Place, Verdict};
use super::tokens::{Claims, Location, Token, claims, extract, is_for};
use super::walk::{Flow, Walk};
use super::{route, traffic};
use crate::resources::names::MAIN_INTERNAL;
use crate::snapshot::{Cause, Kind};

/// Under which `jwt_authn` keeps what tokens say.
pub(super) const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";

type Providers = BTreeMap<String, JwtProvider>;

/// Why a token, or its absence, is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    /// There is none.
    Missing,
    /// Nobody here takes tokens of this issuer, there.
    Issuer(String),
    /// It is for another audience.
    Audience(String),
    /// It is no token.
    Malformed,
    /// What it needs is not known.
    Unknown,
}

impl Fault {
    fn status(&self) -> u16 {
        if matches!(self, Self::Audience(_)) { 403 } else { 401 }
    }

    fn text(&self) -> String {
        match self {
            Self::Missing => "the token is missing".to_owned(),
            Self::Issuer(issuer) => format!("no rule takes a token of issuer `{issuer}` where it was sent"),
            Self::Audience(issuer) => format!("the token of `{issuer}` is for another audience"),
            Self::Malformed => "what was sent as a token is none".to_owned(),
            Self::Unknown => "whether the token is accepted is not known from files".to_owned(),
        }
    }
}

/// Verifies tokens, and notes what they say.
struct Verifier<'v> {
    providers: &'v Providers,
    headers: Headers,
    payloads: Map<String, Json>,
    chooses_route_again: bool,
    verified: Vec<String>,
}

impl Verifier<'_> {
    /// Whether a requirement is met; `beside` are the providers of those beside it, one of which would be enough.
    fn meets(&mut self, requirement: &JwtRequirement, beside: &[&str]) -> Result<(), Fault> {
        match &requirement.requires_type {
            None => Ok(()),
            Some(RequiresType::ProviderName(name)) => self.provider(name, None),
            Some(RequiresType::ProviderAndAudiences(with)) => {
                self.provider(&with.provider_name, Some(&with.audiences))
            }
            Some(RequiresType::RequiresAll(all)) => {
                all.requirements.iter().try_for_each(|each| self.meets(each, &[]))
            }
            Some(RequiresType::RequiresAny(any)) => self.any(&any.requirements),
            Some(RequiresType::AllowMissing(_)) => match self.tokens_of(beside) {
                Ok(()) | Err(Fault::Missing) => Ok(()),
                Err(fault) => Err(fault),
            },
            Some(RequiresType::AllowMissingOrFailed(_)) => {
                let _ = self.tokens_of(beside);
                Ok(())
            }
            Some(RequiresType::ExtractOnlyWithoutValidation(_)) => Err(Fault::Unknown),
        }
    }

    /// Whether any requirement is met: what allows that there is no token is asked last.
    fn any(&mut self, requirements: &[JwtRequirement]) -> Result<(), Fault> {
        let bypasses = |each: &&JwtRequirement| {
            matches!(
                each.requires_type,
                Some(RequiresType::AllowMissing(_) | RequiresType::AllowMissingOrFailed(_))
            )
        };
        let beside: Vec<&str> = requirements
            .iter()
            .filter_map(|each| match &each.requires_type {
                Some(RequiresType::ProviderName(name)) => Some(name.as_str()),
                Some(RequiresType::ProviderAndAudiences(with)) => Some(with.provider_name.as_str()),
                _ => None,
            })
            .collect();
        let (last, first): (Vec<_>, Vec<_>) = requirements.iter().partition(bypasses);
        // Of several, the one that allows more counts.
        let last = last
            .iter()
            .find(|each| matches!(each.requires_type, Some(RequiresType::AllowMissingOrFailed(_))))
            .or(last.last())
            .copied();
        let mut told = None;
        for each in first.into_iter().chain(last) {
            match self.meets(each, &beside) {
                Ok(()) => return Ok(()),
                // What says more than that a token is not there is told.
                Err(fault @ (Fault::Missing | Fault::Issuer(_))) => {
                    told.get_or_insert(fault);
                }
                Err(fault) => told = Some(fault),
            }
        }
        Err(told.unwrap_or(Fault::Missing))
    }

    fn provider(&mut self, name: &str, audiences: Option<&[String]>) -> Result<(), Fault> {
        let providers = self.providers;
        let provider = providers.get(name).ok_or(Fault::Unknown)?;
        for own in provider.claim_to_headers.iter().map(|to| &to.header_name) {
            self.headers.remove(own);
        }
        if !provider.forward_payload_header.is_empty() {
            self.headers.remove(&provider.forward_payload_header);
        }
        let tokens = extract(&[provider], &self.headers);
        if tokens.is_empty() {
            return Err(Fault::Missing);
        }
        tokens.iter().try_for_each(|token| self.verify(token, Some(provider), audiences))
    }

    /// All tokens that are where these providers look, each by its issuer's.
    fn tokens_of(&mut self, names: &[&str]) -> Result<(), Fault> {
        let providers = self.providers;
        let of: Vec<&JwtProvider> = names.iter().filter_map(|name| providers.get(*name)).collect();
        let tokens = extract(&of, &self.headers);
        if tokens.is_empty() {
            return Err(Fault::Missing);
        }
        tokens.iter().try_for_each(|token| self.verify(token, None, None))
    }

    fn verify(
        &mut self,
        token: &Token,
        provider: Option<&JwtProvider>,
        audiences: Option<&[String]>,
    ) -> Result<(), Fault> {
        let claims = claims(&token.text).ok_or(Fault::Malformed)?;
        let issuer = claims.get("iss").and_then(Json::as_str).unwrap_or_default().to_owned();
        if !token.issuers.is_empty() && !token.issuers.contains(&issuer) {
            return Err(Fault::Issuer(issuer));
        }
        let providers = self.providers;
        let mut of_issuer = providers.values().filter(|provider| provider.issuer == issuer);
        let (first, second) = (of_issuer.next(), of_issuer.next());
        // Which of several Envoy asks is not said anywhere.
        if provider.is_none() && second.is_some() {
            return Err(Fault::Unknown);
        }
        let provider = provider.or(first).ok_or_else(|| Fault::Issuer(issuer.clone()))?;
        if provider.subjects.is_some() || provider.max_lifetime.is_some() {
            return Err(Fault::Unknown);
        }
        if !is_for(&claims, audiences.unwrap_or(&provider.audiences)) {
            return Err(Fault::Audience(issuer));
        }
        self.accept(token, provider, claims);
        self.verified.push(issuer);
        Ok(())
    }

    /// What comes of a good token.
    fn accept(&mut self, token: &Token, provider: &JwtProvider, claims: Claims) {
        for to in &provider.claim_to_headers {
            let mut path = to.claim_name.split('.');
            let whole = Json::Object(claims.clone());
            let found = path.try_fold(&whole, |at, key| at.get(key));
            match found {
                Some(Json::String(text)) => self.headers.set(&to.header_name, text.clone()),
                Some(Json::Bool(value)) => self.headers.set(&to.header_name, value.to_string()),
                Some(Json::Number(number)) if number.is_i64() => {
                    self.headers.set(&to.header_name, number.to_string());
                }
                Some(_) => self.headers.set_unknown(&to.header_name),
                None => {}
            }
        }
        if !provider.forward_payload_header.is_empty() {
            self.headers.set_unknown(&provider.forward_payload_header);
        }
        if !provider.forward {
            match &token.location {
                Location::Header { name, .. } => self.headers.remove(name),
                Location::Param(name) => self.remove_param(name),
                Location::Cookie(_) => {}
            }
        }
        self.chooses_route_again |= provider.clear_route_cache;
        if !provider.payload_in_metadata.is_empty() {
            let mut claims = claims;
            if let Some(normalize) = &provider.normalize_payload_in_metadata {
                for name in &normalize.space_delimited_claims {
                    if let Some(Json::String(text)) = claims.get(name) {
                        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
                        claims.insert(name.clone(), json!(words));
                    }
                }
            }
            self.payloads.insert(provider.payload_in_metadata.clone(), Json::Object(claims));
        }
    }

    /// Without a parameter Envoy writes a query anew: unescaped, in the order of the names.
    fn remove_param(&mut self, name: &str) {
        let path = self.headers.text(headers::PATH);
        let bare = headers::bare(&path).to_owned();
        let query = path.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split_terminator('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let mut rest: Vec<(String, String)> = pairs
            .map(|(key, value)| (headers::percent_decoded(key), headers::percent_decoded(value)))
            .filter(|(key, _)| key != name)
            .collect();
        rest.sort_by(|(one, _), (other, _)| one.cmp(other));
        let rest: Vec<String> = rest.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
        self.headers.set(headers::PATH, bare + &query);
    }
}

/// Walks through the filter `jwt_authn`.
pub(super) fn walk(
    walk: &mut Walk<'_>,
    (name, pointer): (&str, &str),
    config: &JwtAuthentication,
    http: &mut Http<'_>,
) -> Flow {
    if config.bypass_cors_preflight && traffic::is_preflight(&http.headers) {
        walk.step(Place::Waypoint, name, Decision::Passed, "a preflight needs no token")
            .of(MAIN_INTERNAL, pointer);
        return Flow::Continue(());
    }
    let rule = config.rules.iter().find(|rule| {
        let matched = rule
            .r#match
            .as_ref()
            .map(|matched| route::fits(matched, &http.headers, &http.metadata, http.connection).truth());
        matched.is_none_or(|truth| truth == Truth::Yes)
    });
    let requirement = rule.and_then(|rule| rule.requirement_type.as_ref()).and_then(|of| match of {
        RequirementType::Requires(requirement) => Some(requirement),
        RequirementType::RequirementName(name) => config.requirement_map.get(name),
    });
    let Some(requirement) = requirement else { return Flow::Continue(()) };
    let mut verifier = Verifier {
        providers: &config.providers,
        headers: http.headers.clone(),
        payloads: Map::new(),
        chooses_route_again: false,
        verified: Vec::new(),
    };
    let met = verifier.meets(requirement, &[]);
    http.headers = verifier.headers;
    let cause = by(http.causes);
    match met {
        Ok(()) => {
            let text = match verifier.verified.last() {
                Some(issuer) => format!("a token of `{issuer}`, which counts as verified"),
                None => "no token, and none is needed here".to_owned(),
            };
            if !verifier.verified.is_empty() {
                walk.caveat("signatures and times of tokens were not looked at");
            }
            walk.step(Place::Waypoint, name, Decision::Passed, text)
                .of(MAIN_INTERNAL, pointer)
                .because(cause);
            if !verifier.payloads.is_empty() {
                http.metadata.insert(JWT_AUTHN.to_owned(), Json::Object(verifier.payloads));
            }
            if verifier.chooses_route_again {
                http.choose_route_again();
            }
            Flow::Continue(())
        }
        Err(Fault::Unknown) => {
            let text = Fault::Unknown.text();
            walk.step(Place::Waypoint, name, Decision::Unknown, text.clone()).of(MAIN_INTERNAL, pointer);
            walk.may_refuse(text);
            Flow::Continue(())
        }
        Err(fault) => {
            let text = fault.text();
            walk.step(Place::Waypoint, name, Decision::Denied, text.clone())
                .of(MAIN_INTERNAL, pointer)
                .because(cause.clone());
            Flow::Break(http.answer(Verdict::Denied, fault.status(), text).by(cause))
        }
    }
}

/// The RequestAuthentication, where there is only one.
fn by(causes: &[Cause]) -> Option<Cause> {
    let mut all = causes.iter().filter(|cause| cause.object.kind == Kind::RequestAuthentication);
    let first = all.next()?;
    all.all(|other| other.object == first.object).then(|| first.object.clone().into())
}
