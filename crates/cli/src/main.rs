//! The waypoint-xds command line.
fn main() {}
