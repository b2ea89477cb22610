//! The filter chains of the listener that applies every policy, `main_internal`, and what leads to each.
//!
//! | module | decides |
//! |---|---|
//! | [`address`] | which addresses of a Service are matched |
//! | [`inspection`] | on which ports it has to be found out what is spoken |
//! | [`planner`] | the chains of each port of each Service, and two for workloads that are called themselves |

mod address;
mod inspection;
mod planner;

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::policies::{Policies, PolicySetId};
use super::routes::{HttpRoutes, TcpRoute};
use super::telemetry::{Telemetries, TelemetryId};
use crate::Str;
use crate::mesh::attachment::Bound;
use crate::mesh::extension::Extension;
use crate::mesh::{Address, Protocol, Service};
use crate::snapshot::Cause;

pub(crate) use inspection::Inspection;

/// The listeners of a waypoint.
#[derive(Clone, Debug)]
pub(crate) struct Listeners<'m> {
    /// The chains of `main_internal`, each named once.
    pub(crate) chains: Vec<Chain<'m>>,
    /// Which chains connections to an address lead to.
    pub(crate) destinations: Vec<Destination>,
    /// The same by the authority of the tunnel, `hostname:port`, which is asked first.
    pub(crate) authorities: BTreeMap<String, PortChains>,
    /// The workloads that are served, by address.
    pub(crate) workloads: Vec<WorkloadAddress>,
    /// On which ports it has to be found out what is spoken.
    pub(crate) inspection: Inspection,
    /// Whether there are listeners for tunnels into other networks.
    pub(crate) other_networks: bool,
    /// The policies of chains and tunnels.
    pub(crate) policies: Policies<'m>,
    /// What telemetry asks of chains and listeners.
    pub(crate) telemetries: Telemetries<'m>,
    /// Every extension of a chain, by the name under which Envoy asks for its configuration.
    pub(crate) extensions: Vec<&'m Extension>,
    /// What made each of them: the Gateway, and what telemetry asks of the waypoint.
    pub(crate) causes: Vec<Cause>,
}

/// A filter chain.
#[derive(Clone, Debug)]
pub(crate) struct Chain<'m> {
    /// Its name.
    pub(crate) name: Str,
    /// The Service; none for workloads that are called by their own address.
    pub(crate) service: Option<&'m Service>,
    /// The Service's port.
    pub(crate) port: u32,
    /// The port's name.
    pub(crate) port_name: &'m str,
    /// What is spoken on it.
    pub(crate) protocol: Protocol,
    /// The cluster that it leads to, unless a route leads elsewhere.
    pub(crate) cluster: String,
    /// The address that its connections were meant for, where the tunnel may name a host instead.
    pub(crate) address: Option<IpAddr>,
    /// What it does with requests or connections.
    pub(crate) traffic: Traffic<'m>,
    /// What telemetry asks of it.
    pub(crate) telemetry: TelemetryId,
    /// The policies that bind to it: in the list for its kind of traffic.
    pub(crate) policies: PolicySetId,
    /// Its extensions, in order.
    pub(crate) extensions: Vec<Bound<'m, Extension>>,
    /// What made it: its Service's port, what routes it, the label that names the waypoint, policies, telemetry and
    /// extensions.
    pub(crate) causes: Vec<Cause>,
}

/// What a chain does.
#[derive(Clone, Debug)]
pub(crate) enum Traffic<'m> {
    /// HTTP.
    Http(HttpRoutes<'m>),
    /// Bytes.
    Tcp(TcpRoute<'m>),
}

/// The chains that connections to one port lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PortChains {
    /// All to this one.
    One(Str),
    /// HTTP to the one, anything else to the other.
    Detect {
        /// The chain for HTTP.
        http: Str,
        /// The chain for anything else.
        tcp: Str,
    },
}

/// The addresses of a Service, and its chains by port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    /// The addresses.
    pub(crate) addresses: Vec<Address>,
    /// The chains by port.
    pub(crate) ports: Vec<(u32, PortChains)>,
}

/// An address of a workload that is served itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WorkloadAddress {
    /// The address.
    pub(crate) ip: IpAddr,
    /// Whether connections to it are told from others.
    pub(crate) matched: bool,
    /// The workload, and the label that names the waypoint.
    pub(crate) causes: Vec<Cause>,
}

impl PortChains {
    /// The chains for workloads that are called by their own address.
    pub(crate) const WORKLOADS: Self =
        Self::Detect { http: Str::new_static(DIRECT_HTTP), tcp: Str::new_static(DIRECT_TCP) };
}

/// The chain for bytes to a workload's own address.
const DIRECT_TCP: &str = "direct-tcp";
/// The chain for HTTP to a workload's own address.
const DIRECT_HTTP: &str = "direct-http";
