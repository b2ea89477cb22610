//! Tokens: where they are looked for, and what they say.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use envoy::extensions::filters::http::jwt_authn::v3::JwtProvider;
use serde_json::{Map, Value as Json, json};

use super::headers::{self, Headers, Value};

/// What a token says.
pub(super) type Claims = Map<String, Json>;

/// Where a token may be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Location {
    Header { name: String, prefix: String },
    Param(String),
    Cookie(String),
}

/// Where tokens of several providers may be.
pub(super) type Places = Vec<(Location, Issuers)>;

/// The issuers whose tokens may be somewhere; empty for all.
pub(super) type Issuers = Vec<String>;

/// A token where it was found.
pub(super) struct Token<'a> {
    pub(super) text: String,
    pub(super) location: &'a Location,
    /// The issuers whose tokens may be there; empty for all.
    pub(super) issuers: &'a [String],
}

/// A token of these claims, with a signature that nobody gave.
pub(super) fn made(claims: &Claims) -> String {
    let encode = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let head = json!({"alg": "RS256", "typ": "JWT"});
    [&encode(&head), ".", &encode(&Json::Object(claims.clone())), ".", "Z2l2ZW4"].concat()
}

/// Puts a token where its issuer looks for it.
pub(super) fn send<'a>(token: &str, location: Option<&'a Location>, headers: &mut Headers<'a>) {
    match location {
        Some(Location::Header { name, prefix }) => headers.set(name, [prefix, token].concat()),
        Some(Location::Param(name)) => {
            let path = headers.text(headers::PATH).as_str().to_owned();
            let with = if path.contains('?') { '&' } else { '?' };
            headers.set(headers::PATH, format!("{path}{with}{name}={token}"));
        }
        Some(Location::Cookie(name)) => headers.add("cookie", format!("{name}={token}")),
        None => headers.set("authorization", format!("Bearer {token}")),
    }
}

/// Where a provider looks: headers, then parameters, then cookies.
pub(super) fn locations(provider: &JwtProvider) -> Vec<Location> {
    let header = |name: &str, prefix: &str| Location::Header {
        name: name.to_ascii_lowercase(),
        prefix: prefix.to_owned(),
    };
    let headers = provider.from_headers.iter().map(|from| header(&from.name, &from.value_prefix));
    let params = provider.from_params.iter().cloned().map(Location::Param);
    let cookies = provider.from_cookies.iter().cloned().map(Location::Cookie);
    let all: Vec<Location> = headers.chain(params).chain(cookies).collect();
    if all.is_empty() {
        return vec![header("authorization", "Bearer "), Location::Param("access_token".to_owned())];
    }
    all
}

/// Where tokens of these providers may be, in the order in which they are looked for.
pub(super) fn places<'p>(providers: impl Iterator<Item = &'p JwtProvider>) -> Places {
    let mut places: BTreeMap<Location, Issuers> = BTreeMap::new();
    for provider in providers {
        for location in locations(provider) {
            places.entry(location).or_default().push(provider.issuer.clone());
        }
    }
    let all = |issuers: Issuers| if issuers.iter().any(String::is_empty) { Vec::new() } else { issuers };
    places.into_iter().map(|(location, issuers)| (location, all(issuers))).collect()
}

/// The tokens that are at these places.
pub(super) fn extract<'a>(places: &'a Places, headers: &Headers<'_>) -> Vec<Token<'a>> {
    let mut tokens = Vec::new();
    for (location, issuers) in places {
        let mut found = |text: String| tokens.push(Token { text, location, issuers });
        match location {
            Location::Header { name, prefix } => {
                let values = headers.all(name).filter_map(Value::known);
                values.filter_map(|value| token_in(value, prefix)).for_each(found);
            }
            Location::Param(name) => {
                let path = headers.text(headers::PATH);
                let mut params = headers::query(path.as_str());
                let first = params.find(|(key, _)| headers::percent_decoded(key) == *name);
                if let Some((_, value)) = first {
                    found(headers::percent_decoded(value).into_owned());
                }
            }
            Location::Cookie(name) => {
                let all = headers.all("cookie").filter_map(Value::known).flat_map(|value| value.split(';'));
                let mut pairs = all.filter_map(|pair| pair.trim().split_once('='));
                if let Some((_, value)) = pairs.find(|(key, _)| key == name) {
                    found(value.trim_matches('"').to_owned());
                }
            }
        }
    }
    tokens
}

/// What stands behind a prefix, wherever that is, from the first character on that a token may have.
fn token_in(value: &str, prefix: &str) -> Option<String> {
    if prefix.is_empty() {
        return Some(value.to_owned());
    }
    let (_, rest) = value.split_once(prefix)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let start = rest.find(legal);
    Some(start.and_then(|start| rest.get(start..)).unwrap_or(value).to_owned())
}

/// What a token says; none if it is no token.
pub(super) fn claims(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (head, payload, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || signature.is_empty() {
        return None;
    }
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok();
    let object = |part: &str| match serde_json::from_slice(&decode(part)?).ok()? {
        Json::Object(fields) => Some(fields),
        _ => None,
    };
    object(head)?;
    decode(signature)?;
    object(payload)
}

/// Whether a token is for one of these audiences, or none is asked for.
pub(super) fn is_for(claims: &Claims, audiences: &[String]) -> bool {
    fn plain(audience: &str) -> &str {
        let bare = audience.strip_prefix("https://").or_else(|| audience.strip_prefix("http://"));
        let bare = bare.unwrap_or(audience);
        bare.strip_suffix('/').unwrap_or(bare)
    }
    let own: Vec<&str> = match claims.get("aud") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    audiences.is_empty() || own.iter().any(|own| audiences.iter().any(|other| plain(other) == plain(own)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_behind_their_prefix() {
        assert_eq!(token_in("Bearer a.b.c", "Bearer ").as_deref(), Some("a.b.c"));
        assert_eq!(token_in("Bearer  =a.b.c", "Bearer ").as_deref(), Some("a.b.c"));
        assert_eq!(token_in("Basic abc", "Bearer "), None);
        assert_eq!(token_in("a.b.c", "").as_deref(), Some("a.b.c"));
        assert_eq!(claims("nonsense"), None);
        let token = ["e30", "eyJpc3MiOiJhIn0", "c2ln"].join(".");
        assert_eq!(claims(&token).unwrap().get("iss"), Some(&json!("a")));
    }

    #[test]
    fn audiences_are_compared_without_scheme_and_slash() {
        let claims = |aud: Json| Map::from_iter([("aud".to_owned(), aud)]);
        let shop = ["https://shop/".to_owned()];
        assert!(is_for(&claims(json!("shop")), &shop));
        assert!(is_for(&claims(json!(["a", "http://shop"])), &shop));
        assert!(!is_for(&claims(json!("garage")), &shop));
        assert!(is_for(&Map::new(), &[]));
    }
}
