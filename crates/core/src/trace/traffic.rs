//! Filters that answer, delay or change requests: CORS, faults, header mutations.

use envoy::config::common::mutation_rules::v3::header_mutation::Action as Mutation;
use envoy::config::core::v3::RuntimeFractionalPercent;
use envoy::config::route::v3::CorsPolicy as OldPolicy;
use envoy::config::route::v3::cors_policy::EnabledSpecifier;
use envoy::config::route::v3::route::Action;
use envoy::extensions::filters::http::cors::v3::CorsPolicy;
use envoy::extensions::filters::http::fault::v3::HttpFault;
use envoy::extensions::filters::http::fault::v3::fault_abort::ErrorType;
use envoy::extensions::filters::http::header_mutation::v3::HeaderMutation;
use envoy::r#type::matcher::v3::StringMatcher;
use envoy::r#type::v3::FractionalPercent;
use envoy::r#type::v3::fractional_percent::DenominatorType;

use super::condition::Truth;
use super::headers::{self, Headers};
use super::manager::Http;
use super::outcome::{Decision, Outcome, Place, Verdict};
use super::route::Found;
use super::walk::{Flow, Walk};
use super::{action, matchers, rewrite, routed};
use crate::opened::OpenedRoute;
use crate::resources::names::MAIN_INTERNAL;

/// Odds from 0 to 1.
pub(super) fn odds(fraction: &FractionalPercent) -> f64 {
    let of = match fraction.denominator() {
        DenominatorType::Hundred => 100.0,
        DenominatorType::TenThousand => 10_000.0,
        DenominatorType::Million => 1_000_000.0,
    };
    (f64::from(fraction.numerator) / of).min(1.0)
}

/// Odds of something that happens always where nothing is said.
pub(super) fn odds_or_always(fraction: Option<&RuntimeFractionalPercent>) -> f64 {
    fraction.and_then(|fraction| fraction.default_value.as_ref()).map_or(1.0, odds)
}

/// Whether a browser only asks whether it may ask.
pub(super) fn is_preflight(headers: &Headers) -> bool {
    headers.text(headers::METHOD) == "OPTIONS"
        && !headers.text("origin").is_empty()
        && !headers.text("access-control-request-method").is_empty()
}

/// The route that a request takes, as filters see it.
fn taken<'a>(http: &Http<'a>) -> Option<OpenedRoute<'a, 'a>> {
    match http.route()? {
        Found { route: Some(route), .. } => Some(route),
        Found { route: None, .. } => None,
    }
}

/// Whether the route, or its host, has a configuration of its own for a filter.
pub(super) fn has_own(http: &Http<'_>, name: &str) -> bool {
    taken(http).is_some_and(|route| {
        route.message.typed_per_filter_config.contains_key(name)
            || route.host.typed_per_filter_config.contains_key(name)
    })
}

/// What a policy for CORS says of a preflight.
struct Cors {
    origins: Vec<StringMatcher>,
    enabled: bool,
    forwards_others: bool,
}

fn policy(route: &OpenedRoute<'_, '_>) -> Option<Cors> {
    let Some(Action::Route(action)) = &route.message.action else { return None };
    let of_filter = route
        .message
        .typed_per_filter_config
        .get("envoy.filters.http.cors")
        .and_then(|any| envoy::unpack::<CorsPolicy>(any).ok());
    if let Some(policy) = of_filter {
        return Some(Cors {
            enabled: odds_or_always(policy.filter_enabled.as_ref()) > 0.0,
            forwards_others: policy.forward_not_matching_preflights.is_none_or(|forwards| forwards.value),
            origins: policy.allow_origin_string_match,
        });
    }
    let policy: &OldPolicy = action.cors.as_deref().or(route.host.cors.as_deref())?;
    let enabled = match &policy.enabled_specifier {
        Some(EnabledSpecifier::FilterEnabled(fraction)) => odds_or_always(Some(fraction)) > 0.0,
        None => true,
    };
    Some(Cors {
        enabled,
        forwards_others: policy
            .forward_not_matching_preflights
            .as_ref()
            .is_none_or(|forwards| forwards.value),
        origins: policy.allow_origin_string_match.clone(),
    })
}

/// Walks through the filter for CORS: it answers preflights.
pub(super) fn cors(walk: &mut Walk<'_>, (name, pointer): (&str, &str), http: &Http<'_>) -> Flow {
    let Some(route) = taken(http) else { return Flow::Continue(()) };
    let Some(policy) = policy(&route).filter(|policy| policy.enabled) else { return Flow::Continue(()) };
    let origin = http.headers.text("origin");
    if origin.is_empty() {
        return Flow::Continue(());
    }
    let fits = |matcher: &StringMatcher, text: &str| matchers::string(matcher, text);
    let allowed =
        Truth::any(policy.origins.iter().flat_map(|matcher| [fits(matcher, "*"), fits(matcher, &origin)]));
    let cause = route.origin.and_then(|origin| origin.causes.first()).cloned();
    let known = match allowed {
        Truth::Yes => "is allowed",
        Truth::No => "is not allowed",
        Truth::Unknown => "may be allowed",
    };
    let text = format!("origin `{origin}` {known}");
    if !is_preflight(&http.headers) || allowed == Truth::No && policy.forwards_others {
        walk.step(Place::Waypoint, name, Decision::Passed, text).of(MAIN_INTERNAL, pointer).because(cause);
        return Flow::Continue(());
    }
    if allowed == Truth::Unknown {
        walk.step(Place::Waypoint, name, Decision::Unknown, text.clone()).of(MAIN_INTERNAL, pointer);
        walk.may_change(text);
        return Flow::Continue(());
    }
    let text = format!("a preflight, which the proxy answers: {text}");
    walk.step(Place::Waypoint, name, Decision::Answered, text.clone())
        .of(MAIN_INTERNAL, pointer)
        .because(cause.clone());
    Flow::Break(Outcome::new(Verdict::Answered, Place::Waypoint, text).status(200).by(cause))
}

/// Walks through the filter for faults.
pub(super) fn fault(
    walk: &mut Walk<'_>,
    (name, pointer): (&str, &str),
    general: &HttpFault,
    http: &Http<'_>,
) -> Flow {
    let route = taken(http);
    let of_route = route.as_ref().and_then(|route| {
        let any = route.message.typed_per_filter_config.get("envoy.filters.http.fault")?;
        envoy::unpack::<HttpFault>(any).ok()
    });
    let config = of_route.as_ref().unwrap_or(general);
    let fits =
        Truth::all(config.headers.iter().map(|header| matchers::header(header, &http.headers).truth()));
    if config.abort.is_none() && config.delay.is_none() || fits == Truth::No {
        return Flow::Continue(());
    }
    let conditional = !config.upstream_cluster.is_empty() || !config.downstream_nodes.is_empty();
    let cause = route.and_then(|route| route.origin).and_then(|origin| origin.causes.first()).cloned();
    if conditional || fits == Truth::Unknown {
        let text = "whether a fault is injected is not known from files";
        walk.step(Place::Waypoint, name, Decision::Unknown, text).of(MAIN_INTERNAL, pointer).because(cause);
        walk.may_change(text);
        return Flow::Continue(());
    }
    if let Some(delay) = &config.delay {
        let share = delay.percentage.as_ref().map_or(0.0, odds);
        let long = match &delay.fault_delay_secifier {
            Some(
                envoy::extensions::filters::common::fault::v3::fault_delay::FaultDelaySecifier::FixedDelay(
                    duration,
                ),
            ) => routed::seconds(routed::read(duration)),
            _ => "what a header says".to_owned(),
        };
        if share > 0.0 {
            let text = format!("{} of the requests are delayed by {long}", action::percent(share));
            walk.step(Place::Waypoint, name, Decision::Passed, text)
                .of(MAIN_INTERNAL, pointer)
                .because(cause.clone());
        }
    }
    let Some(abort) = &config.abort else { return Flow::Continue(()) };
    let share = abort.percentage.as_ref().map_or(0.0, odds);
    if share <= 0.0 {
        return Flow::Continue(());
    }
    let text = format!("a fault is injected into {} of the requests", action::percent(share));
    let outcome = match &abort.error_type {
        Some(ErrorType::HttpStatus(status)) => {
            let status = u16::try_from(*status).unwrap_or_default();
            http.answer(Verdict::Answered, status, text.clone())
        }
        Some(ErrorType::GrpcStatus(status)) => Outcome {
            grpc_status: u16::try_from(*status).ok(),
            ..http.answer(Verdict::Answered, grpc_as_http(*status), text.clone())
        },
        _ => {
            walk.may_change("a fault that a header asks for");
            return Flow::Continue(());
        }
    };
    let outcome = outcome.by(cause.clone());
    walk.step(Place::Waypoint, name, Decision::Answered, text).of(MAIN_INTERNAL, pointer).because(cause);
    if share >= 1.0 {
        return Flow::Break(outcome);
    }
    walk.by_chance(share, outcome);
    Flow::Continue(())
}

/// The status of HTTP that stands for one of gRPC.
fn grpc_as_http(status: u32) -> u16 {
    match status {
        0 => 200,
        1 => 499,
        3 | 9 | 11 => 400,
        4 => 504,
        5 => 404,
        6 | 10 => 409,
        7 => 403,
        8 => 429,
        12 => 501,
        14 => 503,
        16 => 401,
        _ => 500,
    }
}

/// Applies header mutations.
pub(super) fn mutation(config: &HeaderMutation, http: &mut Http<'_>) {
    let Some(mutations) = &config.mutations else { return };
    for mutation in &mutations.request_mutations {
        match &mutation.action {
            Some(Mutation::Remove(name)) => http.headers.remove(name),
            Some(Mutation::Append(option)) => {
                let kept = |key: &str| http.connection.state.get(key).cloned().flatten();
                let known = option.header.as_ref().and_then(|header| client_identity(&header.value, kept));
                match (known, &option.header) {
                    (Some(text), Some(header)) => http.headers.set(&header.key, text),
                    _ => rewrite::apply(std::slice::from_ref(option), &mut http.headers),
                }
            }
            _ => {}
        }
    }
}

/// A value of objects that are kept, and text between them.
fn client_identity(format: &str, kept: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut text = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once("%FILTER_STATE(") {
        let (key, behind) = after.split_once(":PLAIN)%")?;
        text.push_str(before);
        text.push_str(&kept(key)?);
        rest = behind;
    }
    text.push_str(rest);
    (!text.contains('%')).then_some(text)
}
