//! Tokens: Envoy's `jwt_authn`.
//!
//! Signatures and times of tokens are not looked at: they count as verified. Source:
//! [jwt_authn](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter).

use std::borrow::Cow;
use std::collections::BTreeMap;

use envoy::extensions::filters::http::jwt_authn::v3::requirement_rule::RequirementType;
use envoy::extensions::filters::http::jwt_authn::v3::{JwtAuthentication, JwtProvider};
use serde_json::{Map, Value as Json, json};

use super::asked::RequestTest;
use super::condition::Truth;
use super::headers;
use super::http::Http;
use super::matchers::{TextIs, TextTest};
use super::outcome::{Decision, Place, Verdict};
use super::rbac::RequestCondition;
use super::requirement::Requirement;
use super::tokens::{self, Claims, Location, Places, Token, claims, extract, is_for};
use super::walk::{Flow, Walk};
use super::{route, traffic};
use crate::resources::names::MAIN_INTERNAL;
use crate::snapshot::{Cause, Kind};

/// Under which `jwt_authn` keeps what tokens say.
pub(super) const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";

/// What is said where a token counts as verified.
pub(super) const NOT_VERIFIED: &str = "signatures and times of tokens were not looked at";

/// Providers of tokens, by name.
pub(super) type Providers = BTreeMap<String, JwtProvider>;

/// A filter `jwt_authn`, ready.
#[derive(Clone, Debug)]
pub(super) struct JwtFilter {
    name: String,
    pointer: String,
    bypasses_preflights: bool,
    /// The first that fits counts.
    rules: Vec<JwtRule>,
    providers: Providers,
    /// Where the tokens of each issuer are looked for first.
    first_places: Vec<(String, Location)>,
    /// The RequestAuthentication, where there is only one.
    cause: Option<Cause>,
}

/// What some requests need.
#[derive(Clone, Debug)]
struct JwtRule {
    /// None for all requests.
    condition: Option<RequestCondition>,
    requirement: Option<Requirement>,
}

impl JwtFilter {
    /// Gets a filter ready; `causes` made its chain.
    pub(super) fn new((name, pointer): (&str, &str), config: JwtAuthentication, causes: &[Cause]) -> Self {
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
            providers,
            cause: only(causes),
        }
    }

    /// Where a token of an issuer is looked for first.
    pub(super) fn first_place(&self, issuer: &str) -> Option<&Location> {
        self.first_places.iter().find(|(other, _)| other == issuer).map(|(_, location)| location)
    }

    /// The issuers whose tokens are taken.
    pub(super) fn issuers(&self) -> impl Iterator<Item = &str> {
        self.providers.values().map(|provider| provider.issuer.as_str())
    }

    /// Where the tokens of some issuer are looked for first.
    pub(super) fn any_place(&self) -> Option<&Location> {
        self.first_places.first().map(|(_, location)| location)
    }

    /// What is kept of a token that is taken: under which key, and the claims of which words become lists.
    pub(super) fn kept(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.providers.values().map(|provider| {
            let words = provider.normalize_payload_in_metadata.as_ref();
            let words = words.map(|words| words.space_delimited_claims.as_slice()).unwrap_or_default();
            (provider.payload_in_metadata.as_str(), words)
        })
    }

    /// The headers that are made of tokens, or of which tokens are taken.
    pub(super) fn headers(&self) -> impl Iterator<Item = &str> {
        self.providers.values().flat_map(|provider| {
            let made = provider.claim_to_headers.iter().map(|to| to.header_name.as_str());
            let taken = provider.from_headers.iter().map(|from| from.name.as_str());
            made.chain(taken).chain([provider.forward_payload_header.as_str(), "authorization", "cookie"])
        })
    }

    /// The parameters of the query of which tokens are taken.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &str> {
        let named = self.providers.values().flat_map(|provider| provider.from_params.iter());
        named.map(String::as_str).chain(["access_token"])
    }

    /// Somebody for whom tokens of an issuer have to be; nothing where anybody will do.
    pub(super) fn audience(&self, issuer: &str) -> Option<&str> {
        let mut of_issuer = self.providers.values().filter(|provider| provider.issuer == issuer);
        of_issuer.find_map(|provider| provider.audiences.first()).map(String::as_str)
    }

    /// Whether it does no more than refuse bad tokens: a request without is let through.
    pub(super) fn only_refuses(&self) -> bool {
        let is_plain =
            |provider: &JwtProvider| provider.subjects.is_none() && provider.max_lifetime.is_none();
        let lets_through = |rule: &JwtRule| {
            rule.condition.as_ref().is_none_or(is_for_all)
                && rule.requirement.as_ref().is_some_and(Requirement::allows_missing)
        };
        self.providers.values().all(is_plain) && self.rules.first().is_some_and(lets_through)
    }

    /// Walks through the filter.
    pub(super) fn walk<'a>(&'a self, walk: &mut Walk<'a>, http: &mut Http<'a>) -> Flow<'a> {
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
        let cause = self.cause.as_ref();
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
                    .because(cause);
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
                let text = walk.say(|| fault.text());
                walk.step(Place::Waypoint, name, Decision::Denied, text.as_str())
                    .of(MAIN_INTERNAL, pointer)
                    .because(cause);
                Flow::Break(http.answer(Verdict::Denied, fault.status(), text).by(cause))
            }
        }
    }
}

/// Whether a condition of a rule holds for every path.
fn is_for_all(condition: &RequestCondition) -> bool {
    let mut all = true;
    condition.each(&mut |test| {
        let is_prefix = |test: &TextTest| matches!(&test.is, TextIs::Prefix(prefix) if prefix == "/");
        all &= matches!(test, RequestTest::Path(test) if is_prefix(test));
    });
    all
}

/// The RequestAuthentication, where there is only one.
fn only(causes: &[Cause]) -> Option<Cause> {
    let mut all = causes.iter().filter(|cause| cause.object.kind == Kind::RequestAuthentication);
    let first = all.next()?;
    all.all(|other| other.object == first.object).then(|| first.object.clone().into())
}

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
struct Verifier<'v, 'a> {
    providers: &'a Providers,
    http: &'v mut Http<'a>,
    payloads: Map<String, Json>,
    chooses_route_again: bool,
    /// The issuer of the last token that was verified.
    verified: Option<String>,
}

impl<'a> Verifier<'_, 'a> {
    /// Whether a requirement is met.
    fn meets(&mut self, requirement: &'a Requirement) -> Result<(), Fault> {
        match requirement {
            Requirement::Nothing => Ok(()),
            Requirement::Provider { name, audiences, places } => {
                self.provider(name, audiences.as_deref(), places)
            }
            Requirement::All(all) => all.iter().try_for_each(|each| self.meets(each)),
            Requirement::Any(any) => self.any(any),
            Requirement::AllowMissing(places) => match self.tokens(places, None, None) {
                Ok(()) | Err(Fault::Missing) => Ok(()),
                Err(fault) => Err(fault),
            },
            Requirement::AllowMissingOrFailed(places) => {
                let _ = self.tokens(places, None, None);
                Ok(())
            }
            Requirement::Unknown => Err(Fault::Unknown),
        }
    }

    /// Whether any requirement is met.
    fn any(&mut self, requirements: &'a [Requirement]) -> Result<(), Fault> {
        let mut told = None;
        for each in requirements {
            match self.meets(each) {
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

    fn provider(
        &mut self,
        name: &str,
        audiences: Option<&'a [String]>,
        places: &'a Places,
    ) -> Result<(), Fault> {
        let provider = self.providers.get(name).ok_or(Fault::Unknown)?;
        let made = provider.claim_to_headers.iter().map(|to| &to.header_name);
        let whole = (!provider.forward_payload_header.is_empty()).then_some(&provider.forward_payload_header);
        for own in made.chain(whole) {
            if self.http.headers.has(own) {
                self.http.headers_mut().remove(own);
            }
        }
        self.tokens(places, Some(provider), audiences)
    }

    /// All tokens that are at these places, each by this provider or its issuer's.
    fn tokens(
        &mut self,
        places: &'a Places,
        provider: Option<&'a JwtProvider>,
        audiences: Option<&'a [String]>,
    ) -> Result<(), Fault> {
        let tokens = extract(places, &self.http.headers);
        if tokens.is_empty() {
            return Err(Fault::Missing);
        }
        tokens.iter().try_for_each(|token| self.verify(token, provider, audiences))
    }

    fn verify(
        &mut self,
        token: &Token<'a>,
        provider: Option<&'a JwtProvider>,
        audiences: Option<&'a [String]>,
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
        self.verified = Some(issuer);
        Ok(())
    }

    /// What comes of a good token.
    fn accept(&mut self, token: &Token<'a>, provider: &'a JwtProvider, claims: Claims) {
        for to in &provider.claim_to_headers {
            let mut path = to.claim_name.split('.');
            let first = path.next().and_then(|key| claims.get(key));
            let found = first.and_then(|first| path.try_fold(first, |at, key| at.get(key)));
            let name = to.header_name.as_str();
            match found {
                // No header is made of an empty claim.
                Some(Json::String(text)) if text.is_empty() => {}
                Some(Json::String(text)) => self.http.headers_mut().set(name, text.clone()),
                Some(Json::Bool(value)) => self.http.headers_mut().set(name, value.to_string()),
                Some(Json::Number(number)) if number.is_i64() => {
                    self.http.headers_mut().set(name, number.to_string());
                }
                Some(_) => self.http.headers_mut().set_unknown(name),
                None => {}
            }
        }
        if !provider.forward_payload_header.is_empty() {
            self.http.headers_mut().set_unknown(&provider.forward_payload_header);
        }
        if !provider.forward {
            match token.location {
                Location::Header { name, .. } => self.http.headers_mut().remove(name),
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
        let path = self.http.headers.text(headers::PATH).as_str().to_owned();
        let bare = headers::bare(&path).to_owned();
        let query = path.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split_terminator('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let mut rest: Vec<(Cow<'_, str>, Cow<'_, str>)> = pairs
            .map(|(key, value)| (headers::percent_decoded(key), headers::percent_decoded(value)))
            .filter(|(key, _)| key != name)
            .collect();
        rest.sort_by(|(one, _), (other, _)| one.cmp(other));
        let rest: Vec<String> = rest.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
        self.http.headers_mut().set(headers::PATH, bare + &query);
    }
}
