//! Chains, with what they share made once.

use std::collections::BTreeMap;
use std::sync::Arc;

use envoy::config::listener::v3::{Filter, FilterChain};
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpConnectionManager, HttpFilter};
use envoy::google::protobuf::Any;

use super::http_manager;
use super::proxy_settings::ProxySettings;
use super::tcp_proxy;
use crate::Str;
use crate::mesh::extension::ChainKind;
use crate::mesh::service::Protocol;
use crate::mesh::{Service, ServiceId};
use crate::release::TunnelState;
use crate::resources::envoy_filter::Patches;
use crate::resources::filters::access_log::AccessLogs;
use crate::resources::filters::tracing::HcmTracing;
use crate::resources::filters::{network, stats};
use crate::resources::routes::inbound_route_configuration;
use crate::resources::security::SecurityBuilder;
use crate::resources::{Origin, Part, Scope};
use crate::snapshot::ObjectRef;

/// What a chain is for.
#[derive(Clone, Debug)]
pub(super) struct ChainSpec<'p> {
    /// The chain's name.
    pub(super) name: String,
    /// The Service; none for workloads that are called by their own address.
    pub(super) service: Option<ServiceId>,
    /// The Service's port.
    pub(super) port: u32,
    /// The port's name.
    pub(super) port_name: &'p str,
    /// What is spoken on it.
    pub(super) protocol: Protocol,
    /// The cluster that it leads to.
    pub(super) cluster: String,
}

/// What telemetry asks of a chain.
#[derive(Clone, Debug)]
pub(super) struct Telemetry {
    /// Where its access logs are written.
    pub(super) access_logs: AccessLogs,
    /// A connection manager without routes and filters, but with tracing and access logs.
    pub(super) manager: HttpConnectionManager,
    /// Whether the router starts a child span.
    pub(super) router_starts_child_span: bool,
    /// The configurations of `istio.stats`.
    pub(super) stats: Vec<Any>,
    /// The resources that asked.
    pub(super) origins: Vec<ObjectRef>,
}

/// Makes the chains of one waypoint.
#[derive(Debug)]
pub(super) struct ChainBuilder<'m> {
    scope: Scope<'m>,
    settings: ProxySettings<'m>,
    security: SecurityBuilder<'m>,
    patches: &'m Patches,
    /// What telemetry asks of the waypoint as a whole.
    telemetry: Arc<Telemetry>,
    /// What telemetry asks, by the resources that ask: few sets of them are different.
    telemetry_by_origin: BTreeMap<Vec<ObjectRef>, Arc<Telemetry>>,
    chains: Vec<FilterChain>,
    origins: Vec<Origin>,
}

impl<'m> ChainBuilder<'m> {
    /// Makes what every chain has.
    pub(super) fn new(scope: Scope<'m>, patches: &'m Patches) -> Self {
        let settings = ProxySettings::new(&scope);
        let telemetry = Arc::new(Telemetry::new(&scope, &settings, None));
        Self {
            settings,
            security: SecurityBuilder::new(scope),
            patches,
            telemetry_by_origin: BTreeMap::from([(telemetry.origins.clone(), Arc::clone(&telemetry))]),
            telemetry,
            chains: Vec::new(),
            origins: Vec::new(),
            scope,
        }
    }

    /// The filters of the policies that hold for tunnels.
    pub(super) fn tunnel_policies(&self) -> Vec<HttpFilter> {
        self.security.tunnel()
    }

    /// What telemetry asks of the waypoint as a whole.
    pub(super) fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// What the proxy's own configuration changes.
    pub(super) fn settings(&self) -> &ProxySettings<'m> {
        &self.settings
    }

    /// The chains made so far, and why they exist.
    pub(super) fn take(&mut self) -> (Vec<FilterChain>, Vec<Origin>) {
        (std::mem::take(&mut self.chains), std::mem::take(&mut self.origins))
    }

    /// Adds a chain for HTTP and gives its name.
    pub(super) fn http(&mut self, spec: ChainSpec<'_>) -> String {
        let scope = self.scope;
        let service = self.service(&spec);
        let telemetry = self.telemetry_of(service);
        let security = self.security.filters(spec.service);
        let extensions = scope.mesh.extensions.applicable(scope.waypoint, service, ChainKind::Http);
        let mut routes = inbound_route_configuration(scope, spec.service, spec.port, &spec.cluster);
        if routes.is_default {
            let patched_by = self.patches.default_routes(&mut routes.configuration);
            routes.origins.iter_mut().for_each(|objects| objects.extend_from_slice(&patched_by));
        }
        let parts = http_manager::Parts {
            scope: &scope,
            spec: &spec,
            service,
            settings: &self.settings,
            telemetry: &telemetry,
            security: &security,
            extensions: &extensions,
        };
        let manager = http_manager::connection_manager(&parts, routes.configuration);
        let mut filters = self.before(&spec);
        filters.push(network::http_connection_manager(&manager));
        let mut objects = own_object(service);
        objects.extend(security.http_origins.iter().cloned());
        objects.extend(telemetry.origins.iter().cloned());
        objects.extend(extensions.iter().map(|e| e.object.clone()));
        self.add(&spec, filters, objects);
        let chain = Str::from(&spec.name);
        for (index, objects) in (0..).zip(routes.origins) {
            self.origins.push(Origin { part: Part::Route { chain: chain.clone(), index }, objects });
        }
        spec.name
    }

    /// Adds a chain for bytes and gives its name.
    pub(super) fn tcp(&mut self, spec: ChainSpec<'_>) -> String {
        let scope = self.scope;
        let service = self.service(&spec);
        let telemetry = self.telemetry_of(service);
        let security = self.security.filters(spec.service);
        let extensions =
            scope.mesh.extensions.applicable(scope.waypoint, service, ChainKind::Network(spec.port));
        let parts = tcp_proxy::Parts {
            scope: &scope,
            spec: &spec,
            service,
            settings: &self.settings,
            telemetry: &telemetry,
            security: &security,
            extensions: &extensions,
        };
        let mut filters = self.before(&spec);
        let (own, routed_by) = tcp_proxy::filters(&parts);
        filters.extend(own);
        let mut objects = own_object(service);
        objects.extend(routed_by);
        objects.extend(security.tcp_origins.iter().cloned());
        objects.extend(telemetry.origins.iter().cloned());
        objects.extend(extensions.iter().map(|e| e.object.clone()));
        self.add(&spec, filters, objects);
        spec.name
    }

    fn add(&mut self, spec: &ChainSpec<'_>, filters: Vec<Filter>, objects: Vec<ObjectRef>) {
        self.chains.push(FilterChain { name: spec.name.clone(), filters, ..FilterChain::default() });
        self.origins.push(Origin { part: Part::FilterChain(spec.name.as_str().into()), objects });
    }

    fn service(&self, spec: &ChainSpec<'_>) -> Option<&'m Service> {
        spec.service.and_then(|id| self.scope.mesh.services.get(id))
    }

    /// What telemetry asks of the chains of a Service.
    fn telemetry_of(&mut self, service: Option<&Service>) -> Arc<Telemetry> {
        if service.is_none() {
            return Arc::clone(&self.telemetry);
        }
        let origins = origins_of(&self.scope, service);
        if let Some(telemetry) = self.telemetry_by_origin.get(&origins) {
            return Arc::clone(telemetry);
        }
        let telemetry = Arc::new(Telemetry::new(&self.scope, &self.settings, service));
        self.telemetry_by_origin.insert(origins, Arc::clone(&telemetry));
        telemetry
    }

    /// The filters before all others: where a workload is called itself, its address has to be passed on.
    fn before(&self, spec: &ChainSpec<'_>) -> Vec<Filter> {
        match (spec.service, self.scope.rules.listeners.tunnel_state) {
            (Some(_), _) => Vec::new(),
            (None, TunnelState::IstioFilters) => vec![network::connect_authority_istio()],
            (None, TunnelState::FilterState) => vec![network::connect_authority()],
        }
    }
}

impl Telemetry {
    fn new(scope: &Scope<'_>, settings: &ProxySettings<'_>, service: Option<&Service>) -> Self {
        let applicable = scope.mesh.telemetries.applicable(scope.waypoint, service);
        let access_logs = AccessLogs::new(scope, &applicable);
        let tracing = HcmTracing::new(scope, &applicable);
        Self {
            manager: http_manager::base(scope, settings, &access_logs, &tracing),
            access_logs,
            router_starts_child_span: tracing.router_starts_child_span,
            stats: stats::configurations(scope, &applicable),
            origins: applicable.iter().map(|t| t.object_ref()).collect(),
        }
    }
}

fn origins_of(scope: &Scope<'_>, service: Option<&Service>) -> Vec<ObjectRef> {
    scope.mesh.telemetries.applicable(scope.waypoint, service).iter().map(|t| t.object_ref()).collect()
}

fn own_object(service: Option<&Service>) -> Vec<ObjectRef> {
    service.map(|service| service.source.object()).into_iter().collect()
}
