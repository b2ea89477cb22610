//! What comes of one request's tokens.

use std::borrow::Cow;

use envoy::extensions::filters::http::jwt_authn::v3::JwtProvider;
use serde_json::{Map, Value as Json, json};

use super::Providers;
use crate::trace::headers;
use crate::trace::http::Http;
use crate::trace::requirement::Requirement;
use crate::trace::tokens::{Claims, Location, Places, Token, claims, extract, is_for};

/// Why a token, or its absence, is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
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
    /// The issuer whose tokens are taken, but not this one.
    pub(super) fn issuer(&self) -> Option<&str> {
        match self {
            Self::Audience(issuer) => Some(issuer),
            Self::Missing | Self::Issuer(_) | Self::Malformed | Self::Unknown => None,
        }
    }

    pub(super) fn status(&self) -> u16 {
        if matches!(self, Self::Audience(_)) { 403 } else { 401 }
    }

    pub(super) fn text(&self) -> String {
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
pub(super) struct Verifier<'v, 'a> {
    pub(super) providers: &'a Providers,
    pub(super) http: &'v mut Http<'a>,
    pub(super) payloads: Map<String, Json>,
    pub(super) chooses_route_again: bool,
    /// The issuer of the last token that was verified.
    pub(super) verified: Option<String>,
}

impl<'a> Verifier<'_, 'a> {
    /// Whether a requirement is met.
    pub(super) fn meets(&mut self, requirement: &'a Requirement) -> Result<(), Fault> {
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
            self.payloads
                .insert(provider.payload_in_metadata.clone(), Json::Object(as_kept(claims, provider)));
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

/// What a token says, as it is kept: of some claims the words are a list.
pub(super) fn as_kept(mut claims: Claims, provider: &JwtProvider) -> Claims {
    for name in provider.normalize_payload_in_metadata.iter().flat_map(|with| &with.space_delimited_claims) {
        if let Some(Json::String(text)) = claims.get(name) {
            let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
            claims.insert(name.clone(), json!(words));
        }
    }
    claims
}
