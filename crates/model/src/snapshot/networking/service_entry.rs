//! `ServiceEntry`.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use super::{WorkloadEntry, WorkloadSelector};
use crate::Str;
use crate::snapshot::message::{choice, message};
use crate::snapshot::{Given, Labels, Object};
use crate::well_known::AUTO_ALLOCATE_IP;

message! {
    /// The spec of a `ServiceEntry`, and its status.
    pub struct ServiceEntry {
        hosts: Vec<Str>,
        addresses: Vec<Str>,
        ports: Vec<ServicePort>,
        location: Location,
        resolution: Resolution,
        endpoints: Given<Vec<WorkloadEntry>>,
        workload_selector: Option<WorkloadSelector>,
        export_to: Vec<Str>,
        subject_alt_names: Vec<Str>,
        #[serde(skip)]
        status: ServiceEntryStatus,
    }

    pub struct ServicePort {
        number: u32,
        protocol: Str,
        name: Str,
        target_port: Option<u32>,
    }

    /// What the control plane wrote: the addresses it allocated (since 1.23).
    pub struct ServiceEntryStatus {
        addresses: Vec<ServiceEntryAddress>,
    }

    pub struct ServiceEntryAddress {
        value: Str,
        host: Str,
    }
}

choice! {
    pub enum Location {
        MeshExternal = "MESH_EXTERNAL",
        MeshInternal = "MESH_INTERNAL",
    }

    pub enum Resolution {
        None = "NONE",
        Static = "STATIC",
        Dns = "DNS",
        DnsRoundRobin = "DNS_ROUND_ROBIN",
        DynamicDns = "DYNAMIC_DNS",
    }
}

/// Whether Istio allocates addresses for a ServiceEntry. Without resolution the called address would be lost.
#[doc(hidden)]
#[must_use]
pub fn gets_addresses(entry: &Object<ServiceEntry>) -> bool {
    entry.spec.resolution != Resolution::None
        && entry.spec.addresses.is_empty()
        && !refuses_addresses(&entry.meta.labels)
}

/// Whether Istio allocates addresses for a host of such an entry: for a wildcard it does only where names are
/// resolved as they are asked for.
#[doc(hidden)]
#[must_use]
pub fn host_gets_addresses(host: &str, entry: &ServiceEntry) -> bool {
    !host.contains('*') || entry.resolution == Resolution::DynamicDns
}

/// Whether a ServiceEntry with these labels wants no address of Istio's.
pub fn refuses_addresses(labels: &Labels) -> bool {
    labels.get(AUTO_ALLOCATE_IP).is_some_and(|value| value.eq_ignore_ascii_case("false"))
}
