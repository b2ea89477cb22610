//! The chains of a waypoint, by what they are for.

use envoy::config::listener::v3::Listener;

use crate::hash::HashMap;
use crate::opened::{NetworkFilter, OpenedChain, OpenedListener, OpenedPolicy};
use crate::resources::authz::policy_name;
use crate::resources::names::MAIN_INTERNAL;
use crate::resources::{Resource, WaypointResources};
use crate::snapshot::Cause;
use crate::trace::classes::compare::called;

/// The chains of the listener inside a waypoint.
#[derive(Debug)]
pub(crate) struct Chains<'r> {
    listener: &'r Resource<Listener>,
    /// By host, with their ports.
    of_services: HashMap<&'r str, Vec<(u16, usize)>>,
    of_workloads: Vec<usize>,
}

impl<'r> Chains<'r> {
    /// None if the waypoint has no such listener.
    pub(crate) fn new(resources: &'r WaypointResources) -> Option<Self> {
        let listener = resources.listeners.iter().find(|listener| listener.message.name == MAIN_INTERNAL)?;
        let mut of_services: HashMap<&str, Vec<(u16, usize)>> = HashMap::default();
        let mut of_workloads = Vec::new();
        for (position, chain) in listener.message.filter_chains.iter().enumerate() {
            match called(&chain.name) {
                (Some(host), Some(port)) => of_services.entry(host).or_default().push((port, position)),
                _ => of_workloads.push(position),
            }
        }
        of_workloads.extend(
            listener.message.default_filter_chain.iter().map(|_| listener.message.filter_chains.len()),
        );
        Some(Self { listener, of_services, of_workloads })
    }

    /// The chains for a Service, each with its port.
    pub(crate) fn of_service(&self, host: &str) -> impl Iterator<Item = (u16, OpenedChain<'r>)> {
        let positions = self.of_services.get(host).map_or(&[][..], Vec::as_slice);
        positions.iter().filter_map(|(port, position)| Some((*port, self.opened(*position)?)))
    }

    /// The chains for workloads that are called by their own addresses.
    pub(crate) fn of_workloads(&self) -> impl Iterator<Item = OpenedChain<'r>> {
        self.of_workloads.iter().filter_map(|position| self.opened(*position))
    }

    fn opened(&self, position: usize) -> Option<OpenedChain<'r>> {
        let Resource { message, origins } = self.listener;
        OpenedListener::chain(message, origins, position)
    }
}

/// The rules of policies that are asked before requests get to a chain.
pub(crate) fn rules_elsewhere(resources: &WaypointResources) -> Vec<Cause> {
    let others = resources.listeners.iter().filter(|listener| listener.message.name != MAIN_INTERNAL);
    let opened = others.map(|listener| OpenedListener::new(&listener.message, &listener.origins));
    let mut policies: Vec<OpenedPolicy<'_>> = Vec::new();
    for filter in opened.flat_map(|listener| listener.chains).flat_map(|chain| chain.filters) {
        policies.extend(filter.policies());
        if let NetworkFilter::Http(manager) = &filter.config {
            policies.extend(manager.filters().flat_map(|filter| filter.policies()));
        }
    }
    policies.iter().filter_map(|policy| policy_name::cause(&policy.name)).collect()
}
