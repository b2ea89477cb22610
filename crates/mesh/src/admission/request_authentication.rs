//! RequestAuthentication.

use super::check::Checker;
use super::{common, header_value, istio_metadata, syntax};
use crate::problem::Code;
use crate::schema::{Limit, What};
use crate::snapshot::security::{ClaimToHeader, JwtRule, RequestAuthentication};
use crate::snapshot::{Kind, Meta};

/// The schemas' limits.
const MAX_CLAIMS: Limit =
    Limit::of(Kind::RequestAuthentication, "spec.jwtRules.spaceDelimitedClaims", What::MaxItems);
const LONGEST_URI: Limit = Limit::of(Kind::RequestAuthentication, "spec.jwtRules.jwksUri", What::MaxLength);

pub(super) fn check(root: &Checker<'_>, meta: &Meta, policy: &RequestAuthentication) {
    istio_metadata::check(root, meta, None);
    let c = &root.field("spec");
    common::policy_scope(c, policy.selector.as_ref(), policy.target_ref.as_ref(), &policy.target_refs);
    c.each("jwtRules", &policy.jwt_rules, jwt_rule);
}

fn jwt_rule(c: &Checker<'_>, rule: &JwtRule) {
    if rule.issuer.is_empty() {
        if c.rules.issuer_required {
            c.field("issuer").missing("a rule needs an issuer");
        } else if rule.jwks_uri.is_empty() {
            c.field("issuer").missing("a rule needs an issuer or a `jwksUri`");
        }
    }
    if !rule.jwks.is_empty() && !rule.jwks_uri.is_empty() && c.rules.schema_rules {
        c.conflict("only one of `jwks` and `jwksUri` may be set");
    }
    jwks_uri(&c.field("jwksUri"), &rule.jwks_uri);
    jwks(&c.field("jwks"), &rule.jwks);
    let lists = [
        ("audiences", &rule.audiences),
        ("fromParams", &rule.from_params),
        ("fromCookies", &rule.from_cookies),
    ];
    for (name, values) in lists {
        c.each(name, values, |c, value| {
            if value.is_empty() {
                c.missing("a value is empty");
            }
        });
    }
    c.each("fromHeaders", &rule.from_headers, |c, header| {
        if header.name.is_empty() {
            c.field("name").missing("a header needs a name");
        }
    });
    c.each("outputClaimToHeaders", &rule.output_claim_to_headers, claim_to_header);
    c.some("timeout", rule.timeout.as_ref(), common::duration);
    c.field("spaceDelimitedClaims").at_most(rule.space_delimited_claims.len(), MAX_CLAIMS, "claims");
    if let Some(longest) = LONGEST_URI.length(c.column).filter(|longest| rule.jwks_uri.len() > *longest) {
        c.field("jwksUri").invalid(format!("the URL is longer than {longest} characters"));
    }
}

fn jwks_uri(c: &Checker<'_>, uri: &str) {
    if !uri.is_empty() && !matches!(syntax::url_scheme(uri).as_deref(), Some("http" | "https")) {
        c.invalid(format!("`{uri}` is no URL of http or https"));
    }
}

/// A set of keys, or one key: JSON with `keys` or with `kty`.
fn jwks(c: &Checker<'_>, text: &str) {
    if text.is_empty() {
        return;
    }
    let parsed: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(text);
    match parsed {
        Err(error) => c.invalid(format!("this is no JSON object: {error}")),
        Ok(set) => {
            let one = [serde_json::Value::Object(set.clone())];
            let keys = match set.get("keys") {
                Some(serde_json::Value::Array(keys)) => keys.as_slice(),
                Some(_) => return c.invalid("`keys` is not a list"),
                None => &one,
            };
            if !keys.iter().all(is_key) {
                return c.invalid("a key has no type (`kty`) that is known, or lacks what its type needs");
            }
            let secrets = keys.iter().enumerate().filter(|(_, key)| is_secret(key));
            secrets.for_each(|(index, _)| private_key(c, index));
        }
    }
}

/// A key of RFC 7517 with the members that RFC 7518 and RFC 8037 ask of its type.
fn is_key(key: &serde_json::Value) -> bool {
    let needs: &[&str] = match key.get("kty").and_then(serde_json::Value::as_str) {
        Some("RSA") => &["n", "e"],
        Some("EC") => &["crv", "x", "y"],
        Some("OKP") => &["crv", "x"],
        Some("oct") => &["k"],
        _ => return false,
    };
    needs.iter().all(|member| key.get(*member).is_some_and(serde_json::Value::is_string))
}

/// Whether a key is more than the public half of one: a shared secret, or one with the member of the private
/// half.
fn is_secret(key: &serde_json::Value) -> bool {
    key.get("kty").is_some_and(|kty| kty == "oct") || key.get("d").is_some_and(serde_json::Value::is_string)
}

fn private_key(c: &Checker<'_>, index: usize) {
    c.warn(
        Code::PrivateKey,
        format!("`keys[{index}]` is no public key: whoever reads this can sign tokens"),
        "write the public half of a key pair only, and replace the key",
    );
}

fn claim_to_header(c: &Checker<'_>, claim: &ClaimToHeader) {
    if claim.claim.is_empty() || claim.header.is_empty() {
        return c.missing("a claim and a header are needed");
    }
    let refused = if c.rules.claim_header_is_a_name {
        !syntax::is_strict_header_name(&claim.header)
    } else {
        header_value::check(&claim.header).is_err()
    };
    if refused {
        c.field("header").invalid(format!("`{}` is no name of a header", claim.header));
    }
}
