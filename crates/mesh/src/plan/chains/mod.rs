//! The filter chains of the listener that applies every policy, `main_internal`, and what leads to each.
//!
//! | module | decides |
//! |---|---|
//! | `address` | which addresses of a Service are matched |
//! | `inspection` | on which ports it has to be found out what is spoken |
//! | `planner` | the chains of each port of each Service, and two for workloads that are called themselves |

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

pub use inspection::Inspection;

/// The listeners of a waypoint.
#[derive(Clone, Debug)]
pub struct Listeners<'m> {
    /// The chains of `main_internal`, each named once.
    pub chains: Vec<Chain<'m>>,
    /// Which chains connections to an address lead to.
    pub destinations: Vec<Destination>,
    /// The same by the authority of the tunnel, `hostname:port`, which is asked first.
    pub authorities: BTreeMap<String, PortChains>,
    /// The workloads that are served, by address.
    pub workloads: Vec<WorkloadAddress>,
    /// On which ports it has to be found out what is spoken.
    pub inspection: Inspection,
    /// Whether there are listeners for tunnels into other networks.
    pub other_networks: bool,
    /// The policies of chains and tunnels.
    pub policies: Policies<'m>,
    /// What telemetry asks of chains and listeners.
    pub telemetries: Telemetries<'m>,
    /// Every extension of a chain, by the name under which Envoy asks for its configuration.
    pub extensions: Vec<&'m Extension>,
    /// What made each of them: the Gateway, and what telemetry asks of the waypoint.
    pub causes: Vec<Cause>,
}

/// A filter chain.
#[derive(Clone, Debug)]
pub struct Chain<'m> {
    /// Its name.
    pub name: Str,
    /// The Service; none for workloads that are called by their own address.
    pub service: Option<&'m Service>,
    /// The Service's port.
    pub port: u32,
    /// The port's name.
    pub port_name: &'m str,
    /// What is spoken on it.
    pub protocol: Protocol,
    /// The cluster that it leads to, unless a route leads elsewhere.
    pub cluster: String,
    /// The address that its connections were meant for, where the tunnel may name a host instead.
    pub address: Option<IpAddr>,
    /// What it does with requests or connections.
    pub traffic: Traffic<'m>,
    /// What telemetry asks of it.
    pub telemetry: TelemetryId,
    /// The policies that bind to it: in the list for its kind of traffic.
    pub policies: PolicySetId,
    /// Its extensions, in order.
    pub extensions: Vec<Bound<'m, Extension>>,
    /// What made it: its Service's port, what routes it, the label that names the waypoint, policies,
    /// telemetry and extensions.
    pub causes: Vec<Cause>,
}

/// What a chain does.
#[derive(Clone, Debug)]
pub enum Traffic<'m> {
    /// HTTP.
    Http(HttpRoutes<'m>),
    /// Bytes.
    Tcp(TcpRoute<'m>),
}

/// The chains that connections to one port lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortChains {
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
pub struct Destination {
    /// The addresses.
    pub addresses: Vec<Address>,
    /// The chains by port.
    pub ports: Vec<(u32, PortChains)>,
}

/// An address of a workload that is served itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadAddress {
    /// The address.
    pub ip: IpAddr,
    /// Whether connections to it are told from others.
    pub matched: bool,
    /// The workload, and the label that names the waypoint.
    pub causes: Vec<Cause>,
}

impl PortChains {
    /// The chains for workloads that are called by their own address.
    pub const WORKLOADS: Self =
        Self::Detect { http: Str::new_static(DIRECT_HTTP), tcp: Str::new_static(DIRECT_TCP) };
}

/// The chain for bytes to a workload's own address.
const DIRECT_TCP: &str = "direct-tcp";
/// The chain for HTTP to a workload's own address.
const DIRECT_HTTP: &str = "direct-http";
