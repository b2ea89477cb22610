//! Principals: what of a rule is about the caller and the request.

use envoy::config::rbac::v3::Principal;
use envoy::config::rbac::v3::principal::{Authenticated, Identifier, Set};
use envoy::r#type::matcher::v3::{
    FilterStateMatcher, MetadataMatcher, StringMatcher, ValueMatcher, filter_state_matcher,
};

use super::attribute::Caller;
use super::matcher::{self, Pattern};
use super::rule::{ChainKind, Clause, Context, Unmatchable, cidr, each, http_only, together};
use crate::Str;
use crate::re2;
use crate::rules::RequestIdentity;

/// Under which the terminating listener keeps the caller's SPIFFE id.
const PEER_PRINCIPAL: &str = "io.istio.peer_principal";
const SPIFFE: &str = "spiffe://";

/// All of the clauses.
pub(super) fn all<'c>(
    clauses: impl IntoIterator<Item = &'c Clause<'c, Caller>>,
    context: Context<'_>,
) -> Result<Principal, Unmatchable> {
    let mut ids = Vec::new();
    for clause in clauses {
        ids.extend(alternatives(&clause.attribute, &clause.values, context)?);
        ids.extend(alternatives(&clause.attribute, &clause.not_values, context)?.map(not));
    }
    if ids.is_empty() {
        ids.push(any());
    }
    Ok(principal(Identifier::AndIds(Set { ids })))
}

/// One of the values.
fn alternatives(
    caller: &Caller,
    values: &[Str],
    context: Context<'_>,
) -> Result<Option<Principal>, Unmatchable> {
    if is_token(caller) && context.release.request_identity == RequestIdentity::JwtAuthn {
        return together(values, context, |values| {
            http_only(context)?;
            payload(caller, values)
        });
    }
    let ids = each(values, context, |value| one(caller, value, context))?;
    Ok((!ids.is_empty()).then(|| principal(Identifier::OrIds(Set { ids }))))
}

/// Attributes that a token of the request says.
fn is_token(caller: &Caller) -> bool {
    matches!(caller, Caller::RequestPrincipal | Caller::Audiences | Caller::Presenter | Caller::Claim(_))
}

fn one(caller: &Caller, value: &str, context: Context<'_>) -> Result<Principal, Unmatchable> {
    if is_token(caller) || matches!(caller, Caller::Header(_)) {
        http_only(context)?;
    }
    let quote = |text: &str| match context.release.quotes_in_regexes {
        true => re2::quote_meta(text),
        false => text.to_owned(),
    };
    Ok(match caller {
        Caller::Principal => peer(spiffe_id(value, quote), context.chain),
        Caller::ServiceAccount => peer(service_account(value, context.namespace), context.chain),
        Caller::TrustDomain => peer(trust_domain(value), context.chain),
        Caller::Namespace => {
            let namespace: Vec<String> = value.split('*').map(quote).collect();
            peer(matcher::regex(format!(".*/ns/{}/.*", namespace.join(".*"))), context.chain)
        }
        Caller::SourceIp => principal(Identifier::DirectRemoteIp(cidr(value, context)?)),
        Caller::RemoteIp => principal(Identifier::RemoteIp(cidr(value, context)?)),
        Caller::Header(name) => {
            let name = name.as_ref().ok_or(Unmatchable::Malformed)?;
            principal(Identifier::Header(matcher::header(name, value, context.release.header_values)))
        }
        Caller::RequestPrincipal => istio_authn(["request.auth.principal"], string_value(value)),
        Caller::Audiences => istio_authn(["request.auth.audiences"], string_value(value)),
        Caller::Presenter => istio_authn(["request.auth.presenter"], string_value(value)),
        Caller::Claim(path) => {
            let path = path.as_ref().ok_or(Unmatchable::Malformed)?;
            let keys = std::iter::once("request.auth.claims").chain(path.iter().map(Str::as_str));
            istio_authn(keys, matcher::list_value(string_value(value)))
        }
    })
}

fn string_value(value: &str) -> ValueMatcher {
    matcher::string_value(matcher::string(value))
}

/// The caller's SPIFFE id: of the certificate, or what was kept of it for what is inside the tunnel.
fn peer(id: StringMatcher, chain: ChainKind) -> Principal {
    if chain == ChainKind::Tunnel {
        return principal(Identifier::Authenticated(Authenticated { principal_name: Some(id) }));
    }
    principal(Identifier::FilterState(FilterStateMatcher {
        key: PEER_PRINCIPAL.to_owned(),
        matcher: Some(filter_state_matcher::Matcher::StringMatch(id)),
    }))
}

fn spiffe_id(principal: &str, quote: impl Fn(&str) -> String) -> StringMatcher {
    match Pattern::of(principal) {
        Pattern::Present => matcher::anything(),
        Pattern::Suffix(suffix) => matcher::regex([SPIFFE, ".*", &quote(suffix)].concat()),
        Pattern::Prefix(prefix) => matcher::prefix([SPIFFE, prefix].concat()),
        Pattern::Exact(exact) => matcher::exact([SPIFFE, exact].concat()),
    }
}

/// `name` or `namespace/name`. A SPIFFE id may have further pairs between and after the two.
fn service_account(value: &str, default_namespace: &str) -> StringMatcher {
    let (namespace, name) = value.split_once('/').unwrap_or((default_namespace, value));
    let (namespace, name) = (re2::quote_meta(namespace), re2::quote_meta(name));
    matcher::regex(format!("{SPIFFE}.+/ns/{namespace}/(.+/|)sa/{name}(/.+)?"))
}

fn trust_domain(value: &str) -> StringMatcher {
    match value.split_once('*') {
        _ if value == "*" => matcher::prefix(SPIFFE),
        None => matcher::prefix(format!("{SPIFFE}{value}/")),
        Some((before, after)) => {
            let (before, after) = (re2::quote_meta(before), re2::quote_meta(after));
            matcher::regex(format!("{SPIFFE}{before}[^/]*{after}/.*"))
        }
    }
}

/// What the filter `istio_authn` tells of the token.
fn istio_authn<'a>(path: impl IntoIterator<Item = &'a str>, value: ValueMatcher) -> Principal {
    metadata(matcher::metadata("istio_authn", path, value))
}

/// What the token itself says, which the filter jwt_authn keeps.
fn payload(caller: &Caller, values: &[Str]) -> Result<Principal, Unmatchable> {
    let strings = || matcher::any_value(values.iter().map(|v| string_value(v)).collect());
    Ok(match caller {
        Caller::Audiences => claim(["aud"], strings()),
        Caller::Presenter => claim(["azp"], strings()),
        Caller::Claim(path) => {
            let path = path.as_ref().ok_or(Unmatchable::Malformed)?;
            claim(path.iter().map(Str::as_str), strings())
        }
        _ => {
            let mut ids: Vec<_> = values.iter().map(|v| issuer_and_subject(v)).collect();
            match ids.pop() {
                Some(only) if ids.is_empty() => only,
                last => {
                    ids.extend(last);
                    principal(Identifier::OrIds(Set { ids }))
                }
            }
        }
    })
}

/// A claim that is this value, or a list with it.
fn claim<'a>(path: impl IntoIterator<Item = &'a str>, value: ValueMatcher) -> Principal {
    let list = matcher::list_value(value.clone());
    payload_metadata(path, matcher::any_value(vec![list, value]))
}

fn payload_metadata<'a>(path: impl IntoIterator<Item = &'a str>, value: ValueMatcher) -> Principal {
    let keys = std::iter::once("payload").chain(path);
    metadata(matcher::metadata("envoy.filters.http.jwt_authn", keys, value))
}

/// A request principal is `issuer/subject`; the issuer may be a URL, so the last slash divides them.
fn issuer_and_subject(value: &str) -> Principal {
    let divided = value.rsplit_once('/');
    let (issuer, subject) = match (Pattern::of(value), divided) {
        (Pattern::Present, _) => (matcher::anything(), matcher::anything()),
        (Pattern::Suffix(_), Some((issuer, subject))) => {
            let issuer = match issuer.strip_prefix('*') {
                Some(suffix) if !suffix.is_empty() => matcher::suffix(suffix),
                _ => matcher::anything(),
            };
            (issuer, matcher::exact(subject))
        }
        (Pattern::Suffix(suffix), None) => (matcher::anything(), matcher::suffix(suffix)),
        (Pattern::Prefix(_), Some((issuer, subject))) => {
            let subject = match subject.strip_suffix('*') {
                Some(prefix) if !prefix.is_empty() => matcher::prefix(prefix),
                _ => matcher::anything(),
            };
            (matcher::exact(issuer), subject)
        }
        (Pattern::Prefix(prefix), None) => (matcher::prefix(prefix), matcher::anything()),
        (Pattern::Exact(_), Some((issuer, subject))) => (matcher::exact(issuer), matcher::exact(subject)),
        (Pattern::Exact(issuer), None) => (matcher::exact(issuer), matcher::exact("")),
    };
    let has = |claim, string| payload_metadata([claim], matcher::string_value(string));
    principal(Identifier::AndIds(Set { ids: vec![has("iss", issuer), has("sub", subject)] }))
}

fn metadata(matcher: MetadataMatcher) -> Principal {
    principal(Identifier::Metadata(matcher))
}

/// Everyone.
pub(super) fn any() -> Principal {
    principal(Identifier::Any(true))
}

/// The contrary.
pub(super) fn not(other: Principal) -> Principal {
    principal(Identifier::NotId(Box::new(other)))
}

fn principal(identifier: Identifier) -> Principal {
    Principal { identifier: Some(identifier) }
}
