//! On which ports a listener has to find out what is spoken.

use std::collections::{BTreeMap, BTreeSet};

use envoy::config::listener::v3::ListenerFilter;

use crate::mesh::service::{Protocol, Service};
use crate::resources::filters::inspect;

/// What is known of a port, over all Services that have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Http,
    Tcp,
    /// Undeclared, or HTTP for one Service and not for another.
    Nothing,
}

/// The HTTP and TLS inspectors for these Services, each only where it is needed.
///
/// Envoy waits for the client's first bytes to detect a protocol, which breaks protocols in which the server speaks
/// first.
#[derive(Clone, Debug, Default)]
pub(super) struct Inspectors {
    known: BTreeMap<u32, Known>,
    tls: BTreeSet<u32>,
    other: BTreeSet<u32>,
}

impl Inspectors {
    /// Takes in a port for which there are chains.
    pub(super) fn add_chain(&mut self, port: u32, protocol: Protocol) {
        let new = match protocol {
            _ if protocol.is_unsupported() => Known::Nothing,
            _ if protocol.is_http() => Known::Http,
            _ => Known::Tcp,
        };
        let known = self.known.entry(port).or_insert(new);
        if *known != new {
            *known = Known::Nothing;
        }
    }

    /// Takes in all ports of a Service, those without chains too.
    pub(super) fn add_service(&mut self, service: &Service) {
        for port in &service.ports {
            let ports = if port.protocol.is_tls() { &mut self.tls } else { &mut self.other };
            ports.insert(port.number);
        }
    }

    /// The HTTP inspector. Where workloads are served themselves, any port may be called, so that none is left out.
    pub(super) fn http(&self, has_workloads: bool) -> ListenerFilter {
        let known = self.known.iter().filter(|(_, known)| **known != Known::Nothing && !has_workloads);
        let ports: Vec<u32> = known.map(|(port, _)| *port).collect();
        inspect::http_inspector(&ports)
    }

    /// The TLS inspector, if any port is TLS.
    pub(super) fn tls(&self) -> Option<ListenerFilter> {
        if self.tls.is_empty() {
            return None;
        }
        let ports: Vec<u32> = self.other.difference(&self.tls).copied().collect();
        Some(inspect::tls_inspector(&ports))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excluded(chains: &[(u32, Protocol)], has_workloads: bool) -> ListenerFilter {
        let mut inspectors = Inspectors::default();
        for (port, protocol) in chains {
            inspectors.add_chain(*port, *protocol);
        }
        inspectors.http(has_workloads)
    }

    #[test]
    fn ports_with_one_protocol_need_no_detection() {
        let known = [(80, Protocol::Http), (80, Protocol::Grpc), (25, Protocol::Tcp), (443, Protocol::Https)];
        assert_eq!(excluded(&known, false), inspect::http_inspector(&[25, 80, 443]));
        assert_eq!(excluded(&known, true), inspect::http_inspector(&[]));
    }

    #[test]
    fn ports_with_several_protocols_need_it() {
        let mixed =
            [(80, Protocol::Http), (80, Protocol::Tcp), (80, Protocol::Http), (90, Protocol::Unsupported)];
        assert_eq!(excluded(&mixed, false), inspect::http_inspector(&[]));
    }
}
