//! Which addresses answer for which port of a Service.

use crate::Str;
use crate::mesh::{ServiceId, Services, WorkloadId, Workloads};
use crate::release::Rules;
use crate::snapshot::Snapshot;
use crate::snapshot::mesh_config::MeshConfig;

/// One address that answers for one port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// The IP address, or a hostname (DNS), or the path of a Unix domain socket.
    pub address: Str,
    /// The port that it listens on.
    pub port: u32,
    /// The name of the Service's port that it answers for.
    pub service_port: Str,
    /// The number of the Service's port that it answers for, where Istio knows it: of a ServiceEntry's endpoints.
    pub service_port_number: Option<u32>,
    /// The workload behind it, if the snapshot has it.
    pub workload: Option<WorkloadId>,
    /// Whether it is ready for traffic.
    pub health: Health,
    /// Its share of the traffic; 0 = unset (counts as 1).
    pub weight: u32,
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
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    by_service: Vec<Vec<Endpoint>>,
}

impl Endpoints {
    /// Builds the index.
    #[must_use]
    pub fn new(
        _snapshot: &Snapshot,
        _rules: &'static Rules,
        _config: &MeshConfig,
        _services: &Services,
        _workloads: &Workloads,
    ) -> Self {
        Self::default()
    }

    /// The endpoints of a Service, all ports, in Istio's order.
    #[must_use]
    pub fn of(&self, service: ServiceId) -> &[Endpoint] {
        self.by_service.get(service.0 as usize).map_or(&[], Vec::as_slice)
    }
}
