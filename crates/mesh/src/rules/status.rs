//! What tells the releases apart in the statuses that they write.

use super::table::table;

table! {
    /// What is written into statuses.
    pub struct StatusRules {
        /// Whether objects are told which waypoint they use, policies who enforces them, and routes whether
        /// their parents have a waypoint.
        pub ambient: bool,
        /// Whether a Gateway is told whether its references lead anywhere.
        pub gateway_references: bool,
        /// Whether the parameters of what is deployed for a Gateway have to be there.
        pub gateway_parameters: bool,
        /// Whether a Gateway and a ListenerSet are told that listeners are invalid; such a one of a
        /// ListenerSet is then not attached to the Gateway.
        pub invalid_listeners: bool,
        /// Whether listeners that exclude each other are found.
        pub listener_conflicts: bool,
        /// Whether a listener for HTTPS or TLS that says nothing of TLS is none.
        pub listeners_need_tls: bool,
        /// Whether a certificate that may not be used makes a listener unacceptable.
        pub certificates_decide: bool,
        /// The protocols of listeners that are accepted only with `PILOT_ENABLE_ALPHA_GATEWAY_API`.
        pub alpha_protocols: &'static [&'static str],
        /// Whether gateways between networks may pass TLS on, besides the tunnel.
        pub east_west_passes_on: bool,
        /// Whether a Gateway that lets ListenerSets add listeners has a condition about them.
        pub listener_sets_condition: bool,
        /// Whether policies for backends have a status.
        pub backend_policies: bool,
    }
}
