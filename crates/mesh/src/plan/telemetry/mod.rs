//! What telemetry asks of a waypoint's chains: access logs, metrics and traces, with their providers
//! resolved.
//!
//! Source: [Telemetry](https://istio.io/latest/docs/reference/config/telemetry/) and the extension providers
//! of the [mesh configuration](https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/).

mod access_log;
mod tracing;

use std::collections::BTreeMap;

use super::Scope;
use super::provider::Upstream;
use crate::Str;
use crate::mesh::Service;
use crate::mesh::attachment::Bound;
use crate::mesh::telemetry::{Applicable, MetricsProvider, metrics_providers};
use crate::rules::SpanSender;
use crate::snapshot::Cause;

pub use access_log::{AccessLog, AccessLogs, LogSink};
pub use tracing::{Sampler, Tracer, Tracing};

/// What telemetry asks of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Telemetry<'m> {
    /// Where access logs are written.
    pub access_logs: AccessLogs<'m>,
    /// Who takes metrics, by name.
    pub metrics: Vec<MetricsProvider<'m>>,
    /// How requests are traced; none = they are not.
    pub tracing: Option<Tracing<'m>>,
    /// The resources that ask, each with the field by which it applies, and the services of the providers.
    pub(crate) causes: Vec<Cause>,
}

impl<'m> Telemetry<'m> {
    /// What these resources ask of the chains of a Service, or of all.
    fn new(scope: Scope<'m>, applicable: &Applicable<'m>, service: Option<&'m Service>) -> Self {
        let access_logs = AccessLogs::new(scope, applicable);
        let tracing = Tracing::new(scope, applicable, service);
        let mut causes = causes_of(applicable);
        let upstreams = access_logs.upstreams().chain(tracing.iter().flat_map(Tracing::upstreams));
        for Upstream { cause, .. } in upstreams {
            if !causes.contains(cause) {
                causes.push(cause.clone());
            }
        }
        let metrics = metrics_providers(applicable, &scope.mesh.config, &scope.rules.listeners);
        Self { access_logs, metrics, tracing, causes }
    }
}

/// The position of a [`Telemetry`] in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelemetryId(pub usize);

/// What telemetry asks of the chains of a waypoint. Few sets of resources are different, and each is there
/// once.
#[derive(Clone, Debug)]
pub struct Telemetries<'m> {
    all: Vec<Telemetry<'m>>,
}

impl<'m> Telemetries<'m> {
    /// What is asked of the waypoint as a whole, of its listeners too.
    pub const WAYPOINT: TelemetryId = TelemetryId(0);

    /// All of it, by position.
    pub fn all(&self) -> &[Telemetry<'m>] {
        &self.all
    }
}

/// Finds what telemetry asks of the Services of one waypoint.
#[derive(Debug)]
pub(super) struct TelemetryPlanner<'m> {
    scope: Scope<'m>,
    all: Vec<Telemetry<'m>>,
    /// By the resources that ask and, where spans name the Service that was called, by that.
    ids: BTreeMap<(Vec<Cause>, Option<Str>), TelemetryId>,
}

impl<'m> TelemetryPlanner<'m> {
    /// Begins with what is asked of the waypoint as a whole.
    pub(super) fn new(scope: Scope<'m>) -> Self {
        let mut planner = Self { scope, all: Vec::new(), ids: BTreeMap::new() };
        planner.add(None);
        planner
    }

    /// What is asked of the chains of a Service, or of those for no Service.
    pub(super) fn of(&mut self, service: Option<&'m Service>) -> TelemetryId {
        match service {
            None => Telemetries::WAYPOINT,
            Some(service) => self.add(Some(service)),
        }
    }

    fn add(&mut self, service: Option<&'m Service>) -> TelemetryId {
        let scope = self.scope;
        let applicable = scope.mesh.telemetries.applicable(scope.waypoint, service);
        let named = service.filter(|_| scope.rules.tracing.sender == SpanSender::Service);
        let key = (causes_of(&applicable), named.map(|service| service.hostname.clone()));
        *self.ids.entry(key).or_insert_with(|| {
            self.all.push(Telemetry::new(scope, &applicable, service));
            TelemetryId(self.all.len() - 1)
        })
    }

    /// What made it.
    pub(super) fn causes(&self, TelemetryId(position): TelemetryId) -> &[Cause] {
        self.all.get(position).map_or(&[], |telemetry| &telemetry.causes)
    }

    /// What was found.
    pub(super) fn done(self) -> Telemetries<'m> {
        Telemetries { all: self.all }
    }
}

/// The objects that apply, each with the field that says so.
fn causes_of(applicable: &Applicable<'_>) -> Vec<Cause> {
    applicable.iter().map(Bound::cause).collect()
}
