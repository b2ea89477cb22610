//! Messages that are kept as they are encoded.
//!
//! Protobuf writes the length of a message before it, so prost computes the length of a message once for
//! every level that is around it. For deep messages that are made by the thousand this is most of the work of
//! encoding them. So some fields hold their message as it is encoded already; which ones is a table in
//! `xtask/src/envoy_types/encoded.rs`.

use std::fmt;
use std::marker::PhantomData;

use prost::bytes::{Buf, BufMut, Bytes};
use prost::encoding::{self, DecodeContext, WireType};
use prost::{DecodeError, Message, Name};

use crate::google::protobuf::Any;

/// A message `M` as it is encoded: the type of fields whose messages are deep, or shared by many.
///
/// It is made [from](From) the message, and is one itself: encoding it copies its bytes. Cloning it is cheap.
/// What was read from bytes or merged is not looked at before somebody asks for the message. Two are equal if
/// their bytes are: those that were made from equal messages, or read from JSON that says the same.
///
/// ```
/// use waypoint_xds_envoy::config::route::v3::{Route, VirtualHost};
///
/// let route = |name: &str| Route { name: name.to_owned(), ..Route::default() };
/// let host = VirtualHost {
///     name: "all".to_owned(),
///     routes: vec![route("one").into(), route("two").into()],
///     ..VirtualHost::default()
/// };
/// let second = host.routes[1].decode()?;
/// assert_eq!(second.name, "two");
/// # Ok::<(), prost::DecodeError>(())
/// ```
pub struct Encoded<M> {
    bytes: Vec<u8>,
    message: PhantomData<fn() -> M>,
}

impl<M> Encoded<M> {
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes, message: PhantomData }
    }

    /// How the message is encoded.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<M: Message + Default> Encoded<M> {
    /// Reads the message.
    ///
    /// # Errors
    ///
    /// When the bytes, read from somewhere, are no such message, or messages are nested deeper than prost
    /// decodes.
    pub fn decode(&self) -> Result<M, DecodeError> {
        M::decode(self.as_bytes())
    }

    /// Changes the message.
    ///
    /// # Errors
    ///
    /// As [`Encoded::decode`]; the message is then as it was.
    pub fn change(&mut self, change: impl FnOnce(&mut M)) -> Result<(), DecodeError> {
        let mut message = self.decode()?;
        change(&mut message);
        *self = message.into();
        Ok(())
    }
}

impl<M: Name> Encoded<M> {
    /// Packs the message, without a copy.
    #[must_use]
    pub fn into_any(self) -> Any {
        Any { type_url: crate::type_url::<M>(), value: self.bytes.into() }
    }
}

impl<M: Message> From<M> for Encoded<M> {
    fn from(message: M) -> Self {
        Self::from(&message)
    }
}

impl<M: Message> From<&M> for Encoded<M> {
    fn from(message: &M) -> Self {
        Self::from_bytes(message.encode_to_vec())
    }
}

/// The message without any field.
impl<M> Default for Encoded<M> {
    fn default() -> Self {
        Self::from_bytes(Vec::new())
    }
}

impl<M> Clone for Encoded<M> {
    fn clone(&self) -> Self {
        Self::from_bytes(self.bytes.clone())
    }
}

impl<M> PartialEq for Encoded<M> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<M> Eq for Encoded<M> {}

/// As the message itself.
impl<M: Message + Default + fmt::Debug> fmt::Debug for Encoded<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decode() {
            Ok(message) => message.fmt(f),
            Err(error) => f.debug_tuple("Encoded").field(&self.bytes).field(&error).finish(),
        }
    }
}

impl<M: Message> Message for Encoded<M> {
    fn encode_raw(&self, out: &mut impl BufMut) {
        out.put_slice(&self.bytes);
    }

    /// Appends the field: that is what
    /// [merging](https://protobuf.dev/programming-guides/encoding/#last-one-wins) is.
    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        from: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        match wire_type {
            WireType::Varint => {
                let value = encoding::decode_varint(from)?;
                encoding::encode_key(tag, wire_type, &mut self.bytes);
                encoding::encode_varint(value, &mut self.bytes);
            }
            WireType::SixtyFourBit => {
                let mut value = 0;
                encoding::fixed64::merge(wire_type, &mut value, from, context)?;
                encoding::fixed64::encode(tag, &value, &mut self.bytes);
            }
            WireType::ThirtyTwoBit => {
                let mut value = 0;
                encoding::fixed32::merge(wire_type, &mut value, from, context)?;
                encoding::fixed32::encode(tag, &value, &mut self.bytes);
            }
            WireType::LengthDelimited => {
                let mut value = Bytes::new();
                encoding::bytes::merge(wire_type, &mut value, from, context)?;
                encoding::bytes::encode(tag, &value, &mut self.bytes);
            }
            // Envoy's messages have no groups: it is a field that nobody knows.
            WireType::StartGroup | WireType::EndGroup => {
                encoding::skip_field(wire_type, tag, from, context)?;
            }
        }
        Ok(())
    }

    fn encoded_len(&self) -> usize {
        self.bytes.len()
    }

    fn clear(&mut self) {
        self.bytes.clear();
    }
}

impl<M: Name> Name for Encoded<M> {
    const NAME: &'static str = M::NAME;
    const PACKAGE: &'static str = M::PACKAGE;

    fn full_name() -> String {
        M::full_name()
    }

    fn type_url() -> String {
        M::type_url()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::endpoint::v3::LbEndpoint;
    use crate::config::route::v3::{Route, RouteConfiguration, VirtualHost};

    /// A virtual host as prost has it.
    #[derive(Clone, PartialEq, prost::Message)]
    struct PlainHost {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(message, repeated, tag = "3")]
        routes: Vec<Route>,
    }

    fn route(name: &str) -> Route {
        Route { name: name.to_owned(), ..Route::default() }
    }

    fn plain(routes: usize) -> PlainHost {
        PlainHost { name: "host".to_owned(), routes: vec![route("a-route-with-a-name"); routes] }
    }

    fn host(routes: usize) -> VirtualHost {
        VirtualHost {
            name: "host".to_owned(),
            routes: vec![route("a-route-with-a-name").into(); routes],
            ..VirtualHost::default()
        }
    }

    #[test]
    fn fields_are_encoded_as_prost_encodes_them() {
        for routes in [0, 1, 20, 2000] {
            let bytes = host(routes).encode_to_vec();
            assert_eq!(bytes, plain(routes).encode_to_vec());
            assert_eq!(VirtualHost::decode(bytes.as_slice()).unwrap(), host(routes));
        }
    }

    #[test]
    fn what_was_encoded_is_read_back() {
        let encoded = Encoded::from(host(3));
        assert_eq!(encoded.decode().unwrap(), host(3));
        assert_eq!(<Encoded<VirtualHost> as Message>::decode(encoded.as_bytes()).unwrap(), encoded);
        assert_eq!(Encoded::<VirtualHost>::default().decode().unwrap(), VirtualHost::default());
        assert_eq!(format!("{encoded:?}"), format!("{:?}", host(3)));
    }

    #[test]
    fn merging_is_what_merging_the_messages_is() {
        let configuration = |name: &str, hosts| RouteConfiguration {
            name: name.to_owned(),
            virtual_hosts: vec![host(1); hosts],
            validate_clusters: Some((hosts == 1).into()),
            ..RouteConfiguration::default()
        };
        let (base, patch) = (configuration("base", 1), configuration("patch", 2));
        let mut encoded = Encoded::from(&base);
        encoded.merge(patch.encode_to_vec().as_slice()).unwrap();
        let mut merged = base;
        crate::merge(&mut merged, &patch).unwrap();
        assert_eq!(encoded.decode().unwrap(), merged);
        assert_eq!(crate::json::to_json(&encoded).unwrap(), crate::json::to_json(&merged).unwrap());
    }

    #[test]
    fn changing_is_changing_the_message() {
        let mut encoded = Encoded::from(host(1));
        encoded.change(|host| host.routes.push(route("a-route-with-a-name").into())).unwrap();
        assert_eq!(encoded, Encoded::from(host(2)));
    }

    #[test]
    fn every_kind_of_field_is_kept() {
        // Two varints, eight bytes, four bytes, a text, a group that nobody knows.
        let bytes = [0x08, 0x96, 0x01, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1d, 1, 2, 3, 4, 0x22, 1, b'x'];
        let group = [0x2b, 0x08, 0x01, 0x2c];
        let encoded =
            <Encoded<LbEndpoint> as Message>::decode([&bytes[..], &group].concat().as_slice()).unwrap();
        assert_eq!(encoded.as_bytes(), bytes);
    }

    #[test]
    fn broken_bytes_are_found_where_they_are_looked_at() {
        for broken in [&[0x0a, 5, 1][..], &[0x09, 1], &[0x0d], &[0x2c], &[0x08, 0x80]] {
            assert!(<Encoded<VirtualHost> as Message>::decode(broken).is_err(), "{broken:?}");
        }
        // A host whose route has a name that is no text: only who asks for the route can tell.
        let host = VirtualHost::decode(&[0x1a, 3, 0x72, 1, 0xff][..]).unwrap();
        assert!(host.routes[0].decode().is_err());
        assert!(host.routes[0].clone().change(|_| ()).is_err());
        assert!(format!("{host:?}").contains("Encoded([114, 1, 255]"));
    }
}
