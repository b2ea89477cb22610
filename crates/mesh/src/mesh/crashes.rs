//! What makes a release's control plane crash: nobody else tells, as API server and webhook take such
//! objects.

use std::collections::BTreeSet;

use super::balancing::Balancing;
use super::destination_rule::{Client, PortPolicy};
use super::telemetry::tracing_spec;
use super::{
    DestinationRules, Endpoints, Port, Resolution, Service, ServiceId, Services, Telemetries,
    VirtualServices, Waypoint, WorkloadId, Workloads,
};
use crate::features::Features;
use crate::mesh::MeshSettings;
use crate::problem::{Code, Problem};
use crate::rules::{CrashingTracers, Rules};
use crate::snapshot::mesh_config::ExtensionProvider;

/// What crashes are looked for in.
#[derive(Clone, Copy)]
pub(super) struct Crashes<'a> {
    pub(super) rules: &'static Rules,
    pub(super) features: &'a Features,
    pub(super) config: &'a MeshSettings,
    pub(super) services: &'a Services,
    pub(super) workloads: &'a Workloads,
    pub(super) endpoints: &'a Endpoints,
    pub(super) destination_rules: &'a DestinationRules,
    pub(super) virtual_services: &'a VirtualServices,
    pub(super) telemetries: &'a Telemetries,
    pub(super) waypoints: &'a [Waypoint],
}

impl<'a> Crashes<'a> {
    /// Every cause of a crash.
    pub(super) fn problems(self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.rules.clusters.crashes_without_names_to_resolve {
            problems.extend(self.without_names_to_resolve());
        }
        if self.rules.clusters.crashes_on_labels_of_names {
            problems.extend(self.names_preferred_by_labels());
        }
        if self.rules.clusters.crashes_on_unnamed_tunnels {
            problems.extend(self.unnamed_tunnels());
        }
        problems.extend(self.traced_by_crashing());
        problems
    }

    /// Services of waypoints whose clusters would resolve names, of which there are none: Istio makes no
    /// cluster and goes on with it.
    fn without_names_to_resolve(self) -> Vec<Problem> {
        let served: BTreeSet<ServiceId> = self.waypoints.iter().flat_map(|w| &w.services).copied().collect();
        let resolves = |resolution| matches!(resolution, Resolution::DnsLb | Resolution::DnsRoundRobinLb);
        let unresolved = served.into_iter().filter_map(|id| {
            let service = self.services.get(id)?;
            (resolves(service.resolution) && self.endpoints.of(id).is_empty()).then_some(service)
        });
        unresolved
            .map(|service| {
                self.of_service(service, "it is resolved by DNS, served by a waypoint, and has no endpoints")
                    .help("give it endpoints, or workloads that its selector selects")
            })
            .collect()
    }

    /// Services whose names waypoints resolve as clients, in several localities, and prefer some of by their
    /// labels: Istio looks for the endpoints of all localities in the first.
    fn names_preferred_by_labels(self) -> Vec<Problem> {
        let preferred = |waypoint: &'a Waypoint| {
            let hosts = self.virtual_services.destinations(waypoint, self.services).into_iter();
            let destinations = hosts.filter_map(|host| self.services.visible(host, &waypoint.name.namespace));
            destinations.filter(move |id| self.prefers_by_labels(waypoint, *id))
        };
        let services: BTreeSet<ServiceId> = self.waypoints.iter().flat_map(preferred).collect();
        let services = services.into_iter().filter_map(|id| self.services.get(id));
        services
            .map(|service| {
                self.of_service(service, "its names are in several localities, and are preferred by labels")
                    .help("give its endpoints one locality, or let them fail over by localities")
            })
            .collect()
    }

    /// Whether a Service's names are resolved, and a port has endpoints in several localities, some of which
    /// labels prefer.
    fn prefers_by_labels(self, waypoint: &Waypoint, id: ServiceId) -> bool {
        let Some(service) = self.services.get(id).filter(|service| service.resolution.resolves_names())
        else {
            return false;
        };
        let client = Client { namespace: &waypoint.name.namespace, labels: Some(&waypoint.proxy.labels) };
        let rule = self.destination_rules.of_client(client, service).for_client();
        let general = rule.and_then(|rule| rule.spec.traffic_policy.as_ref());
        service.ports.iter().any(|port| {
            let policy = PortPolicy::merged(general, None, port.number).unwrap_or_default();
            self.labels_count(&policy, service) && self.localities(id, port) > 1
        })
    }

    /// Whether labels decide which endpoints come first.
    fn labels_count(self, policy: &PortPolicy<'_>, service: &Service) -> bool {
        let of_mesh = self.config.default_traffic_policy.outlier_detection.as_ref();
        let detects = policy.outlier_detection.or(of_mesh).is_some();
        Balancing::effective(self.config, policy.load_balancer, service).is_some_and(|balancing| {
            (detects || balancing.force_failover)
                && balancing.setting.distribute.is_empty()
                && !balancing.setting.failover_priority.is_empty()
        })
    }

    /// In how many localities a port of a Service has endpoints.
    fn localities(self, id: ServiceId, port: &Port) -> usize {
        let of_port = self.endpoints.of(id).iter().filter(|endpoint| endpoint.service_port == port.name);
        let localities: BTreeSet<&str> = of_port
            .filter_map(|endpoint| endpoint.workload)
            .filter_map(|id| self.workloads.get(id))
            .map(|workload| workload.locality.text().as_str())
            .collect();
        localities.len()
    }

    /// Waypoints with tunnels to workloads of which flags keep Istio from saying who they are: it adds the
    /// tunnel to what it did not begin.
    fn unnamed_tunnels(self) -> Vec<Problem> {
        let Features { pilot_enable_telemetry_label, pilot_endpoint_telemetry_label, .. } = self.features;
        let flag = match (pilot_enable_telemetry_label, pilot_endpoint_telemetry_label) {
            (true, true) => return Vec::new(),
            (false, _) => "PILOT_ENABLE_TELEMETRY_LABEL",
            (true, false) => "PILOT_ENDPOINT_TELEMETRY_LABEL",
        };
        let tunnel = |waypoint: &&Waypoint| {
            let endpoints = waypoint.services.iter().flat_map(|id| self.endpoints.of(*id));
            let behind: BTreeSet<WorkloadId> = waypoint.workloads.iter().copied().collect();
            let mut workloads = endpoints.filter_map(|endpoint| endpoint.workload);
            workloads.any(|id| {
                behind.contains(&id) && self.workloads.get(id).is_some_and(|workload| workload.hbone)
            })
        };
        self.waypoints
            .iter()
            .filter(tunnel)
            .map(|waypoint| {
                let why = format!(": it has tunnels to workloads, and the flag {flag} is false");
                let crash = self.crash(&waypoint.name.to_string(), &why).on(waypoint.gateway.object_ref());
                crash.help(format!("leave {flag} as it is"))
            })
            .collect()
    }

    /// Waypoints that are traced by a provider that the release crashes on.
    fn traced_by_crashing(self) -> Vec<Problem> {
        if self.config.extension_providers.iter().all(|provider| self.crash_of(provider).is_none()) {
            return Vec::new();
        }
        let crash = |waypoint: &Waypoint| {
            let services = waypoint.services.iter().map(|id| self.services.get(*id));
            services.chain([None]).find_map(|service| {
                let applicable = self.telemetries.applicable(waypoint, service);
                let spec = tracing_spec(&applicable, self.config).filter(|spec| !spec.disabled)?;
                let provider = spec.provider?;
                Some((&provider.name, self.crash_of(provider)?))
            })
        };
        let crashes = self.waypoints.iter().filter_map(|waypoint| Some((waypoint, crash(waypoint)?)));
        crashes
            .map(|(waypoint, (provider, Crash { because, help }))| {
                let why = format!(", a tracing provider {because}, which waypoint `{}` uses", waypoint.name);
                self.crash(provider, &why).on(waypoint.gateway.object_ref()).help(help)
            })
            .collect()
    }

    fn of_service(self, service: &Service, why: &str) -> Problem {
        self.crash(&service.hostname, &format!(": {why}")).on(service.source.object())
    }

    fn crash(self, on: &str, why: &str) -> Problem {
        let message = format!("Istio {} crashes on `{on}`{why}", self.rules.release);
        Problem::new(Code::ControlPlaneCrashes, message)
    }

    /// Why the release crashes where this provider is to take spans; none if it does not.
    fn crash_of(self, provider: &ExtensionProvider) -> Option<Crash> {
        match self.rules.tracing.crashes_on {
            CrashingTracers::Lightstep if provider.lightstep.is_some() => Some(Crash {
                because: "of kind lightstep",
                help: "send spans to Lightstep by a provider of kind opentelemetry",
            }),
            CrashingTracers::NoTracers if !provider.takes_spans() => Some(Crash {
                because: "of a kind that takes no spans",
                help: "name a provider that takes spans",
            }),
            _ => self.asks_nowhere(provider).then_some(Crash {
                because: "with a sampler whose `httpService` has no `http`",
                help: "give the sampler's `httpService` an `http` with a path",
            }),
        }
    }

    /// Whether a sampler of Dynatrace is there to be asked, but no path is.
    fn asks_nowhere(self, provider: &ExtensionProvider) -> bool {
        let Some(otel) = &provider.opentelemetry else { return false };
        let asked = otel.dynatrace_sampler.as_ref().and_then(|sampler| sampler.http_service.as_ref());
        let is_there = |service: &str| self.services.of_provider(service).is_some();
        asked.is_some_and(|asked| asked.http.is_none() && is_there(&asked.service) && is_there(&otel.service))
    }
}

/// What makes the control plane crash, and what helps.
struct Crash {
    because: &'static str,
    help: &'static str,
}
