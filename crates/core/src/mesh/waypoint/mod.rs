//! Waypoints: what each serves, and the proxy that runs it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use crate::Str;
use crate::mesh::workload::Locality;
use crate::mesh::{ServiceId, Services, WorkloadId, Workloads};
use crate::options::Options;
use crate::problem::Problem;
use crate::snapshot::mesh_config::MeshConfig;
use crate::snapshot::{Object, Snapshot, gateway_api};

/// A waypoint's name: the namespace and name of its Gateway, written `namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaypointName {
    /// The Gateway's namespace.
    pub namespace: Str,
    /// The Gateway's name.
    pub name: Str,
}

impl fmt::Display for WaypointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// A text that is not `namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected NAMESPACE/NAME of a Gateway, found `{0}`")]
pub struct NotAWaypointName(String);

impl FromStr for WaypointName {
    type Err = NotAWaypointName;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(Self { namespace: namespace.into(), name: name.into() })
            }
            _ => Err(NotAWaypointName(s.to_owned())),
        }
    }
}

/// A waypoint: a Gateway of class `istio-waypoint`, what it serves and the proxy that does it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Waypoint {
    /// Its name.
    pub name: WaypointName,
    /// Its Gateway.
    pub gateway: Arc<Object<gateway_api::Gateway>>,
    /// The service account that it is for (1.18 only); none = the whole namespace.
    pub for_service_account: Option<Str>,
    /// The proxy that runs it.
    pub proxy: Proxy,
    /// The Services that it serves, in the order in which Istio lists them.
    pub services: Vec<ServiceId>,
    /// The workloads that it serves, in the order in which Istio lists them.
    pub workloads: Vec<WorkloadId>,
    /// Whether it was taken as ready though its status has no address.
    pub readiness_assumed: bool,
}

/// The Envoy that runs a waypoint, as its own pod would describe it to the control plane.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Proxy {
    /// The pod's name.
    pub pod_name: Str,
    /// The pod's labels: 1.18's policies select by them.
    pub labels: BTreeMap<Str, Str>,
    /// The pod's annotations.
    pub annotations: BTreeMap<Str, Str>,
    /// The pod's service account.
    pub service_account: Str,
    /// The Deployment's name.
    pub workload_name: Str,
    /// The pod's addresses: they decide whether it listens on IPv4, IPv6 or both.
    pub addresses: Vec<IpAddr>,
    /// The node that it runs on.
    pub node_name: Str,
    /// Where it runs.
    pub locality: Locality,
}

impl Proxy {
    /// Whether it has an IPv4 address.
    #[must_use]
    pub fn supports_ipv4(&self) -> bool {
        self.addresses.iter().any(IpAddr::is_ipv4)
    }

    /// Whether it has an IPv6 address.
    #[must_use]
    pub fn supports_ipv6(&self) -> bool {
        self.addresses.iter().any(IpAddr::is_ipv6)
    }
}

impl Waypoint {
    /// Whether it serves this Service.
    #[must_use]
    pub fn serves(&self, service: ServiceId) -> bool {
        self.services.contains(&service)
    }
}

/// Finds every waypoint and what it serves.
pub(crate) fn index(
    _snapshot: &Snapshot,
    _options: &Options,
    _config: &MeshConfig,
    _services: &Services,
    _workloads: &Workloads,
    _problems: &mut Vec<Problem>,
) -> Vec<Waypoint> {
    Vec::new()
}
