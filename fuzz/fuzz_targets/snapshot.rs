//! Any bytes as the seed of a generator of snapshots.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| waypoint_xds_fuzz::snapshot(bytes));
