//! A connection manager and its HTTP filters, ready.

use envoy::extensions::filters::http::rbac::v3::Rbac as HttpRbac;
use envoy::extensions::filters::http::{cors, ext_authz, fault, header_mutation, jwt_authn, lua};
use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
use envoy::extensions::filters::network::http_connection_manager::v3::http_connection_manager::{
    ForwardClientCertDetails, StripPortMode,
};
use envoy::extensions::filters::network::http_connection_manager::v3::http_filter::ConfigType;
use envoy::istio::envoy::config::filter::http::authn::v2alpha1::FilterConfig;

use super::authz::Authorizer;
use super::istio_authn;
use super::jwt::JwtFilter;
use super::outcome::{Place, Verdict};
use super::path::Normalization;
use super::route::Routes;
use super::traffic::Fault;
use super::verdict::RbacFilter;
use super::walk::End;
use crate::dialect::{token, typed};
use crate::opened::{OpenedHttpFilter, OpenedManager};
use crate::resources::names::MAIN_INTERNAL;
use crate::snapshot::Cause;

/// A connection manager, ready.
#[derive(Clone, Debug)]
pub(super) struct Manager {
    /// The JSON pointer to its filter.
    pub(super) filter: String,
    /// The JSON pointer to it.
    pub(super) pointer: String,
    /// Whether the client's header about its certificate is kept.
    pub(super) keeps_client_certificate: bool,
    pub(super) strips: StripsPort,
    pub(super) makes_ids: bool,
    pub(super) paths: Normalization,
    pub(super) remote: Remote,
    pub(super) filters: Vec<HttpFilter>,
    pub(super) routes: RoutesAt,
}

/// Which ports are taken off the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StripsPort {
    Never,
    /// The port of the connection.
    Matching,
    Any,
}

/// The address that a request counts as coming from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Remote {
    /// The connection's.
    Connection,
    /// So many before the last one in `X-Forwarded-For`; the connection's where there is none.
    Forwarded(usize),
    Unknown,
}

/// Where routes are.
#[derive(Clone, Debug)]
pub(super) enum RoutesAt {
    Here(Routes),
    /// They are delivered under this name.
    Delivered(String),
    Unknown,
}

/// An HTTP filter.
#[derive(Clone, Debug)]
pub(super) struct HttpFilter {
    pub(super) name: String,
    pub(super) pointer: String,
    /// What made it, as far as that is known.
    pub(super) cause: Option<Cause>,
    pub(super) does: FilterDoes,
    /// Whether a route may have a configuration for it that is not read.
    pub(super) may_be_overridden: bool,
}

/// What an HTTP filter does.
#[derive(Clone, Debug)]
pub(super) enum FilterDoes {
    Rbac(Box<RbacFilter>),
    Jwt(Box<JwtFilter>),
    Authorizer(Box<Authorizer>),
    Cors,
    Fault(Box<Fault>),
    Mutation(Box<header_mutation::v3::HeaderMutation>),
    /// Istio 1.18's `istio_authn`, for these issuers.
    IstioAuthn(Vec<String>),
    Unknown,
}

/// The full name of what a filter is configured by.
pub(super) fn type_of(filter: &OpenedHttpFilter<'_, '_>) -> Option<String> {
    match &filter.message.config_type {
        Some(ConfigType::TypedConfig(any)) => Some(typed::type_name(any).into_owned()),
        _ => None,
    }
}

/// What a proxy answers itself: gRPC's clients get the status of HTTP as one of gRPC.
pub(super) fn answer<'a>(is_grpc: bool, verdict: Verdict, status: u16, reason: impl Into<String>) -> End<'a> {
    let end = End::new(verdict, Place::Waypoint, reason);
    if !is_grpc {
        return end.status(status);
    }
    let grpc = match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    };
    End { status: Some(200), grpc_status: Some(grpc), ..end }
}

impl Manager {
    /// Gets a connection manager ready.
    pub(super) fn new(manager: &OpenedManager<'_>) -> Self {
        let message = &manager.message;
        let routes = match (manager.routes(), manager.discovers()) {
            (Some(routes), _) => RoutesAt::Here(Routes::new(&routes)),
            (None, Some(name)) => RoutesAt::Delivered(name.to_owned()),
            (None, None) => RoutesAt::Unknown,
        };
        let filters = manager.filters().filter_map(|filter| HttpFilter::new(&filter, &routes));
        Self {
            filter: manager.pointer.trim_end_matches("/typedConfig").to_owned(),
            pointer: manager.pointer.clone(),
            keeps_client_certificate: message.forward_client_cert_details()
                == ForwardClientCertDetails::AlwaysForwardOnly,
            strips: StripsPort::of(message),
            makes_ids: message.generate_request_id.as_ref().is_none_or(|generate| generate.value),
            paths: Normalization::of(message),
            remote: Remote::of(message),
            filters: filters.collect(),
            routes,
        }
    }
}

impl StripsPort {
    fn of(manager: &HttpConnectionManager) -> Self {
        match manager.strip_port_mode {
            Some(StripPortMode::StripAnyHostPort(true)) => Self::Any,
            _ if manager.strip_matching_host_port => Self::Matching,
            _ => Self::Never,
        }
    }
}

impl Remote {
    /// Without `use_remote_address` the last address in `X-Forwarded-For` counts, where there is one.
    fn of(manager: &HttpConnectionManager) -> Self {
        let hops = manager.xff_num_trusted_hops;
        if !manager.original_ip_detection_extensions.is_empty() {
            return Self::Unknown;
        }
        match &manager.use_remote_address {
            Some(uses) if uses.value && hops == 0 => Self::Connection,
            Some(uses) if uses.value => Self::Unknown,
            _ => Self::Forwarded(usize::try_from(hops).unwrap_or(usize::MAX)),
        }
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

impl HttpFilter {
    /// Gets a filter ready; none for one that has no part in who gets what.
    fn new(filter: &OpenedHttpFilter<'_, '_>, routes: &RoutesAt) -> Option<Self> {
        let name = &filter.message.name;
        let type_name = type_of(filter).unwrap_or_default();
        if filter.message.disabled || HARMLESS.contains(&type_name.as_str()) {
            return None;
        }
        let causes = filter.origin().map_or(&[][..], |origin| &origin.causes);
        let does = FilterDoes::new(filter, causes);
        // Of these the configuration for a route is read.
        let is_read = matches!(does, FilterDoes::Cors | FilterDoes::Fault(_));
        let any_own = match routes {
            RoutesAt::Here(routes) => routes.any_own(name),
            RoutesAt::Delivered(_) => true,
            RoutesAt::Unknown => false,
        };
        Some(Self {
            name: name.clone(),
            pointer: filter.pointer.clone(),
            cause: causes.first().cloned(),
            does,
            may_be_overridden: any_own && !is_read,
        })
    }
}

impl FilterDoes {
    fn new(filter: &OpenedHttpFilter<'_, '_>, causes: &[Cause]) -> Self {
        let (name, pointer) = (filter.message.name.as_str(), filter.pointer.as_str());
        if let Some(config) = filter.config::<HttpRbac>() {
            let place = format!("{pointer}/typedConfig");
            let rules = (config.rules.as_ref(), config.shadow_rules.as_ref());
            let prefix = &config.shadow_rules_stat_prefix;
            return Self::Rbac(Box::new(RbacFilter::new(name, (MAIN_INTERNAL, &place), rules, prefix)));
        }
        if let Some(config) = filter.config::<jwt_authn::v3::JwtAuthentication>() {
            return Self::Jwt(Box::new(JwtFilter::new((name, pointer), config, causes)));
        }
        if let Some(config) = filter.config::<ext_authz::v3::ExtAuthz>() {
            return Self::Authorizer(Box::new(Authorizer {
                name: name.to_owned(),
                pointer: pointer.to_owned(),
                enabled: config.filter_enabled_metadata.as_ref().map(Into::into),
                fails_open: config.failure_mode_allow,
                only_tried: config.shadow_mode,
            }));
        }
        if filter.config::<cors::v3::Cors>().is_some() {
            return Self::Cors;
        }
        if let Some(config) = filter.config::<fault::v3::HttpFault>() {
            return Self::Fault(Box::new(Fault::from(&config)));
        }
        if let Some(config) = filter.config::<header_mutation::v3::HeaderMutation>() {
            return Self::Mutation(Box::new(config));
        }
        let issuers = filter
            .config::<lua::v3::Lua>()
            .and_then(|lua| token::issuers(&lua))
            .or_else(|| filter.config::<FilterConfig>().map(|config| istio_authn::issuers(&config)));
        issuers.map_or(Self::Unknown, Self::IstioAuthn)
    }
}
