//! Any texts as a mesh configuration, the configuration of a proxy and a file of tests.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| waypoint_xds_fuzz::mesh(bytes));
