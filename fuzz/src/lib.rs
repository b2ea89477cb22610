//! What the fuzz targets do with an input, so that a stable compiler can check and run it.

use envoy::config::listener::v3::Listener;
use generate::Dice;
use waypoint_xds::limits::Limits;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::{diagnostics, json};

/// Reads any bytes as a file, translates what is in it for every release, and prints everything: nothing may panic.
pub fn read(bytes: &[u8]) {
    // Small limits, so that they are reached.
    let limits = Limits::DEFAULT.with_depth(32).with_nodes(100_000).with_file_bytes(1 << 20);
    let reading = Snapshot::read([SourceFile::from_bytes("input.yaml", bytes)], &limits);
    for &release in Release::ALL {
        let mut options = Options::for_release(release);
        options.limits = limits;
        let translation = waypoint_xds::translate(&reading, &options);
        std::hint::black_box(json::translation(&translation));
        std::hint::black_box(diagnostics::concise(&translation.problems));
    }
}

thread_local! {
    /// Made once: they are as large as the schemas.
    static DICE: Dice = Dice::new(Release::LATEST.as_str());
}

/// Draws a snapshot from the schemas, with the bytes as its seed, and does with it what [`read`] does.
pub fn snapshot(bytes: &[u8]) {
    if let Some(drawn) = DICE.with(|dice| dice.throw(bytes)) {
        read(generate::text(&drawn).as_bytes());
    }
}

/// Reads any bytes as the JSON of a listener, the richest message. What can be read has to be written as JSON that reads
/// back as the same.
pub fn json(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice(bytes) else { return };
    let Ok(listener) = envoy::json::parse::<Listener>(&value) else { return };
    // An `Any` of a type that is not known has no JSON.
    let Ok(written) = envoy::json::to_json(&listener) else { return };
    let value = serde_json::from_str(&written).expect("what was written is JSON");
    let back: Listener = envoy::json::parse(&value).expect("what was written can be read");
    let again = envoy::json::to_json(&back).expect("what was read can be written");
    // Not the messages themselves: NaN is not equal to itself.
    assert_eq!(written, again);
}
