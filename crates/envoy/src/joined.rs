//! Messages that are put together from parts, each of which is encoded once for all messages that have it.

use prost::encoding::{self, DecodeContext};

use crate::Encoded;
use crate::entries::{DELIMITED, TYPE, delimited};

impl<M> Encoded<M> {
    /// The message that has the fields of all parts, in the order in which they are encoded: what merging the
    /// parts would give. Of a list the elements of each part follow those of the parts before it; any other
    /// field is in one part only.
    ///
    /// ```
    /// use waypoint_xds_envoy::Encoded;
    /// use waypoint_xds_envoy::config::route::v3::VirtualHost;
    ///
    /// let shared = Encoded::from(VirtualHost { domains: vec!["*".to_owned()], ..VirtualHost::default() });
    /// let own = Encoded::from(VirtualHost { name: "all".to_owned(), ..VirtualHost::default() });
    /// let host = VirtualHost { name: "all".to_owned(), domains: vec!["*".to_owned()], ..VirtualHost::default() };
    /// assert_eq!(Encoded::joined(&[&shared, &own]), Encoded::from(host));
    /// ```
    #[must_use]
    pub fn joined(parts: &[&Self]) -> Self {
        let parts = parts.iter().filter(|part| !part.as_bytes().is_empty());
        let mut heads: Vec<Head<'_>> = parts.clone().map(|part| Head::of(part.as_bytes())).collect();
        let mut bytes = Vec::with_capacity(parts.map(|part| part.as_bytes().len()).sum());
        while let Some(next) = first(&heads) {
            let (before, at_it) = heads.split_at_mut(next);
            let Some((head, after)) = at_it.split_first_mut() else { break };
            // Whatever stands there before the next field of the others, too.
            let others = before.iter().chain(&*after).map(|other| other.number).min().unwrap_or(END);
            head.take(others, &mut bytes);
        }
        Self::from_bytes(bytes)
    }
}

/// The part whose field comes next: of several with the same the first.
fn first(heads: &[Head<'_>]) -> Option<usize> {
    let (position, head) = heads.iter().enumerate().min_by_key(|(_, head)| head.number)?;
    (head.number != END).then_some(position)
}

/// The number after that of every field.
const END: u32 = u32::MAX;

/// What is left of a part.
struct Head<'a> {
    rest: &'a [u8],
    /// The number of the field that is next.
    number: u32,
}

impl<'a> Head<'a> {
    fn of(rest: &'a [u8]) -> Self {
        let number = match rest {
            // An error costs an allocation.
            [] => END,
            // Most fields have a number and a type that take one byte.
            [key @ 0x08..0x80, ..] if key & TYPE <= FIXED32 => u32::from(key >> 3),
            mut rest => encoding::decode_key(&mut rest).map_or(END, |(number, _)| number),
        };
        Self { rest, number }
    }

    /// Takes all of the next field, and the fields after it up to the one of this number.
    fn take(&mut self, end: u32, out: &mut Vec<u8>) {
        let number = self.number;
        let mut rest = self.rest;
        while self.number == number || self.number < end {
            skip(&mut rest);
            self.number = Self::of(rest).number;
        }
        let (taken, rest) = self.rest.split_at(self.rest.len() - rest.len());
        out.extend_from_slice(taken);
        self.rest = rest;
    }
}

/// The last of the types of fields.
const FIXED32: u8 = 5;

/// Skips a field. There is none that cannot be read: bytes are looked at before they are kept [`Encoded`].
fn skip(rest: &mut &[u8]) {
    if let Some(key @ 0x08..0x80) = rest.first()
        && key & TYPE == DELIMITED
    {
        if delimited(rest).is_none() {
            *rest = &[];
        }
        return;
    }
    let skipped = encoding::decode_key(rest).and_then(|(number, wire_type)| {
        encoding::skip_field(wire_type, number, rest, DecodeContext::default())
    });
    if skipped.is_err() {
        *rest = &[];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::route::v3::{Route, RouteConfiguration, VirtualHost};

    fn configuration(hosts: &[&str]) -> RouteConfiguration {
        let host = |name: &&str| VirtualHost {
            name: (*name).to_owned(),
            routes: vec![Route { name: "a".repeat(300), ..Route::default() }.into()],
            ..VirtualHost::default()
        };
        RouteConfiguration {
            virtual_hosts: hosts.iter().map(host).collect(),
            ..RouteConfiguration::default()
        }
    }

    #[test]
    fn fields_come_in_the_order_of_their_numbers() {
        let own = RouteConfiguration {
            name: "name".to_owned(),
            validate_clusters: Some(true.into()),
            ignore_port_in_host_matching: true,
            ..configuration(&["a"])
        };
        let shared = RouteConfiguration {
            request_headers_to_remove: vec!["x".to_owned(), "y".to_owned()],
            max_direct_response_body_size_bytes: Some(7.into()),
            ..configuration(&["b", "c"])
        };
        let both = RouteConfiguration {
            request_headers_to_remove: shared.request_headers_to_remove.clone(),
            max_direct_response_body_size_bytes: shared.max_direct_response_body_size_bytes,
            virtual_hosts: configuration(&["a", "b", "c"]).virtual_hosts,
            ..own.clone()
        };
        let (own, shared, none) = (Encoded::from(own), Encoded::from(shared), Encoded::default());
        assert_eq!(Encoded::joined(&[&none, &own, &shared, &none]), Encoded::from(both));
        assert_eq!(Encoded::<RouteConfiguration>::joined(&[]), Encoded::default());
        assert_eq!(Encoded::joined(&[&shared]), shared);
    }

    #[test]
    fn what_cannot_be_read_is_kept() {
        for broken in [&[0x0a, 5, 1][..], &[0x0a, 1, b'a', 0x2c], &[0x08]] {
            let parts = Encoded::<VirtualHost>::from_bytes(broken.to_vec());
            assert_eq!(Encoded::joined(&[&parts]), parts, "{broken:?}");
        }
    }
}
