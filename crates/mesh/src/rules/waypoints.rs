//! What tells the releases apart in their waypoints.

use super::table::table;

table! {
    /// What a waypoint is, and what Istio deploys for it.
    pub struct WaypointRules {
        /// How a waypoint finds the services and workloads that it serves.
        pub attachment: Attachment,
        /// Which classes are those of waypoints.
        pub classes: WaypointClasses,
        /// Whether a Service can have a second waypoint, a canary.
        pub canaries: bool,
        /// Whether Services with ranges of addresses are served.
        pub serves_ranges: bool,
        /// How its Deployment, Service and ServiceAccount are called.
        pub object_names: ObjectNames,
        /// How its pods are called.
        pub pod_names: PodNames,
        /// The label that ties pods to their Gateway.
        pub gateway_name_label: &'static str,
        /// Whether a label names the Gateway's class.
        pub gateway_class_label: bool,
        /// What is copied from the Gateway.
        pub copied_metadata: CopiedMetadata,
        /// How pods say that nothing intercepts their traffic.
        pub out_of_mesh: OutOfMesh,
        /// Whether pods have a label that names their cluster.
        pub cluster_label: bool,
        /// Whether the labels, annotations and account of a snapshot's pod count, or those of the pod that
        /// the release would deploy. A snapshot of a later release has pods with that one's labels.
        pub pods_as_found: bool,
        /// Whether an IP address in the status of a Gateway is taken to be that of its Service, where the
        /// snapshot lacks that. (The control planes of the reference were given a Service, of some releases
        /// with another address.)
        pub assumed_status_addresses: bool,
        /// Whether a pod that is not in the snapshot is taken to run on the first of its nodes.
        pub assumed_node: bool,
        /// Whether it is taken to have an address of each of the cluster's families, or of IPv4.
        pub assumed_addresses_of_all_families: bool,
    }
}

/// How a waypoint finds the services and workloads that it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// By its Gateway's namespace and the annotation `istio.io/for-service-account`; Services by their
    /// selectors.
    ServiceAccount,
    /// By the label `istio.io/use-waypoint` of objects and namespaces.
    UseWaypointLabel,
}

/// Which GatewayClasses are those of waypoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaypointClasses {
    /// `istio-waypoint`, whoever controls it.
    ByName,
    /// Those whose controller is Istio's for waypoints.
    ByController,
}

/// How the Deployment, Service and ServiceAccount of a waypoint are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectNames {
    /// `gateway-class`.
    WithClass,
    /// As the Gateway.
    OfGateway,
}

/// How the pods of a waypoint are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodNames {
    /// With suffixes as Kubernetes makes them, without vowels.
    SafeSuffixes,
    /// With hashes in hexadecimal.
    Hexadecimal,
}

/// How pods say that nothing intercepts their traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutOfMesh {
    /// By the annotation `ambient.istio.io/redirection`.
    Annotation,
    /// By the label `istio.io/dataplane-mode`.
    Label,
}

/// What is copied from a Gateway to the objects that run it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopiedMetadata {
    /// The Gateway's own labels and annotations; ServiceAccounts get none.
    OfGateway,
    /// Those of `infrastructure`, else the Gateway's own; to every object.
    OfInfrastructure,
}
