//! On which ports a listener has to find out what is spoken.

use std::collections::{BTreeMap, BTreeSet};

use crate::mesh::service::{Protocol, Service};
use crate::snapshot::Cause;

/// On which ports it has to be found out what is spoken.
///
/// Envoy waits for the client's first bytes to detect a protocol, which breaks protocols in which the server
/// speaks first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// The ports on which it is known whether HTTP is spoken, ascending. Where workloads are served
    /// themselves, any port may be called, so that none is known.
    pub no_http: Vec<u32>,
    /// The ports on which TLS is not looked for, ascending; none = it is looked for nowhere.
    pub no_tls: Option<Vec<u32>>,
    /// The Services that have a say in that, but no chain.
    pub causes: Vec<Cause>,
}

/// What is known of a port, over all Services that have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Http,
    Tcp,
    /// Undeclared, or HTTP for one Service and not for another.
    Nothing,
}

/// Takes in the ports of Services.
#[derive(Clone, Debug, Default)]
pub(super) struct Ports {
    known: BTreeMap<u32, Known>,
    tls: BTreeSet<u32>,
    other: BTreeSet<u32>,
    without_chains: Vec<Cause>,
}

impl Ports {
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

    /// Takes in that a Service has no chains.
    pub(super) fn has_no_chain(&mut self, service: &Service) {
        self.without_chains.push(service.source.object().into());
    }

    /// What they amount to.
    pub(super) fn inspection(&self, has_workloads: bool) -> Inspection {
        let known = self.known.iter().filter(|(_, known)| **known != Known::Nothing && !has_workloads);
        Inspection {
            no_http: known.map(|(port, _)| *port).collect(),
            no_tls: (!self.tls.is_empty()).then(|| self.other.difference(&self.tls).copied().collect()),
            causes: self.without_chains.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(chains: &[(u32, Protocol)], has_workloads: bool) -> Vec<u32> {
        let mut ports = Ports::default();
        for (port, protocol) in chains {
            ports.add_chain(*port, *protocol);
        }
        ports.inspection(has_workloads).no_http
    }

    #[test]
    fn ports_with_one_protocol_need_no_detection() {
        let chains =
            [(80, Protocol::Http), (80, Protocol::Grpc), (25, Protocol::Tcp), (443, Protocol::Https)];
        assert_eq!(known(&chains, false), [25, 80, 443]);
        assert!(known(&chains, true).is_empty());
    }

    #[test]
    fn ports_with_several_protocols_need_it() {
        let mixed =
            [(80, Protocol::Http), (80, Protocol::Tcp), (80, Protocol::Http), (90, Protocol::Unsupported)];
        assert!(known(&mixed, false).is_empty());
    }
}
