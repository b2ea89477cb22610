//! The JSON of messages, read as Go's `protojson` reads it, which is what Istio reads an EnvoyFilter's values with:
//! `testdata/proto-json/envoy.txt` has a Cluster a line, `testdata/oracle-proto` wrote what comes of each.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use waypoint_xds_envoy::config::cluster::v3::Cluster;
use waypoint_xds_envoy::json::{self, ReadOptions};

const CASES: &str = include_str!("../../../testdata/proto-json/envoy.txt");
const EXPECTED: &str = include_str!("../../../testdata/proto-json/envoy.expected.txt");

fn read(text: &str) -> Result<Value, String> {
    let options = ReadOptions { ignore_unknown: true };
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let cluster: Cluster = json::parse_with(&value, options).map_err(|error| error.to_string())?;
    let json = json::to_json(&cluster).map_err(|error| error.to_string())?;
    Ok(serde_json::from_str(&json).unwrap())
}

#[test]
fn protojson_is_read_as_go_reads_it() {
    let mut wrong = Vec::new();
    assert_eq!(CASES.lines().count(), EXPECTED.lines().count());
    let lines = CASES.lines().zip(EXPECTED.lines());
    for (case, expected) in lines.filter(|(case, _)| case.starts_with('{')) {
        let meant: Option<Value> =
            expected.strip_prefix("ok ").map(|json| serde_json::from_str(json).unwrap());
        match (read(case), meant) {
            (Ok(found), Some(meant)) if found == meant => {}
            (Err(_), None) => {}
            (found, _) => wrong.push(format!("{case}\n  {expected}\n  {found:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}
