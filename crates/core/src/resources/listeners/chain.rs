//! Chains, with what they share made once.

use std::collections::BTreeMap;
use std::sync::Arc;

use envoy::config::listener::v3::{Filter, FilterChain};
use envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;

use super::proxy_settings::ProxySettings;
use super::shared::{self, SharedFilters, Telemetry};
use super::{http_manager, matcher, tcp_proxy};
use crate::Str;
use crate::mesh::attachment::Bound;
use crate::mesh::extension::{ChainKind, Extension};
use crate::mesh::service::Protocol;
use crate::mesh::{Service, ServiceId};
use crate::plan::causes;
use crate::resources::envoy_filter::Patches;
use crate::resources::filters::network;
use crate::resources::routes::RouteBuilder;
use crate::resources::security::SecurityBuilder;
use crate::resources::{Origin, Part, Scope};
use crate::rules::SpanSender;
use crate::snapshot::Cause;

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

/// What a chain's filters are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    /// The mesh and the waypoint.
    pub(super) scope: &'a Scope<'a>,
    /// What the chain is for.
    pub(super) spec: &'a ChainSpec<'a>,
    /// The Service.
    pub(super) service: Option<&'a Service>,
    /// What the proxy's own configuration changes.
    pub(super) settings: &'a ProxySettings<'a>,
    /// Filters that every chain has.
    pub(super) shared: &'a SharedFilters,
    /// What telemetry asks.
    pub(super) telemetry: &'a Telemetry,
    /// The extensions.
    pub(super) extensions: &'a [Bound<'a, Extension>],
}

/// Makes the chains of one waypoint.
#[derive(Debug)]
pub(super) struct ChainBuilder<'m> {
    scope: Scope<'m>,
    settings: ProxySettings<'m>,
    shared: SharedFilters,
    security: SecurityBuilder<'m>,
    routes: RouteBuilder<'m>,
    patches: &'m Patches,
    /// What telemetry asks of the waypoint as a whole.
    telemetry: Arc<Telemetry>,
    /// What telemetry asks, by the resources that ask: few sets of them are different.
    /// Where spans name the Service that was called, also by that.
    telemetry_by_origin: BTreeMap<(Vec<Cause>, Option<Str>), Arc<Telemetry>>,
    chains: Vec<FilterChain>,
    origins: Vec<Origin>,
}

impl<'m> ChainBuilder<'m> {
    /// Makes what every chain has.
    pub(super) fn new(scope: Scope<'m>, patches: &'m Patches) -> Self {
        let settings = ProxySettings::new(&scope);
        let applicable = scope.mesh.telemetries.applicable(scope.waypoint, None);
        let telemetry = Arc::new(Telemetry::new(&scope, &settings, &applicable, None));
        Self {
            settings,
            shared: SharedFilters::new(&scope),
            security: SecurityBuilder::new(scope),
            routes: RouteBuilder::new(scope),
            patches,
            telemetry_by_origin: BTreeMap::from([(
                (telemetry.origins.clone(), None),
                Arc::clone(&telemetry),
            )]),
            telemetry,
            // Most Services have one port, and their chains one or two routes.
            chains: Vec::with_capacity(scope.waypoint.services.len()),
            origins: Vec::with_capacity(2 * scope.waypoint.services.len()),
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

    /// What made every listener of the waypoint.
    pub(super) fn causes(&self) -> Vec<Cause> {
        let gateway = self.scope.waypoint.gateway.object_ref().into();
        std::iter::once(gateway).chain(self.telemetry.origins.iter().cloned()).collect()
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
        let found = self.found(&spec, ChainKind::Http);
        let (security, policies) = self.security.http(found.service);
        let mut routes = self.routes.inbound(found.service, spec.port, &spec.cluster);
        if routes.is_default {
            let patched_by = self.patches.default_routes(&mut routes.configuration);
            routes.causes.iter_mut().for_each(|causes| causes.extend_from_slice(&patched_by));
        }
        let parts = self.parts(&spec, &found);
        let manager = http_manager::connection_manager(&parts, &security, &routes.configuration);
        let filters = self.before(&found, spec.port).into_iter().chain([manager]).collect();
        let causes = found.causes(&self.scope, &spec, [], &policies);
        let chain = self.add(&spec, filters, causes);
        self.add_policies(&chain, &security.policies);
        for (index, causes) in (0..).zip(routes.causes) {
            self.origins.push(Origin::new(Part::Route { chain: chain.clone(), index }, causes));
        }
        spec.name
    }

    /// Adds a chain for bytes and gives its name.
    pub(super) fn tcp(&mut self, spec: ChainSpec<'_>) -> String {
        let found = self.found(&spec, ChainKind::Network(spec.port));
        let (security, policies) = self.security.tcp(found.service);
        let (own, routed_by) = tcp_proxy::filters(&self.parts(&spec, &found), &security);
        let filters = self.before(&found, spec.port).into_iter().chain(own).collect();
        let causes = found.causes(&self.scope, &spec, routed_by, &policies);
        let chain = self.add(&spec, filters, causes);
        self.add_policies(&chain, &security.policies);
        spec.name
    }

    /// Looks up what the filters of a chain are made of.
    fn found(&mut self, spec: &ChainSpec<'_>, kind: ChainKind) -> Found<'m> {
        let service = spec.service.and_then(|id| self.scope.mesh.services.get(id));
        Found {
            service,
            telemetry: self.telemetry_of(service),
            extensions: self.scope.mesh.extensions.applicable(self.scope.waypoint, service, kind),
        }
    }

    fn parts<'a>(&'a self, spec: &'a ChainSpec<'a>, found: &'a Found<'m>) -> Parts<'a> {
        Parts {
            scope: &self.scope,
            spec,
            service: found.service,
            settings: &self.settings,
            shared: &self.shared,
            telemetry: &found.telemetry,
            extensions: &found.extensions,
        }
    }

    /// Adds a chain, and gives its name as origins have it.
    fn add(&mut self, spec: &ChainSpec<'_>, filters: Vec<Filter>, causes: Vec<Cause>) -> Str {
        self.chains.push(FilterChain { name: spec.name.clone(), filters, ..FilterChain::default() });
        let chain = Str::from(&spec.name);
        self.origins.push(Origin::new(Part::FilterChain(chain.clone()), causes));
        chain
    }

    fn add_policies(&mut self, chain: &Str, policies: &[(Str, Cause)]) {
        self.origins.extend(policies.iter().map(|(name, cause)| {
            let part = Part::Policy { chain: chain.clone(), name: name.clone() };
            Origin::new(part, vec![cause.clone()])
        }));
    }

    /// What telemetry asks of the chains of a Service.
    fn telemetry_of(&mut self, service: Option<&Service>) -> Arc<Telemetry> {
        if service.is_none() {
            return Arc::clone(&self.telemetry);
        }
        let applicable = self.scope.mesh.telemetries.applicable(self.scope.waypoint, service);
        let named = service.filter(|_| self.scope.rules.tracing.sender == SpanSender::Service);
        let key = (shared::origins(&applicable), named.map(|service| service.hostname.clone()));
        if let Some(telemetry) = self.telemetry_by_origin.get(&key) {
            return Arc::clone(telemetry);
        }
        let telemetry = Arc::new(Telemetry::new(&self.scope, &self.settings, &applicable, service));
        self.telemetry_by_origin.insert(key, Arc::clone(&telemetry));
        telemetry
    }

    /// The filter before all others: where a workload is called itself, its address has to be passed on, and with
    /// several networks a Service's.
    fn before(&self, found: &Found<'_>, port: u32) -> Option<Filter> {
        let Some(service) = found.service else { return Some(self.shared.connect_authority.clone()) };
        if !matcher::by_hostname_first(&self.scope) {
            return None;
        }
        let address = matcher::primary_address(service, &self.scope.waypoint.proxy)?;
        Some(network::service_destination(&format!("{address}:{port}")))
    }
}

/// What was looked up for one chain.
struct Found<'m> {
    service: Option<&'m Service>,
    telemetry: Arc<Telemetry>,
    extensions: Vec<Bound<'m, Extension>>,
}

impl Found<'_> {
    /// What a chain comes from: its Service's port, what routes it, and policies, telemetry and extensions.
    fn causes(
        &self,
        scope: &Scope<'_>,
        spec: &ChainSpec<'_>,
        routed_by: impl IntoIterator<Item = Cause>,
        policies: &[Cause],
    ) -> Vec<Cause> {
        let own = self.service.map(|service| causes::port(service, spec.port));
        let label = spec.service.and_then(|id| causes::use_waypoint(scope.mesh, id));
        let mut causes: Vec<_> = own.into_iter().chain(routed_by).chain(label).collect();
        causes.extend_from_slice(policies);
        causes.extend_from_slice(&self.telemetry.origins);
        causes.extend(
            self.extensions
                .iter()
                .map(|extension| Cause::new(extension.object.object.clone(), extension.field())),
        );
        causes
    }
}
