//! Maps of messages that others encoded.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use prost::Message as _;

use waypoint_xds_envoy::config::core::v3::Metadata;
use waypoint_xds_envoy::config::endpoint::v3::{LbEndpoint, LocalityLbEndpoints};
use waypoint_xds_envoy::google::protobuf::Struct;
use waypoint_xds_envoy::json::decode_sorted;

fn locality(filters: &[&str]) -> LocalityLbEndpoints {
    let mut metadata = Metadata::default();
    for filter in filters {
        metadata.set(filter, &Struct::default());
    }
    let endpoint = LbEndpoint { metadata: Some(metadata), ..LbEndpoint::default() };
    LocalityLbEndpoints { lb_endpoints: vec![endpoint.into()], ..LocalityLbEndpoints::default() }
}

fn put(out: &mut Vec<u8>, number: u32, value: &[u8]) {
    prost::encoding::bytes::encode(number, &value.to_vec(), out);
}

/// The bytes of an endpoint with its metadata in this order.
fn unsorted(filters: &[&str]) -> Vec<u8> {
    let mut metadata = Vec::new();
    for filter in filters {
        let mut entry = Vec::new();
        put(&mut entry, 1, filter.as_bytes());
        put(&mut entry, 2, &[]);
        put(&mut metadata, 1, &entry);
    }
    let (mut endpoint, mut locality) = (Vec::new(), Vec::new());
    put(&mut endpoint, 3, &metadata);
    put(&mut locality, 2, &endpoint);
    locality
}

#[test]
fn maps_inside_of_what_is_kept_encoded_are_sorted() {
    let read: LocalityLbEndpoints = decode_sorted(&unsorted(&["tunnel", "istio", "a"])).unwrap();
    assert_eq!(read, locality(&["a", "istio", "tunnel"]));
}

#[test]
fn what_is_sorted_stays() {
    let made = locality(&["a", "istio"]);
    assert_eq!(decode_sorted::<LocalityLbEndpoints>(&made.encode_to_vec()).unwrap(), made);
}

#[test]
fn broken_bytes_are_refused() {
    for broken in [&[0x12, 5, 1][..], &[0x09, 1], &[0x2c]] {
        assert!(decode_sorted::<LocalityLbEndpoints>(broken).is_err(), "{broken:?}");
    }
}
