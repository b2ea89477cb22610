//! The connection manager: paths, and each HTTP filter in its order.

use envoy::extensions::filters::http::rbac::v3::Rbac as HttpRbac;
use envoy::extensions::filters::http::{cors, ext_authz, fault, header_mutation, jwt_authn, lua};
use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::{
    ForwardClientCertDetails, StripPortMode,
};
use envoy::extensions::filters::network::http_connection_manager::v3::http_filter::ConfigType;
use envoy::istio::envoy::config::filter::http::authn::v2alpha1::FilterConfig;

use super::connection::{Address, Connection};
use super::headers::{self, Headers};
use super::matchers::Metadata;
use super::outcome::{Decision, Outcome, Place, Verdict};
use super::path::{self, Normalized};
use super::rbac::Subject;
use super::request::Protocol;
use super::route::{self, Found};
use super::walk::{Flow, Walk};
use super::{action, authz, istio_authn, jwt, tokens, traffic, verdict, wire};
use crate::dialect::{token, typed};
use crate::mesh::Waypoint;
use crate::opened::{OpenedChain, OpenedHttpFilter, OpenedManager, OpenedRoutes};
use crate::resources::WaypointResources;
use crate::resources::names::MAIN_INTERNAL;
use crate::snapshot::Cause;

/// A request inside of a connection manager.
pub(super) struct Http<'a> {
    pub(super) connection: &'a Connection,
    /// The address that the request counts as coming from.
    pub(super) remote: Address,
    pub(super) headers: Headers,
    pub(super) metadata: Metadata,
    /// What the route was chosen by: what filters change counts only once one of them has it chosen again.
    by: (Headers, Metadata),
    routes: Option<OpenedRoutes<'a, 'a>>,
    /// What made the chain.
    pub(super) causes: &'a [Cause],
}

impl<'a> Http<'a> {
    /// The route, as filters know it.
    pub(super) fn route(&self) -> Option<Found<'a>> {
        self.routes.as_ref().map(|routes| route::find(routes, &self.by.0, &self.by.1, self.connection))
    }

    /// Has the route chosen again.
    pub(super) fn choose_route_again(&mut self) {
        self.by = (self.headers.clone(), self.metadata.clone());
    }

    fn subject(&self) -> Subject<'_> {
        Subject {
            connection: self.connection,
            remote: &self.remote,
            headers: Some(&self.headers),
            metadata: &self.metadata,
        }
    }

    /// What a proxy answers itself.
    pub(super) fn answer(&self, verdict: Verdict, status: u16, reason: impl Into<String>) -> Outcome {
        answer(&self.headers, verdict, status, reason)
    }
}

/// What a proxy answers itself: gRPC's clients get the status of HTTP as one of gRPC.
pub(super) fn answer(headers: &Headers, verdict: Verdict, status: u16, reason: impl Into<String>) -> Outcome {
    let outcome = Outcome::new(verdict, Place::Waypoint, reason);
    if !headers.is_grpc() {
        return outcome.status(status);
    }
    let grpc = match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    };
    Outcome { status: Some(200), grpc_status: Some(grpc), ..outcome }
}

/// Walks through a connection manager.
pub(super) fn walk(
    walk: &mut Walk<'_>,
    waypoint: &Waypoint,
    resources: &WaypointResources,
    chain: &OpenedChain<'_>,
    manager: &OpenedManager<'_>,
    connection: &Connection,
) -> Flow {
    let mut headers = sent(walk, manager);
    received(walk, manager, &mut headers, connection)?;
    let delivered = manager.discovers().and_then(|name| {
        let found = resources.routes.iter().find(|routes| routes.message.name == name)?;
        Some(OpenedRoutes::delivered(&found.message, &found.origins))
    });
    let causes = chain.origin.map(|origin| origin.causes.as_slice()).unwrap_or_default();
    let mut http = Http {
        connection,
        remote: remote(&manager.message, &headers, connection),
        by: (headers.clone(), Metadata::new()),
        headers,
        metadata: Metadata::new(),
        routes: manager.routes().or(delivered),
        causes,
    };
    for filter in manager.filters() {
        one(walk, &filter, &mut http)?;
    }
    action::walk(walk, waypoint, resources, &mut http)
}

/// The headers that the client sends.
fn sent(walk: &Walk<'_>, manager: &OpenedManager<'_>) -> Headers {
    let request = walk.request;
    let mut headers = Headers::default();
    headers.add(headers::METHOD, request.method.clone());
    headers.add(headers::PATH, request.path.clone());
    let named = request.destination.host.trim_start_matches("pod/").to_owned();
    headers.add(headers::AUTHORITY, request.authority.clone().unwrap_or(named));
    for (name, value) in &request.headers {
        headers.add(name, value.trim_matches([' ', '\t']));
    }
    if request.protocol == Protocol::Grpc && !headers.has("content-type") {
        headers.add("content-type", "application/grpc");
    }
    if let Some(claims) = &request.claims {
        let providers =
            manager.filters().find_map(|filter| filter.config::<jwt_authn::v3::JwtAuthentication>());
        tokens::send(claims, providers.as_ref(), &mut headers);
    }
    headers
}

/// What a connection manager makes of headers before any filter sees them.
fn received(
    walk: &mut Walk<'_>,
    manager: &OpenedManager<'_>,
    headers: &mut Headers,
    connection: &Connection,
) -> Flow {
    let message = &manager.message;
    let protocol = &walk.request.protocol;
    let refused = match wire::refused(protocol, headers) {
        None => wire::clean(protocol, headers).err().map(|why| (400, why)),
        refused => refused,
    };
    if let Some((status, why)) = refused {
        walk.step(Place::Waypoint, "HTTP", Decision::Failed, why).of(MAIN_INTERNAL, &manager.pointer);
        return Flow::Break(answer(headers, Verdict::Failed, status, why));
    }
    let of_client = message.forward_client_cert_details() == ForwardClientCertDetails::AlwaysForwardOnly;
    if !of_client {
        headers.remove("x-forwarded-client-cert");
    }
    for hop in ["connection", "keep-alive", "proxy-connection", "transfer-encoding"] {
        headers.remove(hop);
    }
    strip_port(message, headers, connection);
    if !headers.has("x-forwarded-proto") {
        headers.add("x-forwarded-proto", "http");
    }
    let scheme = headers.text("x-forwarded-proto");
    headers.add(headers::SCHEME, scheme);
    if !headers.has("x-request-id")
        && message.generate_request_id.as_ref().is_none_or(|generate| generate.value)
    {
        headers.add_unknown("x-request-id");
    }
    let before = headers.text(headers::PATH);
    let what = "path normalization";
    match path::normalized(message, &before) {
        Normalized::Path(after) if after == before => Flow::Continue(()),
        Normalized::Path(after) => {
            walk.step(Place::Waypoint, what, Decision::Passed, format!("`{before}` becomes `{after}`"))
                .of(MAIN_INTERNAL, &manager.pointer);
            headers.set(headers::PATH, after);
            Flow::Continue(())
        }
        Normalized::Refused(why) => {
            walk.step(Place::Waypoint, what, Decision::Failed, why).of(MAIN_INTERNAL, &manager.pointer);
            Flow::Break(answer(headers, Verdict::Failed, 400, why))
        }
        Normalized::Redirected(to) => {
            let reason = format!("redirected to `{to}`, with its slashes unescaped");
            walk.step(Place::Waypoint, what, Decision::Answered, reason.clone())
                .of(MAIN_INTERNAL, &manager.pointer);
            Flow::Break(Outcome { location: Some(to), ..answer(headers, Verdict::Answered, 307, reason) })
        }
    }
}

fn strip_port(manager: &HttpConnectionManager, headers: &mut Headers, connection: &Connection) {
    let authority = headers.text(headers::AUTHORITY);
    let Some((host, port)) = authority.rsplit_once(':') else { return };
    let is_port = port.parse::<u16>().is_ok() && !host.ends_with(':');
    let any = matches!(manager.strip_port_mode, Some(StripPortMode::StripAnyHostPort(true)));
    let matching = manager.strip_matching_host_port && port == connection.port.to_string();
    if is_port && (any || matching) {
        headers.set(headers::AUTHORITY, host.to_owned());
    }
}

/// Without `use_remote_address` the last address in `X-Forwarded-For` counts, where there is one.
fn remote(manager: &HttpConnectionManager, headers: &Headers, connection: &Connection) -> Address {
    if !manager.original_ip_detection_extensions.is_empty() {
        return Address::Unknown;
    }
    if manager.use_remote_address.as_ref().is_some_and(|uses| uses.value) {
        return if manager.xff_num_trusted_hops == 0 { connection.client } else { Address::Unknown };
    }
    let header = headers.text("x-forwarded-for");
    let hops = usize::try_from(manager.xff_num_trusted_hops).unwrap_or(usize::MAX);
    let last = header.rsplit(',').nth(hops).and_then(|address| address.trim().parse().ok());
    last.map_or(connection.client, Address::Known)
}

/// The full name of what a filter is configured by.
pub(super) fn type_of(filter: &OpenedHttpFilter<'_, '_>) -> Option<String> {
    match &filter.message.config_type {
        Some(ConfigType::TypedConfig(any)) => Some(typed::type_name(any).into_owned()),
        _ => None,
    }
}

/// Filters that have no part in who gets what.
const HARMLESS: &[&str] = &[
    "stats.PluginConfig",
    "io.istio.http.peer_metadata.Config",
    "io.istio.http.connect_baggage.Config",
    "io.istio.http.connect_authority.Config",
    "envoy.extensions.filters.http.set_filter_state.v3.Config",
    "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
    "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb",
    "envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig",
    "envoy.extensions.filters.http.router.v3.Router",
];

/// Filters of which the configuration for a route is read.
const BY_ROUTE: &[&str] =
    &["envoy.extensions.filters.http.cors.v3.Cors", "envoy.extensions.filters.http.fault.v3.HTTPFault"];

/// Walks through one filter.
fn one(walk: &mut Walk<'_>, filter: &OpenedHttpFilter<'_, '_>, http: &mut Http<'_>) -> Flow {
    let name = filter.message.name.as_str();
    if filter.message.disabled {
        return Flow::Continue(());
    }
    let pointer = filter.pointer.as_str();
    let type_name = type_of(filter).unwrap_or_default();
    if HARMLESS.contains(&type_name.as_str()) {
        return Flow::Continue(());
    }
    if !BY_ROUTE.contains(&type_name.as_str()) && traffic::has_own(http, name) {
        unknown(walk, filter, "with a configuration for the route");
        return Flow::Continue(());
    }
    if let Some(config) = filter.config::<HttpRbac>() {
        let place = format!("{pointer}/typedConfig");
        let rules = (config.rules.as_ref(), config.shadow_rules.as_ref());
        let verdict = verdict::judged(walk, name, (MAIN_INTERNAL, &place), rules, http.subject());
        verdict.tell("envoy.filters.http.rbac", &config.shadow_rules_stat_prefix, &mut http.metadata);
        return verdict.denied.map_or(Flow::Continue(()), Flow::Break);
    }
    if let Some(config) = filter.config::<jwt_authn::v3::JwtAuthentication>() {
        return jwt::walk(walk, (name, pointer), &config, http);
    }
    if let Some(config) = filter.config::<ext_authz::v3::ExtAuthz>() {
        let question = authz::Question {
            name,
            pointer,
            enabled: config.filter_enabled_metadata.as_ref(),
            fails_open: config.failure_mode_allow,
            only_tried: config.shadow_mode,
        };
        return match authz::ask(walk, &question, &http.metadata) {
            Flow::Break(Outcome { verdict, reason, decided_by, .. }) => {
                let by = decided_by.map(|by| by.0);
                Flow::Break(http.answer(verdict, 403, reason).by(by))
            }
            Flow::Continue(()) => Flow::Continue(()),
        };
    }
    if filter.config::<cors::v3::Cors>().is_some() {
        return traffic::cors(walk, (name, pointer), http);
    }
    if let Some(config) = filter.config::<fault::v3::HttpFault>() {
        return traffic::fault(walk, (name, pointer), &config, http);
    }
    if let Some(config) = filter.config::<header_mutation::v3::HeaderMutation>() {
        traffic::mutation(&config, http);
        return Flow::Continue(());
    }
    let issuers = filter
        .config::<lua::v3::Lua>()
        .and_then(|lua| token::issuers(&lua))
        .or_else(|| filter.config::<FilterConfig>().map(|config| istio_authn::issuers(&config)));
    if let Some(issuers) = issuers {
        istio_authn::walk(walk, (name, pointer), &issuers, http);
        return Flow::Continue(());
    }
    unknown(walk, filter, "");
    Flow::Continue(())
}

/// A filter of which files do not tell what it does.
fn unknown(walk: &mut Walk<'_>, filter: &OpenedHttpFilter<'_, '_>, how: &str) {
    let name = filter.message.name.as_str();
    let text = format!(
        "what filter `{name}`{}{how} does is not known from files",
        if how.is_empty() { "" } else { " " }
    );
    walk.step(Place::Waypoint, name, Decision::Unknown, text.clone()).of(MAIN_INTERNAL, &filter.pointer);
    walk.may_change(text);
}
