//! Whether one thing may leave nothing of another, as far as a short look tells. It may say yes where it is
//! no, never the other way round.
//!
//! Of what is narrow some request is thought of that asks for nothing more than it has to: a path below its
//! prefix that nobody else has heard of. What does not fit that one leaves something.

use std::collections::BTreeMap;

use crate::Str;
use crate::lint::clauses::{Clause, RuleClauses};
use crate::lint::pattern::Pattern;
use crate::resources::authz::attribute::{Attribute, Caller, Target};
use crate::snapshot::networking::virtual_service::{HttpMatchRequest, StringMatch};

/// Whether a match may fit every request that another one does, alone or with others.
pub(super) fn of_matches(wide: &HttpMatchRequest, narrow: &HttpMatchRequest) -> bool {
    let ports = wide.port == 0 || narrow.port == 0 || wide.port == narrow.port;
    ports
        && may_fit(wide.uri.as_ref(), narrow.uri.as_ref())
        && may_fit(wide.method.as_ref(), narrow.method.as_ref())
        && may_fit(wide.authority.as_ref(), narrow.authority.as_ref())
        && all_may_fit(&wide.headers, &narrow.headers)
        && all_may_fit(&wide.query_params, &narrow.query_params)
}

/// Names are compared without their case, as headers are.
fn all_may_fit(wide: &BTreeMap<Str, StringMatch>, narrow: &BTreeMap<Str, StringMatch>) -> bool {
    wide.iter().all(|(name, wanted)| {
        // Those of HTTP/2 every request has.
        let found = narrow.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        name.starts_with(':') || found.is_some_and(|(_, found)| may_fit(Some(wanted), Some(found)))
    })
}

fn may_fit(wide: Option<&StringMatch>, narrow: Option<&StringMatch>) -> bool {
    let starts = |text: &str, prefix: &str| {
        text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    match (wide, narrow) {
        (None | Some(StringMatch::Any | StringMatch::Regex(_)), _) | (_, Some(StringMatch::Regex(_))) => true,
        (Some(StringMatch::Exact(wide)), Some(StringMatch::Exact(narrow))) => {
            wide.eq_ignore_ascii_case(narrow)
        }
        // There are other values.
        (Some(StringMatch::Exact(_)), _) => false,
        (Some(StringMatch::Prefix(wide)), Some(StringMatch::Exact(narrow) | StringMatch::Prefix(narrow))) => {
            // A slash at the end of a prefix may say nothing.
            starts(narrow, wide.strip_suffix('/').unwrap_or(wide))
        }
        // Every path begins with a slash.
        (Some(StringMatch::Prefix(wide)), _) => wide.len() <= 1,
    }
}

/// Whether a rule of a policy may fit every request that another one does, alone or with others.
pub(super) fn of_rules(wide: &RuleClauses<'_>, narrow: &RuleClauses<'_>) -> bool {
    let met = |clauses: &[Clause<'_>]| clauses.iter().all(|clause| is_met(clause, narrow));
    let any = |all: &[Vec<Clause<'_>>]| all.is_empty() || all.iter().any(|clauses| met(clauses));
    any(&wide.sources) && any(&wide.operations) && met(&wide.conditions)
}

/// Whether a request that a rule fits may be one that a clause fits.
fn is_met(clause: &Clause<'_>, narrow: &RuleClauses<'_>) -> bool {
    let wanted = clause.values.values;
    let is_anything = wanted.is_empty() || wanted.iter().any(|value| value.as_str() == "*");
    is_anything || is_of_connection(&clause.attribute) || narrow.all().any(|own| meets(own, clause))
}

/// What all requests to a port have alike, or what has blocks instead of patterns.
fn is_of_connection(attribute: &Attribute) -> bool {
    match attribute {
        Attribute::Target(target) => !matches!(target, Target::Host | Target::Method | Target::Path),
        Attribute::Caller(caller) => matches!(caller, Caller::SourceIp | Caller::RemoteIp),
    }
}

fn meets(own: &Clause<'_>, wanted: &Clause<'_>) -> bool {
    if own.attribute != wanted.attribute {
        // Who asks is told in several ways.
        return is_identity(&own.attribute) && is_identity(&wanted.attribute);
    }
    let may_meet = |value: &Str| {
        let is_plain = |text: &str| !Pattern::of(text).literal().contains(['*', '{']);
        wanted.values.values.iter().any(|other| {
            !is_plain(value) || !is_plain(other) || !Pattern::of(value).excludes(Pattern::of(other))
        })
    };
    own.values.values.iter().any(may_meet)
}

fn is_identity(attribute: &Attribute) -> bool {
    let Attribute::Caller(caller) = attribute else { return false };
    !matches!(caller, Caller::Header(_) | Caller::SourceIp | Caller::RemoteIp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(uri: StringMatch) -> HttpMatchRequest {
        HttpMatchRequest { uri: Some(uri), ..HttpMatchRequest::default() }
    }

    #[test]
    fn what_leaves_something_is_told_by_a_short_look() {
        let (everything, one) = (HttpMatchRequest::default(), uri(StringMatch::Exact("/a".into())));
        let below = uri(StringMatch::Prefix("/a".into()));
        assert!(of_matches(&everything, &one) && of_matches(&below, &one));
        assert!(!of_matches(&one, &everything) && !of_matches(&one, &below));
        assert!(!of_matches(&uri(StringMatch::Prefix("/b".into())), &below));
        assert!(of_matches(&uri(StringMatch::Regex("/b".into())), &below));
    }

    #[test]
    fn a_header_that_is_wanted_is_asked_for() {
        let with = |value: &str| HttpMatchRequest {
            headers: BTreeMap::from([("X-User".into(), StringMatch::Exact(value.into()))]),
            ..HttpMatchRequest::default()
        };
        assert!(!of_matches(&with("a"), &HttpMatchRequest::default()));
        assert!(!of_matches(&with("a"), &with("b")));
        assert!(of_matches(&with("a"), &with("a")) && of_matches(&HttpMatchRequest::default(), &with("a")));
    }
}
