//! How EnvoyFilters patch.

use super::filter_names::FilterNames;
use super::table::table;

table! {
    /// How EnvoyFilters patch what was generated.
    pub struct EnvoyFilterRules {
        /// How long an expression for it may be; a longer one fits no proxy.
        pub longest_version_expression: Option<usize>,
        /// What decides their order.
        pub order: PatchOrder,
        /// When filters are removed.
        pub removal: FilterRemoval,
        /// When clusters are removed.
        pub cluster_removal: ClusterRemoval,
        /// Whether listeners without a name and filter chains without filters are dropped even where no other
        /// was removed.
        pub drops_bare: bool,
        /// By which names filters are known.
        pub names: FilterNames,
        /// What happens where a configuration of another type is merged.
        pub mismatched_types: MismatchedTypes,
        /// Whether there is a merge into listener filters.
        pub merges_listener_filters: bool,
        /// Whether `applicationProtocols` of a chain's match are looked at.
        pub matches_application_protocols: bool,
    }
}

/// What decides the order of EnvoyFilters, before their age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchOrder {
    /// Those of the root namespace come first; within a namespace, the priority decides.
    NamespaceFirst,
    /// The priority decides; among those of one priority, those of the root namespace come first.
    PriorityFirst,
}

/// When EnvoyFilters remove filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterRemoval {
    /// When all others were added. A patch that names no filter removes all of them.
    AtLast,
    /// In the order of the patches. A patch that names no filter removes none.
    InTurn,
}

/// When EnvoyFilters remove clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterRemoval {
    /// Before anything is merged, and so by the name that they had.
    First,
    /// In the order of the patches.
    InTurn,
}

/// What happens where an EnvoyFilter merges a configuration of another type than the filter's. Both are
/// accidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MismatchedTypes {
    /// Its bytes are read as if they were of the filter's type.
    Relabelled,
    /// Nothing more is patched.
    Stop,
}
