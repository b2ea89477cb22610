//! What is asked of a filter as a whole: which tokens it takes, where, and what it makes of them.

use envoy::extensions::filters::http::jwt_authn::v3::JwtProvider;

use super::verifier::as_kept;
use super::{JwtFilter, JwtRule};
use crate::trace::asked::RequestTest;
use crate::trace::headers::Headers;
use crate::trace::matchers::{TextIs, TextTest};
use crate::trace::rbac::RequestCondition;
use crate::trace::tokens::{self, Claims, Location};
use crate::trace::traffic;

/// What a request says by its token, as a filter sees it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::trace) enum Said {
    /// It has none, or none is looked at.
    Nothing,
    /// One of an issuer whose tokens are taken there, as its claims are kept.
    Claims(Claims),
    /// One that is none, or that nobody takes there.
    Refused,
    /// Several.
    Several,
}

impl JwtFilter {
    /// Where a token of an issuer is looked for first.
    pub(in crate::trace) fn first_place(&self, issuer: &str) -> Option<&Location> {
        self.first_places.iter().find(|(other, _)| other == issuer).map(|(_, location)| location)
    }

    /// The issuers whose tokens are taken.
    pub(in crate::trace) fn issuers(&self) -> impl Iterator<Item = &str> {
        self.providers.values().map(|provider| provider.issuer.as_str())
    }

    /// Where the tokens of some issuer are looked for first.
    pub(in crate::trace) fn any_place(&self) -> Option<&Location> {
        self.first_places.first().map(|(_, location)| location)
    }

    /// What is kept of a token that is taken: under which key, and the claims of which words become lists.
    pub(in crate::trace) fn kept(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.providers.values().map(|provider| {
            let words = provider.normalize_payload_in_metadata.as_ref();
            let words = words.map(|words| words.space_delimited_claims.as_slice()).unwrap_or_default();
            (provider.payload_in_metadata.as_str(), words)
        })
    }

    /// The headers that are made of tokens, or of which tokens are taken.
    pub(in crate::trace) fn headers(&self) -> impl Iterator<Item = &str> {
        self.providers.values().flat_map(|provider| {
            let made = provider.claim_to_headers.iter().map(|to| to.header_name.as_str());
            let taken = provider.from_headers.iter().map(|from| from.name.as_str());
            made.chain(taken).chain([provider.forward_payload_header.as_str(), "authorization", "cookie"])
        })
    }

    /// The parameters of the query of which tokens are taken.
    pub(in crate::trace) fn parameters(&self) -> impl Iterator<Item = &str> {
        let named = self.providers.values().flat_map(|provider| provider.from_params.iter());
        named.map(String::as_str).chain(["access_token"])
    }

    /// Somebody for whom tokens of an issuer have to be; nothing where anybody will do.
    pub(in crate::trace) fn audience(&self, issuer: &str) -> Option<&str> {
        let mut of_issuer = self.providers.values().filter(|provider| provider.issuer == issuer);
        of_issuer.find_map(|provider| provider.audiences.first()).map(String::as_str)
    }

    /// Whether it does no more than refuse bad tokens: a request without is let through, as is one with a
    /// good token of any issuer.
    pub(in crate::trace) fn only_refuses(&self) -> bool {
        let is_plain =
            |provider: &JwtProvider| provider.subjects.is_none() && provider.max_lifetime.is_none();
        let lets_through = |rule: &JwtRule| {
            let requirement = rule.requirement.as_ref().filter(|requirement| requirement.allows_missing());
            let enough: Vec<&str> = requirement.iter().flat_map(|requirement| requirement.enough()).collect();
            rule.condition.as_ref().is_none_or(is_for_all)
                && requirement.is_some()
                && self.providers.keys().all(|name| enough.contains(&name.as_str()))
        };
        self.providers.values().all(is_plain) && self.rules.first().is_some_and(lets_through)
    }

    /// Each issuer's rule.
    pub(in crate::trace) fn providers(&self) -> impl Iterator<Item = &JwtProvider> {
        self.providers.values()
    }

    /// Whether a preflight needs no token, and what it has is not looked at.
    pub(in crate::trace) const fn bypasses_preflights(&self) -> bool {
        self.bypasses_preflights
    }

    /// What a request says by its token, whoever that is for.
    pub(in crate::trace) fn said(&self, headers: &Headers<'_>) -> Said {
        if self.bypasses_preflights && traffic::is_preflight(headers) {
            return Said::Nothing;
        }
        let places = tokens::places(self.providers.values());
        let found = tokens::extract(&places, headers);
        let token = match found.as_slice() {
            [] => return Said::Nothing,
            [token] => token,
            _ => return Said::Several,
        };
        let Some(claims) = tokens::claims(&token.text) else { return Said::Refused };
        let issuer = claims.get("iss").and_then(serde_json::Value::as_str).unwrap_or_default();
        let is_here = token.issuers.is_empty() || token.issuers.iter().any(|other| other == issuer);
        match self.providers().find(|provider| is_here && provider.issuer == issuer) {
            Some(provider) => Said::Claims(as_kept(claims, provider)),
            None => Said::Refused,
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
