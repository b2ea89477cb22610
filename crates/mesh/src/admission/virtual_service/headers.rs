//! Headers that a VirtualService sets, removes or matches.

use std::collections::BTreeMap;

use crate::Str;
use crate::admission::check::Checker;
use crate::admission::header_value;
use crate::snapshot::networking::virtual_service::{HeaderOperations, Headers};

/// What a claim of a token is matched as.
const CLAIMS: &str = "@request.auth.claims";

/// Operations on a request's and a response's headers; `authority` says whether `:authority` may be set.
pub(super) fn check(c: &Checker<'_>, headers: &Headers, authority: bool) {
    c.some("request", headers.request.as_ref(), |c, operations| {
        check_operations(c, operations, |name| {
            let refused = is_internal(name)
                && !(name.eq_ignore_ascii_case("host") || (authority && is_authority(name)));
            !refused
        });
    });
    c.some("response", headers.response.as_ref(), |c, operations| {
        check_operations(c, operations, |name| !is_internal(name));
    });
}

fn check_operations(c: &Checker<'_>, operations: &HeaderOperations, may_be_set: impl Fn(&str) -> bool) {
    for (name, headers) in [("add", &operations.add), ("set", &operations.set)] {
        values(&c.field(name), headers, &may_be_set);
    }
    c.each("remove", &operations.remove, |c, header| {
        if header.is_empty() || is_internal(header) {
            c.invalid(format!("the header `{header}` cannot be removed"));
        }
    });
}

fn values(c: &Checker<'_>, headers: &BTreeMap<Str, Str>, may_be_set: impl Fn(&str) -> bool) {
    for (header, value) in headers {
        let c = c.key(header);
        if header.is_empty() || !may_be_set(header) {
            c.invalid(format!("the header `{header}` cannot be set"));
        }
        if let Err(error) = header_value::check(value) {
            c.invalid(format!("the value `{value}` {error}"));
        }
    }
}

/// Headers that Envoy makes itself.
fn is_internal(header: &str) -> bool {
    header.starts_with(':') || header.eq_ignore_ascii_case("host")
}

/// Headers that say what host is called.
pub(super) fn is_authority(header: &str) -> bool {
    header.eq_ignore_ascii_case(":authority") || header.eq_ignore_ascii_case("host")
}

/// Whether a header to match is a claim of a token: `@request.auth.claims.sub`, `@request.auth.claims[sub]`.
pub(super) fn is_claim(c: &Checker<'_>, header: &str) -> bool {
    if !c.rules.claims_need_a_name {
        return header.starts_with(CLAIMS);
    }
    let Some((prefix, claim)) = header.split_at_checked(CLAIMS.len()) else { return false };
    prefix.eq_ignore_ascii_case(CLAIMS)
        && (claim.strip_prefix('.').is_some_and(|claim| !claim.is_empty())
            || claim
                .strip_prefix('[')
                .and_then(|claim| claim.strip_suffix(']'))
                .is_some_and(|claim| !claim.is_empty()))
}
