//! `WorkloadEntry`.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use std::collections::BTreeMap;

use crate::Str;
use crate::snapshot::Labels;
use crate::snapshot::message::message;

message! {
    /// The spec of a `WorkloadEntry`, and its status; also an endpoint of a `ServiceEntry`, which has none.
    pub struct WorkloadEntry {
        address: Str,
        ports: BTreeMap<Str, u32>,
        labels: Labels,
        network: Str,
        locality: Str,
        weight: u32,
        service_account: Str,
        #[serde(skip)]
        status: WorkloadEntryStatus,
    }

    /// What the control plane wrote: whether the workload is healthy, where that is checked.
    pub struct WorkloadEntryStatus {
        conditions: Vec<WorkloadEntryCondition>,
    }

    pub struct WorkloadEntryCondition {
        #[serde(rename = "type")]
        condition_type: Str,
        status: Str,
    }
}
