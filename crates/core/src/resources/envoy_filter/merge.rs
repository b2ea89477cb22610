//! Merging a patch's value into what was generated.

use envoy::config::core::v3::TransportSocket;
use envoy::config::core::v3::transport_socket;
use envoy::google::protobuf::Any;
use envoy::json::{Lists, merge_typed};

use super::patch::Patch;
use crate::rules::MismatchedTypes;
use crate::snapshot::networking::envoy_filter::PatchOperation;

/// All patching of these resources ends here: Istio's code panics, and goes on with what it has patched so
/// far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stop;

/// Merges a patch's value into a message, as its operation says.
pub(super) fn message<M>(base: &mut M, patch: &Patch<M>)
where
    M: envoy::Message + envoy::Name + Default,
{
    let lists = match patch.operation {
        PatchOperation::MergeAndReplaceList => Lists::Replace,
        _ => Lists::Append,
    };
    let merged = merge_typed(&M::full_name(), &base.encode_to_vec(), &patch.value.encode_to_vec(), lists);
    // Both are messages of this type: this cannot fail, unless they are nested deeper than can be read.
    if let Some(merged) = merged.ok().and_then(|bytes| M::decode(bytes.as_slice()).ok()) {
        *base = merged;
    }
}

/// The configuration of a filter with a patch's merged into it. What cannot be read stays as it was.
pub(super) fn config(base: &Any, patch: &Any, mismatched: MismatchedTypes) -> Result<Any, Stop> {
    let name = type_name(base);
    if name != type_name(patch) && mismatched == MismatchedTypes::Stop {
        return Err(Stop);
    }
    let value = merge_typed(name, &base.value, &patch.value, Lists::Append);
    Ok(value
        .map_or_else(|_| base.clone(), |value| Any { type_url: base.type_url.clone(), value: value.into() }))
}

/// What became of a patch with a transport socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SocketMerge {
    /// It is done, and nothing else of the patch counts.
    Done,
    /// The patch is to be merged as a whole.
    AsUsual,
}

/// Merges the configuration of a patch's transport socket into the one of the same name.
pub(super) fn transport_socket(base: &mut TransportSocket, patch: &TransportSocket) -> Result<(), Stop> {
    let (Some(transport_socket::ConfigType::TypedConfig(base)), Some(patch)) =
        (&mut base.config_type, &patch.config_type)
    else {
        return Ok(());
    };
    let transport_socket::ConfigType::TypedConfig(patch) = patch;
    *base = config(base, patch, MismatchedTypes::Stop)?;
    Ok(())
}

fn type_name(any: &Any) -> &str {
    any.type_url.rsplit('/').next().unwrap_or_default()
}
