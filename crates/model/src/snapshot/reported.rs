//! Statuses as controllers have written them. No object keeps its own: they are read again where somebody
//! compares them.
#![allow(missing_docs, reason = "the fields are those of the API types")]

use super::gateway_api::route::ParentReference;
use super::message::message;
use crate::Str;
use crate::text::Node;

/// Whether an object's status has conditions of any sort.
pub(super) fn says_something(object: Node<'_>) -> bool {
    let of = |key: &str| object.get("status").and_then(|status| status.get(key));
    ["conditions", "listeners", "parents", "ancestors"].iter().any(|key| of(key).is_some())
}

message! {
    /// The status of any object, as far as its conditions go.
    pub struct Reported {
        conditions: Vec<ReportedCondition>,
        listeners: Vec<ReportedListener>,
        parents: Vec<ReportedParent>,
        ancestors: Vec<ReportedAncestor>,
    }

    pub struct ReportedCondition {
        #[serde(rename = "type")]
        condition_type: Str,
        status: Str,
        reason: Str,
        message: String,
        observed_generation: Option<i64>,
    }

    pub struct ReportedListener {
        name: Str,
        conditions: Vec<ReportedCondition>,
    }

    pub struct ReportedParent {
        parent_ref: ParentReference,
        controller_name: Str,
        conditions: Vec<ReportedCondition>,
    }

    pub struct ReportedAncestor {
        ancestor_ref: ParentReference,
        controller_name: Str,
        conditions: Vec<ReportedCondition>,
    }
}
