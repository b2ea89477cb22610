//! Which addresses answer for which port of a Service.

mod entries;
mod slices;

use std::net::IpAddr;

use super::selector_index::SelectorIndex;
use super::service::{Service, ServiceSource};
use crate::Str;
use crate::features::Features;
use crate::hash::HashMap;
use crate::mesh::{PersistentSession, ServiceId, Services, WorkloadId, WorkloadSource, Workloads};
use crate::rules::Rules;
use crate::snapshot::{Cause, Object, Snapshot, networking};
use slices::Slices;

/// One address that answers for one port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// The IP address, or a hostname (DNS), or the path of a Unix domain socket.
    pub address: Str,
    /// The address as it is read, if it is one of IP.
    pub(crate) ip: Option<IpAddr>,
    /// Addresses of other families under which it answers, too.
    pub others: Vec<Str>,
    /// The port that it listens on.
    pub port: u32,
    /// The name of the Service's port that it answers for.
    pub service_port: Str,
    /// The number of the Service's port that it answers for, where Istio knows it: of a ServiceEntry's
    /// endpoints.
    pub service_port_number: Option<u32>,
    /// The workload behind it, if the snapshot has it.
    pub workload: Option<WorkloadId>,
    /// Whether it is ready for traffic.
    pub health: Health,
    /// Its share of the traffic; 0 = unset (counts as 1).
    pub weight: u32,
    /// The entry of the EndpointSlice that lists it, if one does.
    pub listed_by: Option<Cause>,
}

/// Whether an endpoint is ready for traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// Ready.
    #[default]
    Healthy,
    /// Not ready.
    Unhealthy,
    /// Shutting down, still serving.
    Draining,
    /// Shutting down.
    Terminating,
}

/// The [`Endpoint`]s of every Service.
///
/// Services of one hostname and namespace share theirs, as in Istio: those of ServiceEntries first, then
/// those of the Kubernetes Service.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    lists: Vec<Vec<Endpoint>>,
    by_service: Vec<usize>,
}

impl Endpoints {
    /// Builds the index.
    #[must_use]
    pub fn new(
        snapshot: &Snapshot,
        (rules, features): (&'static Rules, &Features),
        services: &Services,
        workloads: &Workloads,
    ) -> Self {
        let slices = Slices::new(snapshot, features);
        let sources = Sources::new(slices, (rules, features), services, workloads);
        let mut index = Self::default();
        // Kubernetes Services go last; within either sort, older ones first.
        let (kubernetes, entries): (Vec<_>, Vec<_>) =
            services.with_imported().partition(|(_, s)| s.is_kubernetes());
        let count = kubernetes.len() + entries.len();
        index.by_service = vec![usize::MAX; count];
        let mut list_of_host: HashMap<(&str, &str), usize> = HashMap::default();
        list_of_host.reserve(count);
        for (id, service) in entries.into_iter().chain(kubernetes) {
            let endpoints = sources.of(id, service);
            let host = (service.hostname.as_str(), service.namespace.as_str());
            let list = *list_of_host.entry(host).or_insert(index.lists.len());
            if list == index.lists.len() {
                index.lists.push(Vec::new());
            }
            if let Some(of_host) = index.lists.get_mut(list) {
                entries::join(of_host, endpoints, service);
            }
            index.by_service.get_mut(id.0 as usize).into_iter().for_each(|place| *place = list);
        }
        index
    }

    /// The endpoints of a Service, all ports, in Istio's order.
    #[must_use]
    pub fn of(&self, service: ServiceId) -> &[Endpoint] {
        let list = self.by_service.get(service.0 as usize).and_then(|list| self.lists.get(*list));
        list.map_or(&[], Vec::as_slice)
    }
}

/// Where endpoints come from.
struct Sources<'a> {
    rules: &'static Rules,
    features: &'a Features,
    workloads: &'a Workloads,
    slices: Slices<'a>,
    selected: Vec<Vec<WorkloadId>>,
    /// The inline endpoints of ServiceEntries, by their namespaces and names.
    inline: HashMap<(&'a str, &'a str), Vec<WorkloadId>>,
}

impl<'a> Sources<'a> {
    fn new(
        slices: Slices<'a>,
        (rules, features): (&'static Rules, &'a Features),
        services: &'a Services,
        workloads: &'a Workloads,
    ) -> Self {
        let selectors: Vec<_> =
            services.with_imported().map(|(id, s)| (s.namespace.as_str(), &s.selector, id)).collect();
        let mut selected = vec![Vec::new(); selectors.len()];
        let selectors = SelectorIndex::new(&selectors);
        let mut inline: HashMap<_, Vec<_>> = HashMap::default();
        for (id, workload) in workloads.by_object() {
            if let WorkloadSource::ServiceEntryEndpoint(object, _) = &workload.source {
                inline.entry(name_of(object)).or_default().push(id);
                continue;
            }
            if features.pilot_enable_workload_entry_healthchecks && !entries::is_healthy(workload) {
                continue;
            }
            let matching = selectors.matching(&workload.namespace, &workload.labels);
            let may_select = |id: &ServiceId| {
                services.get(*id).is_some_and(|service| may_select(service, &workload.source, features))
            };
            for service in matching.filter(may_select) {
                if let Some(list) = selected.get_mut(service.0 as usize) {
                    list.push(id);
                }
            }
        }
        Self { rules, features, workloads, slices, selected, inline }
    }

    /// Which states the endpoints of a Kubernetes Service may have.
    fn states(&self, service: &Service) -> slices::States {
        let session = PersistentSession::of(&service.labels, self.features);
        let unready = self.rules.registry.unready_endpoints;
        // Where the flag has those sent that are not ready, 1.18 forgets all that were never ready. In a
        // snapshot no endpoint was anything before.
        let forgets = !unready && self.features.pilot_send_unhealthy_endpoints;
        slices::States {
            drain: !forgets && session.is_some_and(|session| session.outlasts(self.rules)),
            keep_unready: unready,
            tell_terminating: unready,
            join_families: self.joins_families() && service.addresses.len() > 1,
        }
    }

    /// Whether the addresses of a Pod are one endpoint.
    fn joins_families(&self) -> bool {
        self.rules.registry.dual_stack_endpoints && self.features.istio_dual_stack
    }

    fn of(&self, id: ServiceId, service: &Service) -> Vec<Endpoint> {
        let selected = self.selected.get(id.0 as usize).map_or(&[][..], Vec::as_slice);
        match &service.source {
            ServiceSource::Kubernetes(object) => {
                let states = self.states(service);
                let listed = self.slices.of(service);
                let listed = listed.map(|listed| slices::listed(listed, self.workloads, states));
                if let Some(name) = &service.external_name {
                    return external(service, name, listed.unwrap_or_default());
                }
                let mut endpoints = match listed {
                    Some(listed) => listed,
                    None => slices::derived(&object.spec, selected, self.workloads, (self.rules, states)),
                };
                if service.resolution == super::Resolution::ClientSideLb {
                    endpoints.extend(entries::of_kubernetes_service(
                        service,
                        object,
                        selected,
                        self.workloads,
                    ));
                }
                endpoints
            }
            ServiceSource::ServiceEntry(object) if object.spec.workload_selector.is_some() => {
                entries::of_service_entry(
                    service,
                    selected,
                    self.workloads,
                    (self.rules, self.joins_families()),
                )
            }
            ServiceSource::ServiceEntry(object) => {
                let inline = self.inline.get(&name_of(object)).map_or(&[][..], Vec::as_slice);
                entries::of_service_entry(service, inline, self.workloads, (self.rules, false))
            }
        }
    }
}

/// Whether a Service selects workloads of a sort: flags keep ServiceEntries from pods, and Kubernetes'
/// Services from WorkloadEntries.
#[doc(hidden)]
#[must_use]
pub fn may_select(service: &Service, source: &WorkloadSource, features: &Features) -> bool {
    match source {
        WorkloadSource::Pod(_) => service.is_kubernetes() || features.pilot_enable_serviceentry_select_pods,
        WorkloadSource::WorkloadEntry(_) => {
            !service.is_kubernetes() || features.pilot_enable_k8s_select_workload_entries
        }
        WorkloadSource::ServiceEntryEndpoint(..) => true,
    }
}

fn name_of(object: &Object<networking::ServiceEntry>) -> (&str, &str) {
    (&object.meta.namespace, &object.meta.name)
}

/// The endpoints of an ExternalName Service: what its slices list, and the name for each port that they lack.
fn external(service: &Service, name: &Str, mut listed: Vec<Endpoint>) -> Vec<Endpoint> {
    let is_missing = |port: &&super::Port| !listed.iter().any(|endpoint| endpoint.service_port == port.name);
    let named = |port: &super::Port| Endpoint {
        address: name.clone(),
        ip: name.parse().ok(),
        others: Vec::new(),
        port: port.number,
        service_port: port.name.clone(),
        service_port_number: None,
        workload: None,
        health: Health::Healthy,
        weight: 0,
        listed_by: None,
    };
    let named: Vec<_> = service.ports.iter().filter(is_missing).map(named).collect();
    listed.extend(named);
    listed
}
