//! Services and ServiceEntries as one kind of thing.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::Str;
use crate::release::Rules;
use crate::snapshot::mesh_config::MeshConfig;
use crate::snapshot::{Object, ObjectRef, Snapshot, kubernetes, networking};

/// The position of a [`Service`] in [`Services`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub u32);

/// A host of the mesh: a Kubernetes Service, or one host of a ServiceEntry.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Service {
    /// The fully qualified hostname, e.g. `reviews.default.svc.cluster.local`.
    pub hostname: Str,
    /// The object's name.
    pub name: Str,
    /// The object's namespace.
    pub namespace: Str,
    /// The object that it comes from.
    pub source: ServiceSource,
    /// The ports, in the object's order.
    pub ports: Vec<Port>,
    /// The addresses that clients dial, primary first; none for headless Services.
    pub addresses: Vec<Address>,
    /// How its endpoints are found.
    pub resolution: Resolution,
    /// Whether it lies outside the mesh (`location: MESH_EXTERNAL`, ExternalName).
    pub mesh_external: bool,
    /// The pods that it selects; empty selects nothing (or, for 1.18's scoping, everything).
    pub selector: BTreeMap<Str, Str>,
    /// The namespaces that it is visible to, as Istio resolves `exportTo`.
    pub export_to: ExportTo,
    /// Creation time in seconds since the epoch, if the snapshot has it.
    pub created: Option<i64>,
}

/// An address of a Service: one IP address, or a range (ServiceEntry addresses may be CIDRs).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The address, or the range's first.
    pub ip: IpAddr,
    /// The prefix length; 32 (128 for IPv6) for a single address.
    pub prefix_len: u8,
}

/// Where a [`Service`] comes from.
#[derive(Clone, Debug)]
pub enum ServiceSource {
    /// A Kubernetes Service.
    Kubernetes(Arc<Object<kubernetes::Service>>),
    /// A host of a ServiceEntry.
    ServiceEntry(Arc<Object<networking::ServiceEntry>>),
}

impl ServiceSource {
    /// The object's identity.
    #[must_use]
    pub fn object(&self) -> ObjectRef {
        match self {
            Self::Kubernetes(o) => o.reference(),
            Self::ServiceEntry(o) => o.reference(),
        }
    }
}

/// Whom a Service (or a rule) is exported to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ExportTo {
    /// Every namespace: `*`.
    #[default]
    Everyone,
    /// No namespace: `~`.
    Nobody,
    /// These namespaces (`.` already resolved).
    Namespaces(Vec<Str>),
}

impl ExportTo {
    /// Whether `namespace` may see it.
    #[must_use]
    pub fn allows(&self, namespace: &str) -> bool {
        match self {
            Self::Everyone => true,
            Self::Nobody => false,
            Self::Namespaces(all) => all.iter().any(|n| n == namespace),
        }
    }
}

/// How a Service's endpoints are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The control plane knows them: EDS.
    ClientSideLb,
    /// Each name is resolved, all answers are used (`DNS`).
    DnsLb,
    /// One answer at a time (`DNS_ROUND_ROBIN`).
    DnsRoundRobinLb,
    /// The address that the client dialled (`NONE`, headless).
    Passthrough,
    /// The name that the client asked for (`DYNAMIC_DNS`, since 1.28).
    DynamicDns,
    /// An alias of another host (ExternalName, in releases that treat it so).
    Alias,
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name.
    pub name: Str,
    /// Its number.
    pub number: u32,
    /// What is spoken on it, as Istio's protocol selection sees it.
    pub protocol: Protocol,
}

/// What is spoken on a port: <https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// `http`
    Http,
    /// `http2`
    Http2,
    /// `grpc`
    Grpc,
    /// `grpc-web`
    GrpcWeb,
    /// `https`
    Https,
    /// `hbone`
    Hbone,
    /// `tls`
    Tls,
    /// `tcp`
    Tcp,
    /// `mongo`
    Mongo,
    /// `redis`
    Redis,
    /// `mysql`
    MySql,
    /// `udp`
    Udp,
    /// Undeclared: detected per connection.
    Unsupported,
}

impl Protocol {
    /// HTTP/1, HTTP/2, gRPC or gRPC-Web in clear text.
    #[must_use]
    pub const fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Http2 | Self::Grpc | Self::GrpcWeb)
    }

    /// HTTP/2 without negotiation.
    #[must_use]
    pub const fn is_http2(self) -> bool {
        matches!(self, Self::Http2 | Self::Grpc | Self::GrpcWeb)
    }

    /// gRPC or gRPC-Web.
    #[must_use]
    pub const fn is_grpc(self) -> bool {
        matches!(self, Self::Grpc | Self::GrpcWeb)
    }

    /// Anything proxied as bytes.
    #[must_use]
    pub const fn is_tcp(self) -> bool {
        matches!(self, Self::Tcp | Self::Https | Self::Tls | Self::Mongo | Self::Redis | Self::MySql | Self::Hbone)
    }

    /// TLS that the proxy does not terminate.
    #[must_use]
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }

    /// Nothing was declared: the proxy has to look at the first bytes.
    #[must_use]
    pub const fn is_unsupported(self) -> bool {
        matches!(self, Self::Unsupported)
    }
}

/// Every [`Service`] of a snapshot, indexed.
#[derive(Clone, Debug, Default)]
pub struct Services {
    all: Vec<Service>,
    by_hostname: BTreeMap<Str, Vec<ServiceId>>,
}

impl Services {
    /// Builds the index.
    #[must_use]
    pub fn new(_snapshot: &Snapshot, _rules: &'static Rules, _config: &MeshConfig) -> Self {
        Self::default()
    }

    /// The Service with this id.
    #[must_use]
    pub fn get(&self, id: ServiceId) -> Option<&Service> {
        self.all.get(id.0 as usize)
    }

    /// All, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (ServiceId, &Service)> {
        (0..).map(ServiceId).zip(&self.all)
    }

    /// The Services with this hostname, whatever their namespace.
    #[must_use]
    pub fn with_hostname(&self, hostname: &str) -> &[ServiceId] {
        self.by_hostname.get(hostname).map_or(&[], Vec::as_slice)
    }
}
