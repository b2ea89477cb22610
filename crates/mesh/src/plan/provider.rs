//! Where the service of an extension provider is.

use super::names::{ClusterName, Direction};
use crate::Str;
use crate::mesh::{Service, Services};
use crate::snapshot::Cause;

/// The service that a provider names, as a proxy reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Its hostname.
    pub hostname: Str,
    /// The cluster that leads there.
    pub cluster: String,
    /// The object that has this hostname.
    pub cause: Cause,
}

impl Upstream {
    /// A port of a Service.
    pub fn new(service: &Service, port: u32) -> Self {
        let hostname = service.hostname.clone();
        let name = ClusterName { direction: Direction::Outbound, port, subset: "", hostname: &hostname };
        Self { cluster: name.into_string(), cause: service.source.object().into(), hostname }
    }

    /// Finds what a provider calls `namespace/hostname`, or `hostname` if only one namespace has that.
    pub fn find(services: &Services, service: &str, port: u32) -> Option<Self> {
        let service = services.get(services.of_provider(service)?)?;
        Some(Self::new(service, port))
    }
}
