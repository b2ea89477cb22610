//! What tells the releases apart in the statuses that they write.

/// What is written into statuses.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StatusRules {
    /// Whether objects are told which waypoint they use, policies who enforces them, and routes whether their parents
    /// have a waypoint.
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

/// The rules of 1.18.
pub(super) const V1_18: StatusRules = StatusRules {
    ambient: false,
    gateway_references: false,
    gateway_parameters: false,
    invalid_listeners: false,
    listener_conflicts: false,
    backend_policies: false,
};

/// The rules of 1.31.
pub(super) const V1_31: StatusRules = StatusRules {
    ambient: true,
    gateway_references: true,
    gateway_parameters: true,
    invalid_listeners: true,
    listener_conflicts: true,
    backend_policies: true,
};
