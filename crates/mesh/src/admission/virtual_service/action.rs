//! What an HTTP route does with a request.

use super::{destination, headers, matches};
use crate::Str;
use crate::admission::check::Checker;
use crate::admission::{common, re2, syntax};
use crate::grpc_status;
use crate::problem::Code;
use crate::snapshot::networking::Percent;
use crate::snapshot::networking::virtual_service::{
    Abort, CorsPolicy, Delay, Headers, HttpBody, HttpDirectResponse, HttpFaultInjection, HttpMatchRequest,
    HttpMirrorPolicy, HttpRedirect, HttpRetry, HttpRewrite, HttpRoute, StringMatch,
};

/// Methods of HTTP.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"];
/// Conditions for a retry that Envoy knew when 1.18 came out:
/// <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on>.
const RETRY_POLICIES: [&str; 14] = [
    "5xx",
    "gateway-error",
    "reset",
    "connect-failure",
    "retriable-4xx",
    "refused-stream",
    "retriable-status-codes",
    "retriable-headers",
    "envoy-ratelimited",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
];
/// Bytes of a direct response's body.
const LARGE_BODY: usize = 100 << 10;
const LARGEST_BODY: usize = 1 << 20;

/// A route has one action: delegate, redirect, direct response or destinations.
pub(super) fn conflicts(c: &Checker<'_>, route: &HttpRoute, is_delegate: bool) {
    if route.delegate.is_some() && !is_delegate {
        if route.redirect.is_some() || !route.route.is_empty() {
            c.conflict("a route with a delegate has neither `route` nor `redirect`");
        }
        return;
    }
    if route.delegate.is_some() {
        c.field("delegate").conflict("a delegate has no delegate");
    }
    let own_action = match (&route.redirect, &route.direct_response) {
        (Some(_), _) => Some("redirect"),
        (None, Some(_)) => Some("directResponse"),
        (None, None) => None,
    };
    match own_action {
        Some(action) => {
            let others = [
                ("route", !route.route.is_empty()),
                ("fault", route.fault.is_some()),
                ("rewrite", route.rewrite.is_some()),
                ("directResponse", action == "redirect" && route.direct_response.is_some()),
            ];
            for (other, _) in others.into_iter().filter(|(_, set)| *set) {
                c.field(other).conflict(format!("`{action}` excludes `{other}`"));
            }
        }
        None if route.route.is_empty() => {
            c.missing("there has to be an action: `route`, `redirect`, `directResponse` or `delegate`");
        }
        None => {}
    }
    if route.mirror.is_some() && !route.mirrors.is_empty() {
        c.conflict("only one of `mirror` and `mirrors` may be set");
    }
}

/// Everything of the action but where to.
pub(super) fn check(c: &Checker<'_>, route: &HttpRoute) {
    c.some("corsPolicy", route.cors_policy.as_deref(), cors);
    c.some("fault", route.fault.as_deref(), fault);
    mirror(c, route);
    c.some("redirect", route.redirect.as_ref(), |c, action| redirect(c, action, &route.matches));
    c.some("directResponse", route.direct_response.as_ref(), direct_response);
    c.some("retries", route.retries.as_deref(), retries);
    c.some("rewrite", route.rewrite.as_deref(), rewrite);
    one_authority(c, route.rewrite.as_deref(), route.headers.as_deref());
}

fn mirror(c: &Checker<'_>, route: &HttpRoute) {
    c.some("mirrorPercent", route.mirror_percent.as_ref(), |c, percent| {
        if *percent > 100 {
            c.invalid(format!("{percent} is more than 100"));
        }
        c.warn(
            Code::Deprecated,
            "`mirrorPercentage` takes the place of this field",
            "write `mirrorPercentage: {value: …}`",
        );
    });
    c.some("mirrorPercentage", route.mirror_percentage.as_ref(), mirrored_percentage);
    c.some("mirror", route.mirror.as_ref(), destination::check);
    c.each("mirrors", &route.mirrors, |c, policy: &HttpMirrorPolicy| match &policy.destination {
        None => c.field("destination").missing("a mirror needs a destination"),
        Some(to) => {
            destination::check(&c.field("destination"), to);
            c.some("percentage", policy.percentage.as_ref(), mirrored_percentage);
        }
    });
}

fn mirrored_percentage(c: &Checker<'_>, percentage: &Percent) {
    if !(0.0..=100.0).contains(&percentage.value) {
        c.field("value").invalid(format!("{} is not between 0 and 100", percentage.value));
    }
}

/// A percentage, which Envoy knows to a millionth.
fn fault_percentage(c: &Checker<'_>, percentage: &Percent) {
    let value = percentage.value;
    if value != 0.0 && !(0.0001..=100.0).contains(&value) {
        c.field("value").invalid(format!("{value} is neither 0 nor between 0.0001 and 100"));
    }
}

fn cors(c: &Checker<'_>, policy: &CorsPolicy) {
    c.each("allowOrigins", &policy.allow_origins, |c, origin| {
        let empty = match origin {
            StringMatch::Any => true,
            StringMatch::Exact(text) | StringMatch::Prefix(text) | StringMatch::Regex(text) => {
                text.is_empty()
            }
        };
        if empty {
            c.missing("an origin is empty");
        } else {
            matches::regex(c, origin);
        }
    });
    c.each("allowMethods", &policy.allow_methods, |c, method| {
        let any = c.rules.cors_any_method && method == "*";
        if !any && !METHODS.contains(&method.as_str()) {
            c.invalid(format!("`{method}` is no method of HTTP"));
        }
    });
    for (name, headers) in
        [("allowHeaders", &policy.allow_headers), ("exposeHeaders", &policy.expose_headers)]
    {
        c.each(name, headers, |c, header: &Str| {
            let named = header == "*" || syntax::is_header_name(header);
            if header.is_empty() || (c.rules.cors_names_checked && !named) {
                c.invalid(format!("`{header}` is no name of a header"));
            }
        });
    }
    c.some("maxAge", policy.max_age.as_ref(), |c, max_age| {
        common::duration(c, max_age);
        if max_age.subsec_nanos() > 0 {
            c.invalid(format!("`{max_age}` is not a whole number of seconds"));
        }
    });
}

fn fault(c: &Checker<'_>, fault: &HttpFaultInjection) {
    if fault.abort.is_none() && fault.delay.is_none() {
        c.missing("a fault needs `abort` or `delay`");
    }
    c.some("abort", fault.abort.as_ref(), abort);
    c.some("delay", fault.delay.as_ref(), delay);
}

fn abort(c: &Checker<'_>, abort: &Abort) {
    c.some("percentage", abort.percentage.as_ref(), fault_percentage);
    let kinds = [abort.http_status.is_some(), abort.grpc_status.is_some(), abort.http2_error.is_some()];
    match kinds.into_iter().filter(|set| *set).count() {
        0 if c.rules.schema_rules => {
            c.warn(Code::Ineffective, "the abort says no status", "add `httpStatus` or `grpcStatus`")
        }
        0 | 1 => {}
        _ => c.conflict("only one status may be set"),
    }
    if let Some(status) = abort.http_status {
        http_status(&c.field("httpStatus"), i64::from(status));
    }
    if let Some(status) = abort.grpc_status.as_ref().filter(|status| grpc_status::number(status).is_none()) {
        c.field("grpcStatus").invalid(format!("`{status}` is no status of gRPC, such as NOT_FOUND"));
    }
    if abort.http2_error.is_some() {
        c.field("http2Error").invalid("faults of HTTP/2 are not supported");
    }
}

/// By an oversight 600 is taken too.
fn http_status(c: &Checker<'_>, status: i64) {
    if !(200..=600).contains(&status) {
        c.invalid(format!("{status} is not between 200 and 599"));
    }
}

fn delay(c: &Checker<'_>, delay: &Delay) {
    if delay.percent > 0 {
        let message = "`percentage` takes the place of this field";
        c.field("percent").warn(Code::Deprecated, message, "write `percentage: {value: …}`");
    }
    c.some("percentage", delay.percentage.as_ref(), fault_percentage);
    c.some("fixedDelay", delay.fixed_delay.as_ref(), common::duration);
    if delay.exponential_delay.is_some() {
        c.field("exponentialDelay").invalid("exponential delays are not supported");
    }
}

fn redirect(c: &Checker<'_>, redirect: &HttpRedirect, matches: &[HttpMatchRequest]) {
    if redirect.port.is_some() && redirect.derive_port.is_some() {
        c.conflict("only one of `port` and `derivePort` may be set");
    }
    if !redirect.uri.is_empty() && !redirect.prefix_rewrite.is_empty() {
        return c.conflict("only one of `uri` and `prefixRewrite` may be set");
    }
    let other_uri = |request: &HttpMatchRequest| {
        request.uri.as_ref().is_some_and(|uri| !matches!(uri, StringMatch::Prefix(_)))
    };
    if !redirect.prefix_rewrite.is_empty() && matches.iter().any(other_uri) {
        return c.field("prefixRewrite").conflict("only a prefix that is matched can be rewritten");
    }
    let texts = [&redirect.uri, &redirect.prefix_rewrite, &redirect.authority, &redirect.scheme];
    if texts.iter().all(|text| text.is_empty()) && redirect.port.is_none() && redirect.derive_port.is_none() {
        c.missing("a redirect needs a URI, authority, scheme or port");
    }
    if redirect.redirect_code != 0 && !(300..=399).contains(&redirect.redirect_code) {
        c.field("redirectCode").invalid(format!("{} is no status of a redirect", redirect.redirect_code));
    }
    if !matches!(redirect.scheme.as_str(), "" | "http" | "https") {
        c.field("scheme").invalid(format!("`{}` is neither http nor https", redirect.scheme));
    }
    if let Some(port) = redirect.port.filter(|port| *port > 0) {
        common::port(&c.field("port"), port);
    }
}

fn direct_response(c: &Checker<'_>, response: &HttpDirectResponse) {
    let size = match &response.body {
        None | Some(HttpBody::Empty) => 0,
        Some(HttpBody::String(text)) => text.len(),
        // Four characters of base64 are three bytes.
        Some(HttpBody::Bytes(base64)) => base64.trim_end_matches('=').len() * 3 / 4,
    };
    if size > LARGEST_BODY {
        c.field("body").invalid("the body is larger than 1 MiB");
    } else if size > LARGE_BODY {
        c.field("body").warn(
            Code::Ineffective,
            "a large body slows the control plane down",
            "answer with a short body, or have a Service answer",
        );
    }
    if let Some(HttpBody::Bytes(bytes)) = &response.body
        && c.rules.schema_rules
        && !is_base64(bytes)
    {
        c.field("body").field("bytes").invalid(format!("`{bytes}` is no base64 of the standard alphabet"));
    }
    http_status(&c.field("status"), i64::from(response.status));
}

/// Whether a text has the format `byte`: the API server takes neither the alphabet for URLs, nor a text
/// without its padding.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    text.len().is_multiple_of(4)
        && text.len() - digits.len() <= 2
        && !digits.is_empty()
        && digits.bytes().all(known)
}

fn retries(c: &Checker<'_>, retries: &HttpRetry) {
    if retries.attempts < 0 {
        c.field("attempts").invalid("the number of attempts is negative");
    }
    let configured = retries.per_try_timeout.is_some()
        || !retries.retry_on.is_empty()
        || retries.retry_remote_localities.is_some();
    if retries.attempts == 0 && configured {
        c.field("attempts").conflict("without attempts there are no retries to configure");
    }
    c.some("perTryTimeout", retries.per_try_timeout.as_ref(), common::duration);
    c.some("backoff", retries.backoff.as_ref(), common::duration);
    if retries.retry_on.is_empty() {
        return;
    }
    for policy in retries.retry_on.split(',') {
        let known = RETRY_POLICIES.contains(&policy)
            || c.rules.later_retry_policies.contains(&policy)
            || policy.parse().is_ok_and(is_named_status);
        if !known {
            c.field("retryOn").invalid(format!("`{policy}` is no condition for a retry"));
        }
    }
}

/// Status codes that Go's `net/http` has a name for.
fn is_named_status(status: u16) -> bool {
    matches!(status, 100..=103 | 200..=208 | 226 | 300..=305 | 307..=308 | 400..=418 | 421..=426 | 428 | 429 | 431 | 451)
        || matches!(status, 500..=508 | 510 | 511)
}

fn rewrite(c: &Checker<'_>, rewrite: &HttpRewrite) {
    if !rewrite.uri.is_empty() && rewrite.uri_regex_rewrite.is_some() {
        return c.conflict("only one of `uri` and `uriRegexRewrite` may be set");
    }
    let Some(regex) = &rewrite.uri_regex_rewrite else {
        if rewrite.uri.is_empty() && rewrite.authority.is_empty() {
            c.missing("a rewrite needs a URI or an authority");
        }
        return;
    };
    let c = c.field("uriRegexRewrite");
    if regex.matches.is_empty() || regex.rewrite.is_empty() {
        c.missing("`match` and `rewrite` are both needed");
    } else if let Err(error) = re2::check(&regex.matches) {
        c.field("match").invalid(error.to_string());
    }
}

/// The authority can be set in one place only.
fn one_authority(c: &Checker<'_>, rewrite: Option<&HttpRewrite>, headers: Option<&Headers>) {
    let rewritten = rewrite.is_some_and(|rewrite| !rewrite.authority.is_empty());
    let operations = headers.and_then(|headers| headers.request.as_ref());
    // A header that is set to nothing does not count, unless another one follows.
    let set = operations
        .into_iter()
        .flat_map(|operations| operations.set.iter().chain(&operations.add))
        .filter(|(name, value)| headers::is_authority(name) && !value.is_empty())
        .count();
    if usize::from(rewritten) + set > 1 {
        c.conflict("the authority is set more than once");
    }
}
