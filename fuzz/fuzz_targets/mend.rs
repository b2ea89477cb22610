//! Any bytes as an input file that is mended.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| waypoint_xds_fuzz::mend(bytes));
