//! Any texts as what the bindings are given.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| waypoint_xds_fuzz::doors(bytes));
