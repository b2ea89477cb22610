//! Where the service of an extension provider is.

use std::collections::BTreeSet;

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
        let id = match service.split_once('/') {
            Some((namespace, hostname)) if !hostname.contains('/') => services.lookup(hostname, namespace),
            _ => {
                let namespaces: BTreeSet<&str> = services
                    .with_hostname(service)
                    .iter()
                    .filter_map(|id| services.get(*id))
                    .map(|service| service.namespace.as_str())
                    .collect();
                match (namespaces.first(), namespaces.len()) {
                    (Some(namespace), 1) => services.lookup(service, namespace),
                    _ => None,
                }
            }
        };
        Some(Self::new(services.get(id?)?, port))
    }
}
