//! The listener with a chain for every port of every Service, and two for workloads that are called
//! themselves.

use envoy::config::core::v3::TrafficDirection;
use envoy::config::listener::v3::listener::{InternalListenerConfig, ListenerSpecifier};
use envoy::config::listener::v3::{FilterChain, Listener, ListenerFilter};

use super::chain::ChainRenderer;
use super::connect_originate::destination;
use super::matcher;
use crate::Str;
use crate::mesh::ip;
use crate::plan::WaypointSettings;
use crate::plan::chains::{Inspection, Listeners, WorkloadAddress};
use crate::plan::names::MAIN_INTERNAL;
use crate::resources::filters::inspect;
use crate::resources::{Origin, Part, Resource};

/// The listener, and why its chains and routes exist: `whole` is why every listener does.
pub(super) fn listener(
    plan: &Listeners<'_>,
    chains: &ChainRenderer<'_>,
    mut whole: Origin,
) -> Resource<Listener> {
    let settings = chains.settings;
    whole.causes.extend_from_slice(&plan.inspection.causes);
    // Most chains have one or two routes.
    let mut origins = Vec::with_capacity(2 * plan.chains.len());
    origins.push(whole);
    let filter_chains: Vec<FilterChain> =
        plan.chains.iter().map(|chain| chains.chain(chain, &mut origins)).collect();
    origins.extend(plan.workloads.iter().map(address));
    let mut listener = Listener {
        name: MAIN_INTERNAL.to_owned(),
        listener_specifier: Some(ListenerSpecifier::InternalListener(InternalListenerConfig::default())),
        listener_filters: listener_filters(settings, &plan.inspection),
        traffic_direction: TrafficDirection::Inbound.into(),
        filter_chains,
        filter_chain_matcher: Some(matcher::matcher(plan, settings.features)),
        ..Listener::default()
    };
    if settings.rules.access_logs.everywhere {
        listener.access_log = chains.telemetry.access_logs.listener();
    }
    Resource { message: listener, origins }
}

/// Why an address of a workload is matched.
fn address(workload: &WorkloadAddress) -> Origin {
    Origin::new(Part::Address(ip::text::<Str>(workload.ip)), workload.causes.clone())
}

fn listener_filters(settings: &WaypointSettings<'_>, inspection: &Inspection) -> Vec<ListenerFilter> {
    let destination = destination(settings);
    if !settings.rules.listeners.inspectors_by_port {
        return vec![destination, inspect::http_inspector(&[])];
    }
    let http = inspect::http_inspector(&inspection.no_http);
    let tls = inspection.no_tls.as_deref().map(inspect::tls_inspector);
    [destination, http].into_iter().chain(tls).collect()
}
