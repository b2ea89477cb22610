//! Filters that answer, delay or change requests: CORS, faults, header mutations.

use std::borrow::Cow;

use envoy::config::common::mutation_rules::v3::header_mutation::Action as Mutation;
use envoy::config::core::v3::RuntimeFractionalPercent;
use envoy::config::route::v3::CorsPolicy as OldPolicy;
use envoy::config::route::v3::cors_policy::EnabledSpecifier;
use envoy::config::route::v3::route::Action;
use envoy::extensions::filters::common::fault::v3::fault_delay::FaultDelaySecifier;
use envoy::extensions::filters::http::cors::v3::CorsPolicy;
use envoy::extensions::filters::http::fault::v3::HttpFault;
use envoy::extensions::filters::http::fault::v3::fault_abort::ErrorType;
use envoy::extensions::filters::http::header_mutation::v3::HeaderMutation;
use envoy::r#type::matcher::v3::StringMatcher;
use envoy::r#type::v3::FractionalPercent;
use envoy::r#type::v3::fractional_percent::DenominatorType;

use super::condition::Truth;
use super::connection::State;
use super::headers::{self, Headers};
use super::http::Http;
use super::matchers::{HeaderTest, TextTest};
use super::outcome::{Decision, Place, Verdict};
use super::route::Route;
use super::walk::{End, Flow, Walk};
use super::{action, rewrite, routed};
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
pub(super) fn is_preflight(headers: &Headers<'_>) -> bool {
    headers.text(headers::METHOD).as_str() == "OPTIONS"
        && !headers.text("origin").as_str().is_empty()
        && !headers.text("access-control-request-method").as_str().is_empty()
}

/// What a policy for CORS says of a preflight.
#[derive(Clone, Debug)]
pub(super) struct Cors {
    pub(super) origins: Vec<TextTest>,
    pub(super) enabled: bool,
    pub(super) forwards_others: bool,
}

impl Cors {
    /// The policy of a route.
    pub(super) fn of(route: &OpenedRoute<'_, '_>) -> Option<Self> {
        let Some(Action::Route(action)) = &route.message.action else { return None };
        let of_filter = route
            .message
            .typed_per_filter_config
            .get("envoy.filters.http.cors")
            .and_then(|any| envoy::unpack::<CorsPolicy>(any).ok());
        let tests = |origins: &[StringMatcher]| origins.iter().map(TextTest::from).collect();
        if let Some(policy) = of_filter {
            return Some(Self {
                enabled: odds_or_always(policy.filter_enabled.as_ref()) > 0.0,
                forwards_others: policy.forward_not_matching_preflights.is_none_or(|forwards| forwards.value),
                origins: tests(&policy.allow_origin_string_match),
            });
        }
        let policy: &OldPolicy = action.cors.as_deref().or(route.host.cors.as_deref())?;
        let enabled = match &policy.enabled_specifier {
            Some(EnabledSpecifier::FilterEnabled(fraction)) => odds_or_always(Some(fraction)) > 0.0,
            None => true,
        };
        let forwards = policy.forward_not_matching_preflights.as_ref();
        Some(Self {
            enabled,
            forwards_others: forwards.is_none_or(|forwards| forwards.value),
            origins: tests(&policy.allow_origin_string_match),
        })
    }
}

/// Walks through the filter for CORS: it answers preflights.
pub(super) fn cors<'a>(walk: &mut Walk<'a>, (name, pointer): (&str, &str), http: &mut Http<'a>) -> Flow<'a> {
    let Some(route) = http.taken() else { return Flow::Continue(()) };
    let Some(policy) = route.cors.as_ref().filter(|policy| policy.enabled) else {
        return Flow::Continue(());
    };
    let origin = http.headers.text("origin");
    let origin = origin.as_str();
    if origin.is_empty() {
        return Flow::Continue(());
    }
    let fits = |test: &TextTest| [test.truth("*"), test.truth(origin)];
    let allowed = Truth::any(policy.origins.iter().flat_map(fits));
    let text = || {
        let known = match allowed {
            Truth::Yes => "is allowed",
            Truth::No => "is not allowed",
            Truth::Unknown => "may be allowed",
        };
        format!("origin `{origin}` {known}")
    };
    if !is_preflight(&http.headers) || allowed == Truth::No && policy.forwards_others {
        walk.step(Place::Waypoint, name, Decision::Passed, text)
            .of(MAIN_INTERNAL, pointer)
            .because(route.cause());
        return Flow::Continue(());
    }
    if allowed == Truth::Unknown {
        walk.step(Place::Waypoint, name, Decision::Unknown, text).of(MAIN_INTERNAL, pointer);
        walk.may_change(text);
        return Flow::Continue(());
    }
    let text = walk.say(|| format!("a preflight, which the proxy answers: {}", text()));
    walk.step(Place::Waypoint, name, Decision::Answered, text.as_str())
        .of(MAIN_INTERNAL, pointer)
        .because(route.cause());
    Flow::Break(End::new(Verdict::Answered, Place::Waypoint, text).status(200).by(route.cause()))
}

/// Faults that are injected.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// Into requests with these headers.
    pub(super) headers: Vec<HeaderTest>,
    /// Whether there are other conditions.
    pub(super) conditional: bool,
    /// Its odds, and how long it is.
    delay: Option<(f64, String)>,
    pub(super) abort: Option<Abort>,
}

/// A request that is answered in place of its destination.
#[derive(Clone, Debug)]
pub(super) struct Abort {
    pub(super) odds: f64,
    pub(super) with: AbortWith,
}

/// What is answered.
#[derive(Clone, Copy, Debug)]
pub(super) enum AbortWith {
    Status(u16),
    Grpc(u32),
    Unknown,
}

impl From<&HttpFault> for Fault {
    fn from(config: &HttpFault) -> Self {
        let delay = config.delay.as_ref().map(|delay| {
            let long = match &delay.fault_delay_secifier {
                Some(FaultDelaySecifier::FixedDelay(duration)) => routed::seconds(routed::read(duration)),
                _ => "what a header says".to_owned(),
            };
            (delay.percentage.as_ref().map_or(0.0, odds), long)
        });
        let abort = config.abort.as_ref().map(|abort| Abort {
            odds: abort.percentage.as_ref().map_or(0.0, odds),
            with: match &abort.error_type {
                Some(ErrorType::HttpStatus(status)) => {
                    AbortWith::Status(u16::try_from(*status).unwrap_or_default())
                }
                Some(ErrorType::GrpcStatus(status)) => AbortWith::Grpc(*status),
                _ => AbortWith::Unknown,
            },
        });
        Self {
            headers: config.headers.iter().map(HeaderTest::from).collect(),
            conditional: !config.upstream_cluster.is_empty() || !config.downstream_nodes.is_empty(),
            delay,
            abort,
        }
    }
}

impl Fault {
    /// Whether it may answer in place of the destination.
    pub(super) fn may_do_anything(&self) -> bool {
        let aborts = self.abort.as_ref().is_some_and(|abort| abort.odds > 0.0);
        aborts || self.conditional && (self.abort.is_some() || self.delay.is_some())
    }

    /// The faults of a route.
    pub(super) fn of(route: &OpenedRoute<'_, '_>) -> Option<Self> {
        let any = route.message.typed_per_filter_config.get("envoy.filters.http.fault")?;
        Some(Self::from(&envoy::unpack::<HttpFault>(any).ok()?))
    }
}

/// Walks through the filter for faults.
pub(super) fn fault<'a>(
    walk: &mut Walk<'a>,
    (name, pointer): (&str, &str),
    general: &'a Fault,
    http: &mut Http<'a>,
) -> Flow<'a> {
    let route = http.taken();
    let config = route.and_then(|route| route.fault.as_ref()).unwrap_or(general);
    let fits = Truth::all(config.headers.iter().map(|header| header.truth(&http.headers)));
    if config.abort.is_none() && config.delay.is_none() || fits == Truth::No {
        return Flow::Continue(());
    }
    let cause = route.and_then(Route::cause);
    if config.conditional || fits == Truth::Unknown {
        let text = "whether a fault is injected is not known from files";
        walk.step(Place::Waypoint, name, Decision::Unknown, text).of(MAIN_INTERNAL, pointer).because(cause);
        walk.may_change(text);
        return Flow::Continue(());
    }
    if let Some((share, long)) = &config.delay
        && *share > 0.0
    {
        let text = || format!("{} of the requests are delayed by {long}", action::percent(*share));
        walk.step(Place::Waypoint, name, Decision::Passed, text).of(MAIN_INTERNAL, pointer).because(cause);
    }
    let Some(abort) = &config.abort else { return Flow::Continue(()) };
    if abort.odds <= 0.0 {
        return Flow::Continue(());
    }
    let text =
        walk.say(|| format!("a fault is injected into {} of the requests", action::percent(abort.odds)));
    let end = match abort.with {
        AbortWith::Status(status) => http.answer(Verdict::Answered, status, text.clone()),
        AbortWith::Grpc(status) => End {
            grpc_status: u16::try_from(status).ok(),
            ..http.answer(Verdict::Answered, grpc_as_http(status), text.clone())
        },
        AbortWith::Unknown => {
            walk.may_change("a fault that a header asks for");
            return Flow::Continue(());
        }
    };
    let end = end.by(cause);
    walk.step(Place::Waypoint, name, Decision::Answered, text).of(MAIN_INTERNAL, pointer).because(cause);
    if abort.odds >= 1.0 {
        return Flow::Break(end);
    }
    walk.by_chance(abort.odds, end);
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

/// The headers that mutations change.
pub(super) fn mutated(config: &HeaderMutation) -> impl Iterator<Item = &str> {
    let mutations = config.mutations.iter().flat_map(|mutations| &mutations.request_mutations);
    mutations.filter_map(|mutation| match &mutation.action {
        Some(Mutation::Remove(name)) => Some(name.as_str()),
        Some(Mutation::Append(option)) => Some(option.header.as_ref()?.key.as_str()),
        _ => None,
    })
}

/// Applies header mutations.
pub(super) fn mutation<'a>(config: &'a HeaderMutation, walk: &mut Walk<'a>, http: &mut Http<'a>) {
    let Some(mutations) = &config.mutations else { return };
    for mutation in &mutations.request_mutations {
        match &mutation.action {
            Some(Mutation::Remove(name)) => http.headers_mut().remove(name),
            Some(Mutation::Append(option)) => {
                let known = option
                    .header
                    .as_ref()
                    .and_then(|header| client_identity(&header.value, &http.connection.state, walk));
                match (known, &option.header) {
                    (Some(text), Some(header)) => http.headers_mut().set(&header.key, text),
                    _ => rewrite::apply(std::slice::from_ref(option), http.headers_mut()),
                }
            }
            _ => {}
        }
    }
}

/// A value of objects that are kept, and text between them.
fn client_identity<'a>(format: &str, state: &State<'a>, walk: &mut Walk<'a>) -> Option<Cow<'a, str>> {
    let mut known = true;
    let text = walk.texts.write(|text| {
        let mut rest = format;
        while let Some((before, after)) = rest.split_once("%FILTER_STATE(") {
            let part = after.split_once(":PLAIN)%");
            let kept = part.and_then(|(key, _)| state.get(key)?.text());
            let (Some((_, behind)), Some(kept)) = (part, kept) else {
                known = false;
                return;
            };
            text.push_str(before);
            text.push_str(&kept);
            rest = behind;
        }
        text.push_str(rest);
    });
    Some(text).filter(|text| known && !text.contains('%'))
}
