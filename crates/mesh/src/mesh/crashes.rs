//! What makes a release's control plane crash: nobody else tells, as API server and webhook take such
//! objects.

use std::collections::BTreeSet;

use super::telemetry::tracing_spec;
use super::{Endpoints, Resolution, ServiceId, Services, Telemetries, Waypoint};
use crate::mesh::MeshSettings;
use crate::problem::{Code, Problem};
use crate::rules::Rules;

/// What crashes are looked for in.
#[derive(Clone, Copy)]
pub(super) struct Crashes<'a> {
    pub(super) rules: &'static Rules,
    pub(super) config: &'a MeshSettings,
    pub(super) services: &'a Services,
    pub(super) endpoints: &'a Endpoints,
    pub(super) telemetries: &'a Telemetries,
    pub(super) waypoints: &'a [Waypoint],
}

impl Crashes<'_> {
    /// Every cause of a crash.
    pub(super) fn problems(self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.rules.clusters.crashes_without_names_to_resolve {
            problems.extend(self.without_names_to_resolve());
        }
        if self.rules.tracing.crashes_on_lightstep {
            problems.extend(self.traced_by_lightstep());
        }
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
                let release = self.rules.release;
                let message = format!(
                    "Istio {release} crashes on `{}`: it is resolved by DNS, served by a waypoint, and has no endpoints",
                    service.hostname
                );
                Problem::new(Code::ControlPlaneCrashes, message)
                    .on(service.source.object())
                    .help("give it endpoints, or workloads that its selector selects")
            })
            .collect()
    }

    /// Waypoints that are traced by a provider of kind Lightstep, which the release has no configuration for.
    fn traced_by_lightstep(self) -> Vec<Problem> {
        if self.config.extension_providers.iter().all(|provider| provider.lightstep.is_none()) {
            return Vec::new();
        }
        let provider = |waypoint: &Waypoint| {
            let services = waypoint.services.iter().map(|id| self.services.get(*id));
            services.chain([None]).find_map(|service| {
                let applicable = self.telemetries.applicable(waypoint, service);
                let spec = tracing_spec(&applicable, self.config).filter(|spec| !spec.disabled)?;
                spec.provider.filter(|provider| provider.lightstep.is_some()).map(|p| p.name.clone())
            })
        };
        let traced = self.waypoints.iter().filter_map(|waypoint| Some((waypoint, provider(waypoint)?)));
        traced
            .map(|(waypoint, provider)| {
                let release = self.rules.release;
                let message = format!(
                    "Istio {release} crashes on `{provider}`, a tracing provider of kind lightstep that waypoint `{}` uses",
                    waypoint.name
                );
                Problem::new(Code::ControlPlaneCrashes, message)
                    .on(waypoint.gateway.object_ref())
                    .help("send spans to Lightstep by a provider of kind opentelemetry")
            })
            .collect()
    }
}
