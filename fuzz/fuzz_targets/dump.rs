//! Any bytes as the config dump of a live proxy.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| waypoint_xds_fuzz::dump(bytes));
