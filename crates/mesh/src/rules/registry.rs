//! What tells the releases apart in their registry of services and workloads.

use super::table::table;

table! {
    /// What the registry of services and workloads makes of its objects.
    pub struct RegistryRules {
        /// Which of several Services with the same hostname and namespace counts.
        pub same_host: SameHost,
        /// What an ExternalName Service is.
        pub external_name: ExternalName,
        /// Which address of a ServiceEntry with several is the primary one.
        pub primary_address: PrimaryAddress,
        /// The workload name of a ServiceEntry's inline endpoints.
        pub inline_endpoint_name: InlineEndpointName,
        /// Whether ServiceEntries without addresses get some from `240.240.0.0/16` and `2001:2::/48`.
        pub allocates_addresses: bool,
        /// Which addresses are computed from the names of ServiceEntries where they get none, and for whom.
        pub hashed_addresses: HashedAddresses,
        /// Whether Kubernetes' own values of `appProtocol` (`kubernetes.io/h2c`) are understood.
        pub kubernetes_app_protocols: bool,
        /// Whether the ports of a Service that stands for an InferencePool are one.
        pub inference_pools: bool,
        /// Whether the `appProtocol` of an InferencePool counts.
        pub pool_app_protocols: bool,
        /// Whether blanks in the annotation `networking.istio.io/exportTo` are ignored.
        pub trims_export_to: bool,
        /// Whether `trafficDistribution`, or the annotation of that name, is understood.
        pub traffic_distribution: bool,
        /// Whether the annotation counts on a Namespace, too.
        pub namespace_traffic_distribution: bool,
        /// Whether the label `service.istio.io/workload-name` and other late hints name a workload.
        pub workload_name_label: bool,
        /// Whether the label `topology.istio.io/locality` is understood, and locality labels of
        /// WorkloadEntries.
        pub topology_locality_label: bool,
        /// Whether the label `istio.io/dataplane-mode` of a Pod overrides its Namespace's.
        pub dataplane_mode_of_pods: bool,
        /// Whether the annotation `ambient.istio.io/redirection` counts on WorkloadEntries.
        pub workload_entries_may_be_captured: bool,
        /// Whether of the Services with one hostname a namespace's own private one comes before those that
        /// are exported to it by name; else the oldest of both does.
        pub own_private_first: bool,
        /// Whether an address that a ServiceEntry repeats counts again: there is a service for each address.
        pub repeated_addresses: bool,
        /// Of which workloads, and at which of their addresses, ztunnel knows that they take HBONE.
        pub hbone_addresses: HboneAddresses,
        /// Whether `ISTIO_DUAL_STACK` makes the addresses of a Pod one endpoint.
        pub dual_stack_endpoints: bool,
        /// Whether endpoints that were never ready are known at all.
        pub unready_endpoints: bool,
        /// Whether named ports of native sidecars can be a Service's target port.
        pub native_sidecar_ports: bool,
    }
}

/// Which addresses are computed from the names of ServiceEntries, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashedAddresses {
    /// 65,025 places, numbered without those that have the number of another one. A waypoint has to capture
    /// DNS, too.
    ByNumber,
    /// 65,024 places, which are the numbers. A waypoint has to ask only.
    ByPlace,
}

/// Of which workloads, and at which of their addresses, ztunnel knows that they take HBONE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HboneAddresses {
    /// Of pods that run and don't use their host's network, at their first address, whatever network that is
    /// in.
    PodsFirst,
    /// Of all workloads that have not finished, at all addresses, each in its network.
    All,
}

/// What an ExternalName Service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalName {
    /// A host outside the mesh that is resolved by DNS.
    Dns,
    /// An alias of another host.
    Alias,
}

/// Which address of a ServiceEntry with several is the primary one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrimaryAddress {
    /// The first.
    First,
    /// The last. An accident: there is one service per address, and later ones replace earlier ones.
    Last,
}

/// The workload name of a ServiceEntry's inline endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InlineEndpointName {
    /// None, nor a namespace.
    Unnamed,
    /// The ServiceEntry's, with the endpoint's number.
    OfServiceEntry,
}

/// Which of several Services with the same hostname and namespace counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameHost {
    /// The one created last. An accident: the index is a map that later Services overwrite.
    #[default]
    Latest,
    /// The Kubernetes Service, else the one created first.
    KubernetesThenOldest,
}
