//! `google.protobuf.Any`.

use prost::{DecodeError, Message, Name};
use thiserror::Error;

use crate::google::protobuf::Any;
use crate::json::type_name;

const PREFIX: &str = "type.googleapis.com/";

/// Why an `Any` did not hold the message asked for.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum UnpackError {
    /// It holds another message.
    #[error("expected {expected}, found {found:?}")]
    OtherType {
        /// The full name of the message asked for.
        expected: String,
        /// The type URL there.
        found: String,
    },
    /// Its bytes are no such message.
    #[error("{name}: {source}")]
    Malformed {
        /// The full name of the message.
        name: String,
        /// What prost found.
        source: DecodeError,
    },
}

/// The type URL of a message: `type.googleapis.com/` and its full name, as Go's `anypb` writes it.
#[must_use]
pub fn type_url<M: Name>() -> String {
    let name = M::full_name();
    let mut url = String::with_capacity(PREFIX.len() + name.len());
    url.push_str(PREFIX);
    url.push_str(&name);
    url
}

/// Packs a message.
#[must_use]
pub fn any<M: Message + Name>(message: &M) -> Any {
    Any { type_url: type_url::<M>(), value: message.encode_to_vec().into() }
}

/// Unpacks a message. Only what follows the last slash of the type URL counts.
///
/// # Errors
///
/// When the `Any` holds another type, or bytes that are no such message.
pub fn unpack<M: Message + Name + Default>(any: &Any) -> Result<M, UnpackError> {
    let expected = M::full_name();
    if type_name(&any.type_url) != expected {
        return Err(UnpackError::OtherType { expected, found: any.type_url.clone() });
    }
    // Cloning `Bytes` shares them: `bytes` fields of the message are slices of the same buffer.
    M::decode(any.value.clone()).map_err(|source| UnpackError::Malformed { name: expected, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::core::v3::Locality;
    use crate::extensions::filters::http::router::v3::Router;

    #[test]
    fn packs_with_the_type_url_that_go_writes() {
        let packed = any(&Router { suppress_envoy_headers: true, ..Router::default() });
        assert_eq!(packed.type_url, "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router");
        assert!(unpack::<Router>(&packed).unwrap().suppress_envoy_headers);
    }

    #[test]
    fn refuses_other_types_and_broken_bytes() {
        let packed = any(&Locality::default());
        assert!(matches!(unpack::<Router>(&packed), Err(UnpackError::OtherType { .. })));
        let broken = Any { value: vec![0x0a, 0x7f].into(), ..packed };
        assert!(matches!(unpack::<Locality>(&broken), Err(UnpackError::Malformed { .. })));
    }
}
