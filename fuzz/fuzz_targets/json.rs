//! Any bytes as the JSON of an Envoy message.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| waypoint_xds_fuzz::json(bytes));
