//! Conversion to and from the messages of the [`envoy_types`] crate, for programs that serve them with tonic.
//!
//! Only with the feature `envoy-types`, and not for WebAssembly, where that crate does not build. Both
//! crates' messages are made from the same descriptors, so a message is converted by encoding it as one and
//! decoding it as the other: nothing is lost on the way, and what is packed in an `Any` stays the bytes that
//! it is. Their maps are hash maps; what comes back from there has its maps sorted again, and encodes to the
//! same bytes as before.
//!
//! ```
//! use envoy::config::cluster::v3::Cluster;
//! use waypoint_xds::convert::{from_envoy_types, to_envoy_types};
//!
//! let ours = Cluster { name: "encap".to_owned(), ..Cluster::default() };
//! let theirs: envoy_types::pb::envoy::config::cluster::v3::Cluster = to_envoy_types(&ours)?;
//! assert_eq!(theirs.name, "encap");
//! assert_eq!(from_envoy_types::<Cluster>(&theirs)?, ours);
//! # Ok::<(), waypoint_xds::convert::ConversionError>(())
//! ```

use envoy::config::{cluster, core, endpoint, listener, route};
use envoy::{Message, Name};
use envoy_types::pb::envoy::config as theirs;

/// A message that both crates have.
pub trait Counterpart: Message + Name + Default {
    /// What it is in `envoy_types`.
    type EnvoyTypes: Message + Default;
}

macro_rules! counterparts {
    ($($($path:ident)::+;)*) => {
        $(impl Counterpart for $($path)::+ {
            type EnvoyTypes = theirs::$($path)::+;
        })*
    };
}

counterparts! {
    listener::v3::Listener;
    cluster::v3::Cluster;
    route::v3::RouteConfiguration;
    endpoint::v3::ClusterLoadAssignment;
    core::v3::TypedExtensionConfig;
}

/// Why a message could not be converted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConversionError {
    /// The other type does not read this message. Messages of the types here are read by their counterparts,
    /// unless they are nested more than 100 deep, which is all that prost follows.
    #[error("the message is none of the other type")]
    Decode(#[from] prost::DecodeError),
}

/// One of our messages as `envoy_types` has it.
///
/// # Errors
///
/// [`ConversionError`] if the message is nested too deeply to be read.
pub fn to_envoy_types<M: Counterpart>(message: &M) -> Result<M::EnvoyTypes, ConversionError> {
    recode(message)
}

/// A message of `envoy_types` as ours. Fields that only a newer version of that crate knows are left out.
///
/// # Errors
///
/// [`ConversionError`] if the message is nested too deeply to be read.
pub fn from_envoy_types<M: Counterpart>(message: &M::EnvoyTypes) -> Result<M, ConversionError> {
    Ok(envoy::json::decode_sorted(&message.encode_to_vec())?)
}

/// A message as another type of the same proto, whoever made it: for messages without a [`Counterpart`] here.
///
/// # Errors
///
/// [`ConversionError`] if the other type does not read the message.
pub fn recode<A: Message, B: Message + Default>(message: &A) -> Result<B, ConversionError> {
    Ok(B::decode(message.encode_to_vec().as_slice())?)
}
