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
        /// Whether a Gateway is told that listeners are invalid.
        pub invalid_listeners: bool,
        /// Whether listeners that exclude each other are found.
        pub listener_conflicts: bool,
        /// Whether policies for backends have a status.
        pub backend_policies: bool,
    }
}
