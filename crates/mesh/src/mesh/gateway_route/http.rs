//! The rules of an HTTPRoute.

use super::{Context, Refused, Unconvertible, backend, filter, rule_name};
use crate::Str;
use crate::mesh::virtual_service::HttpRule;
use crate::snapshot::gateway_api::HttpRoute as HttpRouteSpec;
use crate::snapshot::gateway_api::route::{
    BackendRef, HeaderMatchType, HttpHeaderMatch, HttpPathMatch, HttpRouteMatch, HttpRouteRetry,
    HttpRouteRule, HttpRouteTimeouts, PathMatchType,
};
use crate::snapshot::message::Duration;
use crate::snapshot::networking::virtual_service::{
    HttpDirectResponse, HttpMatchRequest, HttpRetry, HttpRoute, HttpRouteDestination, StringMatch,
};
use crate::snapshot::{Cause, FieldPath, Object};
use std::collections::BTreeMap;

/// A rule of a Gateway API route, and a match in it.
pub(super) const RULE: &str = "spec.rules[]";
pub(super) const MATCH: &str = "spec.rules[].matches[]";

/// Converts all rules: one for each match, as matches of a rule are ranked one by one.
pub(super) fn rules(cx: &Context<'_>, object: &Object<HttpRouteSpec>) -> Result<Vec<HttpRule>, Refused> {
    let at = |field| vec![Cause::new(object.object_ref(), field)];
    let mut out = Vec::new();
    for (position, rule) in object.spec.rules.iter().enumerate() {
        let route = self::rule(cx, object, rule, position).map_err(|why| why.of_rule(position))?;
        let matches = rule.matches.as_deref().unwrap_or_default();
        if matches.is_empty() {
            let causes = at(FieldPath::at(RULE, [position]));
            out.push(HttpRule { route, causes, ..HttpRule::default() });
            continue;
        }
        out.extend(matches.iter().enumerate().map(|(i, m)| HttpRule {
            route: HttpRoute { matches: vec![match_request(m)], ..route.clone() },
            causes: at(FieldPath::at(MATCH, [position, i])),
            ..HttpRule::default()
        }));
    }
    Ok(out)
}

/// A rule without its matches.
fn rule(
    cx: &Context<'_>,
    object: &Object<HttpRouteSpec>,
    rule: &HttpRouteRule,
    position: usize,
) -> Result<HttpRoute, Unconvertible> {
    let namespace = &object.meta.namespace;
    let mut out = HttpRoute { name: rule_name(object, rule.name.as_ref(), position), ..HttpRoute::default() };
    filter::apply(cx, &rule.filters, namespace, &mut out)?;
    out.retries = rule.retry.as_ref().map(retries).map(Box::new);
    if let Some(timeouts) = &rule.timeouts {
        apply_timeouts(timeouts, &mut out);
    }
    if backend::is_weightless(&rule.backend_refs) && out.redirect.is_none() {
        let none = rule.backend_refs.is_empty();
        let status = if none { cx.rules.gateway_api.no_backends_status } else { 500 };
        out.direct_response = Some(HttpDirectResponse { status, body: None });
    } else {
        out.route = destinations(cx, &rule.backend_refs, namespace)?;
    }
    Ok(out)
}

/// What the Gateway API wants of a rule whose backends get nothing.
pub(super) fn no_backend() -> HttpDirectResponse {
    HttpDirectResponse { status: 500, body: None }
}

/// Converts the backends that get something.
pub(super) fn destinations(
    cx: &Context<'_>,
    backends: &[BackendRef],
    namespace: &str,
) -> Result<Vec<HttpRouteDestination>, Unconvertible> {
    let convert = |(backend, weight): (&BackendRef, i32)| {
        let to = backend::destination(cx, &backend::reference(backend), namespace)?;
        let headers = filter::backend_headers(cx, &backend.filters)?;
        Ok(HttpRouteDestination { destination: Some(to.destination), weight, headers })
    };
    backend::weighted(backends).into_iter().map(convert).collect()
}

fn match_request(m: &HttpRouteMatch) -> HttpMatchRequest {
    HttpMatchRequest {
        uri: Some(m.path.as_ref().map_or_else(|| StringMatch::Prefix("/".into()), path)),
        headers: headers(&m.headers),
        query_params: headers(&m.query_params),
        method: m.method.clone().map(StringMatch::Exact),
        ..HttpMatchRequest::default()
    }
}

fn path(path: &HttpPathMatch) -> StringMatch {
    let value = path.value.clone().unwrap_or_else(|| Str::new_static("/"));
    match path.match_type.unwrap_or_default() {
        // A slash at the end says nothing.
        PathMatchType::PathPrefix if value != "/" => {
            StringMatch::Prefix(value.strip_suffix('/').map_or_else(|| value.clone(), Str::from))
        }
        PathMatchType::PathPrefix => StringMatch::Prefix(value),
        PathMatchType::Exact => StringMatch::Exact(value),
        PathMatchType::RegularExpression => StringMatch::Regex(value),
    }
}

/// Conditions on headers or query parameters, by name.
pub(super) fn headers(headers: &[HttpHeaderMatch]) -> BTreeMap<Str, StringMatch> {
    let condition = |header: &HttpHeaderMatch| match header.match_type.unwrap_or_default() {
        HeaderMatchType::Exact => StringMatch::Exact(header.value.clone()),
        HeaderMatchType::RegularExpression => StringMatch::Regex(header.value.clone()),
    };
    headers.iter().map(|header| (header.name.clone(), condition(header))).collect()
}

/// Connection errors are retried with any codes; two attempts unless said, none of the default's codes.
fn retries(retry: &HttpRouteRetry) -> HttpRetry {
    let attempts = i32::try_from(retry.attempts.unwrap_or(2)).unwrap_or(i32::MAX);
    let mut retry_on = String::new();
    if attempts != 0 {
        retry_on.push_str("connect-failure,refused-stream,unavailable,cancelled");
        for code in &retry.codes {
            retry_on.push(',');
            retry_on.push_str(&code.to_string());
        }
    }
    HttpRetry { attempts, retry_on: retry_on.into(), backoff: retry.backoff, ..HttpRetry::default() }
}

/// The backend's timeout is that of one attempt, if there may be several.
fn apply_timeouts(timeouts: &HttpRouteTimeouts, out: &mut HttpRoute) {
    let said = |timeout: Option<Duration>| timeout.filter(|timeout| !timeout.is_zero());
    if let Some(request) = said(timeouts.request) {
        out.timeout = Some(request);
    }
    if let Some(backend) = said(timeouts.backend_request) {
        match &mut out.retries {
            Some(retries) => retries.per_try_timeout = Some(backend),
            None => out.timeout = Some(backend),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_of_a_prefix_says_nothing() {
        let prefix =
            |value: &str| path(&HttpPathMatch { value: Some(value.into()), ..HttpPathMatch::default() });
        assert_eq!(prefix("/a/"), StringMatch::Prefix("/a".into()));
        assert_eq!(prefix("/"), StringMatch::Prefix("/".into()));
    }

    #[test]
    fn the_backends_timeout_is_one_attempts_if_there_are_retries() {
        let timeouts = HttpRouteTimeouts {
            request: Some(Duration::from_secs(10)),
            backend_request: Some(Duration::from_secs(2)),
        };
        let mut with = HttpRoute { retries: Some(Box::default()), ..HttpRoute::default() };
        apply_timeouts(&timeouts, &mut with);
        assert_eq!(with.timeout, Some(Duration::from_secs(10)));
        assert_eq!(with.retries.unwrap().per_try_timeout, Some(Duration::from_secs(2)));
        let mut without = HttpRoute::default();
        apply_timeouts(&timeouts, &mut without);
        assert_eq!(without.timeout, Some(Duration::from_secs(2)));
    }

    #[test]
    fn no_attempts_retry_on_nothing() {
        let none = HttpRouteRetry { attempts: Some(0), codes: vec![503], ..HttpRouteRetry::default() };
        assert_eq!(retries(&none).retry_on, "");
        let two = retries(&HttpRouteRetry { codes: vec![503], ..HttpRouteRetry::default() });
        assert_eq!((two.attempts, two.retry_on.ends_with("cancelled,503")), (2, true));
    }
}
