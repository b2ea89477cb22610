//! Any bytes as an input file, of which everything is asked.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| waypoint_xds_fuzz::translate(bytes));
