//! `ServiceEntry`.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use super::{WorkloadEntry, WorkloadSelector};
use crate::Str;
use crate::snapshot::Labels;
use crate::snapshot::message::{choice, message};
use crate::well_known::AUTO_ALLOCATE_IP;

message! {
    /// The spec of a `ServiceEntry`, and its status.
    pub struct ServiceEntry {
        hosts: Vec<Str>,
        addresses: Vec<Str>,
        ports: Vec<ServicePort>,
        location: Location,
        resolution: Resolution,
        endpoints: Vec<WorkloadEntry>,
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
        target_port: u32,
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

/// Whether a ServiceEntry with these labels wants no address of Istio's.
pub fn refuses_addresses(labels: &Labels) -> bool {
    labels.get(AUTO_ALLOCATE_IP).is_some_and(|value| value.eq_ignore_ascii_case("false"))
}
