//! The resources of a waypoint, on both sides.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::causes::HasCauses;
use super::fields::{self, Difference, Field};
use crate::json;
use crate::lists::{AnyResource, List};
use crate::resources::{Resource, WaypointResources};
use crate::snapshot::Cause;
use crate::trace::DecidedBy;

/// A resource that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResourceDiff {
    /// The list that it is in.
    #[serde(serialize_with = "list_name")]
    pub kind: List,
    /// Its name.
    pub name: String,
    /// How large it is when it is sent, in bytes; 0 for one that is gone.
    pub bytes: usize,
    /// How it differs.
    #[serde(flatten)]
    pub change: Change,
}

fn list_name<S: Serializer>(list: &List, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(list.as_str())
}

/// How a resource differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "change")]
pub enum Change {
    /// It is new.
    Added {
        /// What made it.
        because: Option<DecidedBy>,
    },
    /// It is gone.
    Removed {
        /// What had made it.
        because: Option<DecidedBy>,
    },
    /// It is another one.
    Changed {
        /// The fields that differ.
        fields: Vec<ChangedField>,
    },
}

/// A field of a resource that differs, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChangedField {
    /// The field.
    #[serde(flatten)]
    pub field: Field,
    /// What had made the smallest part around it, on the old side.
    pub old_because: Option<DecidedBy>,
    /// What makes it on the new side.
    pub because: Option<DecidedBy>,
}

/// The resources that differ, by list and name.
pub(super) fn compare(old: Option<&WaypointResources>, new: Option<&WaypointResources>) -> Vec<ResourceDiff> {
    fn side<'r, M>(
        resources: Option<&'r WaypointResources>,
        list: impl Fn(&'r WaypointResources) -> &'r Vec<Resource<M>>,
    ) -> &'r [Resource<M>] {
        resources.map_or(&[], |resources| list(resources))
    }
    let mut found = lists(List::Listeners, side(old, |all| &all.listeners), side(new, |all| &all.listeners));
    found.extend(lists(List::Clusters, side(old, |all| &all.clusters), side(new, |all| &all.clusters)));
    found.extend(lists(List::Routes, side(old, |all| &all.routes), side(new, |all| &all.routes)));
    found.extend(lists(List::Endpoints, side(old, |all| &all.endpoints), side(new, |all| &all.endpoints)));
    found.extend(lists(List::Extensions, side(old, |all| &all.extensions), side(new, |all| &all.extensions)));
    found
}

/// A resource on both sides.
type Both<'r, M> = (Option<&'r Resource<M>>, Option<&'r Resource<M>>);

fn lists<M>(kind: List, old: &[Resource<M>], new: &[Resource<M>]) -> Vec<ResourceDiff>
where
    M: PartialEq + envoy::Message + envoy::Name + HasCauses,
    Resource<M>: AnyResource,
{
    let mut names: BTreeMap<&str, Both<'_, M>> = BTreeMap::new();
    for resource in old {
        names.entry(resource.name()).or_default().0 = Some(resource);
    }
    for resource in new {
        names.entry(resource.name()).or_default().1 = Some(resource);
    }
    let differ = names.into_iter().filter_map(|(name, sides)| {
        let (change, bytes) = match sides {
            (None, None) => return None,
            (Some(old), Some(new)) if old.message == new.message => return None,
            (Some(old), Some(new)) => {
                (Change::Changed { fields: changed(old, new) }, new.message.encoded_len())
            }
            (None, Some(new)) => (Change::Added { because: because_of(new) }, new.message.encoded_len()),
            (Some(old), None) => (Change::Removed { because: because_of(old) }, 0),
        };
        Some(ResourceDiff { kind, name: name.to_owned(), bytes, change })
    });
    differ.collect()
}

fn changed<M>(old: &Resource<M>, new: &Resource<M>) -> Vec<ChangedField>
where
    M: envoy::Message + envoy::Name + HasCauses,
{
    let bare = M::without_common(&old.message, &new.message);
    let (old_message, new_message) =
        bare.as_ref().map_or((&old.message, &new.message), |(old, new)| (old, new));
    let (old_causes, new_causes) = (old_message.causes(&old.origins), new_message.causes(&new.origins));
    let fields = fields::compare(&json::value(old_message), &json::value(new_message));
    let explained = fields.into_iter().map(|field| {
        let (was_there, is_there) = match &field.way {
            Difference::Added { .. } => (false, true),
            Difference::Removed { .. } => (true, false),
            Difference::Changed { .. } | Difference::Moved { .. } => (true, true),
        };
        ChangedField {
            // The pointer is one into the new side: entries of lists may have stood elsewhere, and what is
            // around them has not.
            old_because: because(old_causes.at(&field.pointer).filter(|_| was_there)),
            because: because(new_causes.at(&field.pointer).filter(|_| is_there)),
            field,
        }
    });
    explained.collect()
}

/// What made a resource.
fn because_of<M: HasCauses>(resource: &Resource<M>) -> Option<DecidedBy> {
    because(resource.message.causes(&resource.origins).at(""))
}

fn because(cause: Option<&Cause>) -> Option<DecidedBy> {
    cause.cloned().map(DecidedBy)
}
