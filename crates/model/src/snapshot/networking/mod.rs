//! `networking.istio.io`: routes, destinations, and what is outside the cluster.

pub mod destination_rule;
pub mod envoy_filter;
pub mod proxy_config;
pub mod service_entry;
pub mod virtual_service;
pub mod workload_entry;

pub use destination_rule::DestinationRule;
pub use envoy_filter::EnvoyFilter;
pub use proxy_config::ProxyConfig;
pub use service_entry::ServiceEntry;
pub use virtual_service::VirtualService;
pub use workload_entry::WorkloadEntry;

use super::message::message;
use crate::snapshot::Labels;

message! {
    /// `istio.networking.v1alpha3.WorkloadSelector`: pods and WorkloadEntries with all of these labels.
    pub struct WorkloadSelector {
        /// The labels to have.
        labels: Labels,
    }

    /// `istio.networking.v1alpha3.PortSelector`.
    pub struct PortSelector {
        /// The port.
        number: u32,
    }

    /// `istio.networking.v1alpha3.Percent`, 0 to 100.
    pub struct Percent {
        /// The percentage.
        value: f64,
    }
}
