//! What Istio 1.18's filter `istio_authn` makes of tokens.

use envoy::istio::envoy::config::filter::http::authn::v2alpha1::FilterConfig;
use serde_json::{Map, Value as Json, json};

use super::http::Http;
use super::jwt::JWT_AUTHN;
use super::outcome::{Decision, Place};
use super::walk::Walk;
use crate::resources::names::MAIN_INTERNAL;

/// The issuers that Istio 1.18's `istio_authn` looks for.
pub(super) fn issuers(config: &FilterConfig) -> Vec<String> {
    let policy = config.policy.clone().unwrap_or_default();
    #[allow(deprecated, reason = "the filter reads these fields")]
    let origins = policy.origins.iter().filter_map(|origin| origin.jwt.as_ref());
    origins.map(|jwt| jwt.issuer.clone()).collect()
}

/// What Istio 1.18's `istio_authn` makes of the first issuer's token that there is.
pub(super) fn walk<'a>(
    walk: &mut Walk<'a>,
    (name, pointer): (&str, &str),
    issuers: &'a [String],
    http: &mut Http<'a>,
) {
    let Some(tokens) = http.metadata.said(JWT_AUTHN) else { return };
    let payload = issuers.iter().find_map(|issuer| {
        tokens.get(issuer)?.as_object().filter(|payload| !payload.is_empty()).map(|payload| (issuer, payload))
    });
    let Some((issuer, payload)) = payload else { return };
    let Some(Json::Object(claims)) = words(&Json::Object(payload.clone())) else { return };
    let first = |claim: &str| claims.get(claim)?.as_array()?.first()?.as_str().map(str::to_owned);
    let mut told = Map::new();
    if let (Some(iss), Some(sub)) = (first("iss"), first("sub")) {
        told.insert("request.auth.principal".to_owned(), json!(format!("{iss}/{sub}")));
    }
    for (key, claim) in [("request.auth.audiences", "aud"), ("request.auth.presenter", "azp")] {
        if let Some(value) = first(claim) {
            told.insert(key.to_owned(), json!(value));
        }
    }
    if !claims.is_empty() {
        told.insert("request.auth.claims".to_owned(), Json::Object(claims));
    }
    let text = || format!("the token of `{issuer}` is what policies look at");
    walk.step(Place::Waypoint, name, Decision::Passed, text).of(MAIN_INTERNAL, pointer);
    http.metadata_mut().say("istio_authn", told);
    http.choose_route_again();
}

/// A claim as a list of words, or claims inside of it; nothing if it is neither.
fn words(claim: &Json) -> Option<Json> {
    match claim {
        Json::String(text) => {
            let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
            Some(json!(words))
        }
        Json::Array(list) if !list.is_empty() => list.iter().all(Json::is_string).then(|| claim.clone()),
        Json::Array(_) => Some(json!({})),
        Json::Object(fields) => {
            let is_something = |value: &Json| match value {
                Json::Array(list) => !list.is_empty(),
                Json::Object(fields) => !fields.is_empty(),
                _ => false,
            };
            let inner = fields.iter().filter_map(|(name, value)| Some((name.clone(), words(value)?)));
            Some(Json::Object(inner.filter(|(_, value)| is_something(value)).collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_become_words() {
        let made = words(&json!({"a": "x y", "b": ["c"], "d": [1], "e": {"f": "g"}, "h": "", "i": 1}));
        assert_eq!(made, Some(json!({"a": ["x", "y"], "b": ["c"], "e": {"f": ["g"]}})));
    }
}
