//! Any bytes as a patch of Envoy's configuration.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| waypoint_xds_fuzz::patch(bytes));
