//! An `Any`, opened for changing what it holds.

use envoy::google::protobuf::Any;
use envoy::{Message, Name};

/// Changes a message where it is one of this type, and leaves it as it is where it is not.
pub(crate) fn edit<M: Message + Name + Default, T>(any: &mut Any, change: impl FnOnce(&mut M) -> T) {
    if let Ok(mut message) = envoy::unpack::<M>(any) {
        change(&mut message);
        *any = envoy::any(&message);
    }
}
