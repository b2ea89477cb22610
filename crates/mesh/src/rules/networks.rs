//! What distinguishes the releases' ways into other networks, and to other clusters.

use super::table::table;

table! {
    /// How endpoints of other networks are reached.
    pub struct NetworkRules {
        /// Whether Gateways with the label of a network are gateways to it; Services with it always are.
        pub gateway_resources: bool,
        /// Whether a Service is a gateway only by the ports that it has, of which one may be for HBONE.
        pub checks_gateway_ports: bool,
        /// Whether a proxy in a network without a name goes through a network's gateways; else it is in every
        /// network.
        pub leaves_unnamed_network: bool,
        /// Whether proxies only use gateways of an address family that they have.
        pub gateways_of_own_family: bool,
        /// Whether workloads have to speak Istio's mTLS to be reached through a gateway, as the endpoint
        /// says; else that it is not disabled is enough.
        pub asks_endpoint_for_mtls: bool,
        /// Whether a gateway's endpoint is said to be in the gateway's cluster; else it is in the proxy's.
        pub gateways_have_clusters: bool,
        /// Whether a proxy's view of networks (`REQUESTED_NETWORK_VIEW`) holds where none has a gateway, too.
        pub views_without_gateways: bool,
        /// Whether a proxy whose labels do not name its network is in the one that it is assigned to, as
        /// endpoints are.
        pub assigns_proxies: bool,
        /// Whether the label by which an endpoint says its network stays where a field says another one.
        pub keeps_network_label: bool,
        /// Whether a shared mesh configuration may say what networks there are.
        pub shared: bool,
    }
}
