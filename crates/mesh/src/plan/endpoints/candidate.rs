//! An endpoint while it is decided what Envoy gets of it.

use std::fmt::{self, Display, Write};
use std::net::IpAddr;

use crate::Str;
use crate::mesh::clusters::Instance;
use crate::mesh::endpoint::Health;
use crate::mesh::network::Networks;
use crate::mesh::workload::{Locality, Workload, WorkloadSource};
use crate::mesh::{Endpoint, Mesh, Service};
use crate::plan::causes;
use crate::snapshot::{Cause, Labels};
use crate::well_known::{CLUSTER, HOSTNAME, NETWORK, REGION, SUB_ZONE, ZONE};

/// The label that says whether a workload speaks mTLS by itself.
const TLS_MODE: &str = "security.istio.io/tlsMode";
/// What that label says of a workload with a sidecar.
pub const ISTIO: &str = "istio";

/// An endpoint with what is known of the workload behind it, looked up once.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'m> {
    /// The endpoint.
    pub endpoint: &'m Endpoint,
    /// Its address, if that is one of IP.
    pub(crate) ip: Option<IpAddr>,
    /// The workload, if the snapshot has it.
    pub workload: Option<&'m Workload>,
    /// The Service, where that itself is an alias of the endpoint: its labels are the endpoint's.
    pub alias: Option<&'m Service>,
    /// The cluster that it is in.
    pub cluster: &'m Str,
    /// The network that it is in.
    pub(crate) network: &'m Str,
    /// Whether a label that names another network counts as its label.
    keeps_network_label: bool,
    /// Whether it takes HBONE connections.
    pub(crate) hbone: bool,
    /// Whether its own labels or its address say so. A waypoint takes them, too, and need not say it.
    pub(crate) announces_hbone: bool,
    /// What the workload says about its own mTLS.
    pub(crate) tls_mode: Option<&'m str>,
    /// Whether it shuts down: its state or a label may say so.
    pub(crate) draining: bool,
}

impl<'m> Candidate<'m> {
    /// An endpoint with the workload behind it, or else the Service that is an alias of it.
    pub(crate) fn new(mesh: &'m Mesh, instance: Instance<'m>, alias: Option<&'m Service>) -> Self {
        let Instance { endpoint, workload, remote } = instance;
        let ip = endpoint.ip;
        let assigned = remote.map_or(&mesh.networks.assigned, |remote| &remote.assigned);
        let network = workload.map_or_else(|| assigned.of(ip), |workload| &workload.network);
        let draining = &mesh.options.features.pilot_draining_label;
        let announces_hbone = announces_hbone(endpoint, ip, (workload, network), &mesh.networks);
        let marked = || workload.and_then(|workload| workload.labels.get(draining));
        Self {
            endpoint,
            ip,
            workload,
            alias,
            cluster: remote.map_or(&mesh.cluster, |remote| &remote.name),
            network,
            keeps_network_label: mesh.rules.networks.keeps_network_label,
            hbone: announces_hbone || workload.is_some_and(|workload| workload.is_waypoint),
            announces_hbone,
            tls_mode: workload.and_then(tls_mode),
            draining: endpoint.health == Health::Draining || marked().is_some_and(|label| !label.is_empty()),
        }
    }

    /// Why it is there: what lists it, the workload, and the Node that says where that runs.
    pub(super) fn causes(&self, mesh: &Mesh) -> Vec<Cause> {
        // Most have no entry of a slice, but a workload and a Node.
        let mut causes = Vec::with_capacity(2);
        causes.extend(self.endpoint.listed_by.iter().cloned());
        // Where what has the address does not take HBONE itself, it does for the sake of others that have it.
        let of_others =
            self.ip.filter(|_| self.hbone && self.workload.is_none_or(|workload| !workload.hbone));
        if let Some(ip) = of_others {
            let others = mesh.workloads.with_address(ip).iter().filter_map(|id| mesh.workloads.get(*id));
            causes.extend(others.map(|other| other.source.cause()));
            let service = mesh.networks.hbone_service(self.network, ip);
            let service = service.and_then(|id| mesh.services.get(id));
            causes.extend(service.map(|service| service.source.object().into()));
        }
        causes.extend(self.workload.map(|workload| workload.source.cause()));
        causes.extend(self.workload.and_then(|workload| causes::node(mesh, &workload.node_name)));
        causes
    }

    /// Its label, empty where it has none.
    pub fn label(&self, key: &str) -> &str {
        if let Some(alias) = self.alias {
            return alias.labels.get(key).map_or("", Str::as_str);
        }
        let own = match (self.workload, key) {
            (Some(workload), _) => {
                label(&workload.labels, (&workload.locality, &workload.node_name, self.cluster), key)
            }
            (None, CLUSTER) => self.cluster.as_str(),
            (None, _) => "",
        };
        let replaced = own.is_empty() || !self.keeps_network_label && !self.network.is_empty();
        if key == NETWORK && replaced { self.network } else { own }
    }

    /// Whether it has all of these labels.
    pub fn has_labels(&self, labels: &Labels) -> bool {
        labels.iter().all(|(key, value)| self.label(key) == value)
    }
}

/// A label of something that runs somewhere: where it runs beats what it is labelled.
pub(super) fn label<'a>(
    labels: &'a Labels,
    (locality, node, cluster): (&'a Locality, &'a str, &'a str),
    key: &str,
) -> &'a str {
    let place = match key {
        REGION => locality.region.as_str(),
        ZONE => locality.zone.as_str(),
        SUB_ZONE => locality.sub_zone.as_str(),
        CLUSTER => cluster,
        HOSTNAME => node,
        _ => "",
    };
    if place.is_empty() { labels.get(key).map_or("", Str::as_str) } else { place }
}

/// Whether an endpoint's own labels say that it takes HBONE connections, or ztunnel knows its address.
fn announces_hbone(
    endpoint: &Endpoint,
    ip: Option<IpAddr>,
    (workload, network): (Option<&Workload>, &Str),
    networks: &Networks,
) -> bool {
    if workload.is_some_and(|workload| workload.native_hbone) {
        return true;
    }
    // Istio looks the text up. Addresses of IPv4 are written in one way only.
    ip.is_some_and(|ip| networks.take_hbone(network, ip) && (ip.is_ipv4() || reads(ip, &endpoint.address)))
}

/// Whether a text is how something is written, without writing it down.
fn reads(value: impl Display, text: &str) -> bool {
    struct Rest<'a>(&'a str);
    impl Write for Rest<'_> {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
            Ok(())
        }
    }
    let mut rest = Rest(text);
    write!(rest, "{value}").is_ok() && rest.0.is_empty()
}

/// What a workload says about its own mTLS.
///
/// A WorkloadEntry with a service account is taken to have a sidecar.
fn tls_mode(workload: &Workload) -> Option<&str> {
    if let Some(mode) = workload.labels.get(TLS_MODE) {
        return Some(mode);
    }
    let is_pod = matches!(workload.source, WorkloadSource::Pod(_));
    (!is_pod && !workload.service_account.is_empty()).then_some(ISTIO)
}
