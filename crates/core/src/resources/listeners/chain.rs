//! Chains, with what they share made once.

use envoy::Encoded;
use envoy::config::listener::v3::{Filter, FilterChain};
use envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;

use super::proxy_settings::ProxySettings;
use super::shared::{SharedFilters, Telemetry};
use super::{http_manager, tcp_proxy};
use crate::Str;
use crate::mesh::extension::Extension;
use crate::mesh::ip;
use crate::plan::WaypointSettings;
use crate::plan::chains::{Chain, Listeners, Traffic};
use crate::plan::routes::{HttpRoutes, HttpRules};
use crate::plan::telemetry::{Telemetries, TelemetryId};
use crate::resources::envoy_filter::Patches;
use crate::resources::filters::network;
use crate::resources::routes::RouteRenderer;
use crate::resources::security::{Security, SecurityFilters};
use crate::resources::{Origin, Part};
use crate::snapshot::Cause;

/// What the chains of a waypoint share, made once.
#[derive(Debug)]
pub(super) struct ChainRenderer<'a> {
    /// What holds for the waypoint as a whole.
    pub(super) settings: &'a WaypointSettings<'a>,
    /// What the proxy's own configuration changes.
    pub(super) proxy: ProxySettings<'a>,
    /// Filters that every chain has.
    pub(super) shared: SharedFilters,
    /// The filters of policies.
    pub(super) security: Security,
    routes: RouteRenderer<'a>,
    patches: &'a Patches,
    /// What telemetry asks of the waypoint as a whole.
    pub(super) telemetry: Telemetry,
    /// What telemetry asks of each chain.
    telemetries: Vec<Telemetry>,
}

/// What a chain's filters are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChainInputs<'a> {
    /// What holds for the waypoint as a whole.
    pub(super) settings: &'a WaypointSettings<'a>,
    /// What the proxy's own configuration changes.
    pub(super) proxy: &'a ProxySettings<'a>,
    /// What the chain is.
    pub(super) chain: &'a Chain<'a>,
    /// Filters that every chain has.
    pub(super) shared: &'a SharedFilters,
    /// What telemetry asks.
    pub(super) telemetry: &'a Telemetry,
}

impl<'a> ChainRenderer<'a> {
    /// Makes what the chains of a plan share.
    pub(super) fn new(
        settings: &'a WaypointSettings<'a>,
        plan: &'a Listeners<'a>,
        patches: &'a Patches,
    ) -> Self {
        let Listeners { policies, telemetries, .. } = plan;
        let proxy = ProxySettings::new(settings);
        let telemetry = |asked| Telemetry::new(settings, &proxy, asked);
        let telemetries: Vec<Telemetry> = telemetries.all().iter().map(telemetry).collect();
        let TelemetryId(of_waypoint) = Telemetries::WAYPOINT;
        Self {
            settings,
            shared: SharedFilters::new(settings),
            security: Security::new(settings, policies),
            routes: RouteRenderer::new(settings),
            patches,
            telemetry: telemetries.get(of_waypoint).cloned().unwrap_or_default(),
            telemetries,
            proxy,
        }
    }

    /// A chain, and why it and its inputs exist.
    pub(super) fn chain(&self, chain: &Chain<'_>, origins: &mut Vec<Origin>) -> FilterChain {
        let TelemetryId(position) = chain.telemetry;
        let inputs = ChainInputs {
            settings: self.settings,
            proxy: &self.proxy,
            chain,
            shared: &self.shared,
            telemetry: self.telemetries.get(position).unwrap_or(&self.telemetry),
        };
        origins.push(Origin::new(Part::FilterChain(chain.name.clone()), chain.causes.clone()));
        // Most chains have one filter, some one before it.
        let mut filters: Vec<Filter> = Vec::with_capacity(2);
        filters.extend(self.before(chain));
        match &chain.traffic {
            Traffic::Http(routes) => {
                let security = self.security.http(chain.policies);
                add_filters(chain, security, origins);
                filters.push(self.http(&inputs, security, routes, origins));
            }
            Traffic::Tcp(route) => {
                let security = self.security.tcp(chain.policies);
                add_filters(chain, security, origins);
                filters.extend(tcp_proxy::filters(&inputs, security, route));
            }
        }
        FilterChain { name: chain.name.to_string(), filters, ..FilterChain::default() }
    }
}

impl ChainRenderer<'_> {
    /// The connection manager of a chain for HTTP, and why its routes exist.
    fn http(
        &self,
        inputs: &ChainInputs<'_>,
        security: Option<&SecurityFilters<Encoded<HttpConnectionManager>>>,
        routes: &HttpRoutes<'_>,
        origins: &mut Vec<Origin>,
    ) -> Filter {
        let chain = inputs.chain;
        let mut configuration = self.routes.configuration(chain, routes);
        // Istio lets EnvoyFilters patch route configurations only where they are default ones.
        let patched_by = match routes.rules {
            HttpRules::Default(_) => self.patches.default_routes(&mut configuration),
            HttpRules::VirtualServices(_) => Vec::new(),
        };
        for (index, causes) in (0..).zip(routes.causes()) {
            let part = Part::Route { chain: chain.name.clone(), index };
            origins.push(Origin::new(part, [causes, &patched_by].concat()));
        }
        http_manager::connection_manager(inputs, security, configuration.into())
    }

    /// The filter before all others: where a workload is called itself, its address has to be passed on, and
    /// with several networks a Service's.
    fn before(&self, chain: &Chain<'_>) -> Option<Filter> {
        if chain.service.is_none() {
            return Some(self.shared.connect_authority.clone());
        }
        let address = ip::text::<Str>(chain.address?);
        Some(network::service_destination(&format!("{address}:{}", chain.port)))
    }
}

/// Why the filters of a chain and their policies exist.
fn add_filters<F>(chain: &Chain<'_>, security: Option<&SecurityFilters<F>>, origins: &mut Vec<Origin>) {
    let filter = |name: &Str, causes: Vec<Cause>| {
        Origin::new(Part::Filter { chain: chain.name.clone(), name: name.clone() }, causes)
    };
    if let Some(security) = security {
        origins.extend(security.filters.iter().map(|(name, causes)| filter(name, causes.clone())));
        origins.extend(security.policies.iter().map(|(name, cause)| {
            let part = Part::Policy { chain: chain.name.clone(), name: name.clone() };
            Origin::new(part, vec![cause.clone()])
        }));
    }
    let extensions = chain.extensions.iter();
    origins.extend(extensions.map(|bound| {
        let extension: &Extension = bound;
        filter(&extension.resource_name, vec![Cause::new(extension.object.clone(), bound.field())])
    }));
}
