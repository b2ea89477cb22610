//! The JSON of messages, read as Go's `protojson` reads it, and as its former library `jsonpb` does, by which
//! Istio reads an EnvoyFilter's values: `testdata/proto-json/envoy.txt` has a Cluster a line,
//! `testdata/oracle-proto` wrote what comes of each.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use waypoint_xds_envoy::config::cluster::v3::Cluster;
use waypoint_xds_envoy::json::{self, JsonRules};

const CASES: &str = include_str!("../../../testdata/proto-json/envoy.txt");
const BY_PROTOJSON: &str = include_str!("../../../testdata/proto-json/envoy.expected.txt");
const BY_JSONPB: &str = include_str!("../../../testdata/proto-json/envoy-filter.expected.txt");

fn read(text: &str, rules: JsonRules) -> Result<Value, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let cluster: Cluster = json::parse_with(&value, rules).map_err(|error| error.to_string())?;
    let json = json::to_json(&cluster).map_err(|error| error.to_string())?;
    Ok(serde_json::from_str(&json).unwrap())
}

/// What only Go takes: half of a character, which no object of a cluster has, and a second's tenth decimal.
const ONLY_IN_GO: [&str; 2] = ["\"\\ud83d\"", ".1234567891Z"];

fn check(expected: &str, rules: JsonRules) {
    let mut wrong = Vec::new();
    assert_eq!(CASES.lines().count(), expected.lines().count());
    let lines = CASES.lines().zip(expected.lines());
    let is_case = |case: &str| case.starts_with('{') && !ONLY_IN_GO.iter().any(|part| case.contains(part));
    for (case, expected) in lines.filter(|(case, _)| is_case(case)) {
        // What is read and cannot be written is as good as refused.
        let meant: Option<Value> =
            expected.strip_prefix("ok ").and_then(|json| serde_json::from_str(json).ok());
        match (read(case, rules), meant) {
            (Ok(found), Some(meant)) if found == meant => {}
            (Err(_), None) => {}
            (found, _) => wrong.push(format!("{case}\n  {expected}\n  {found:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn protojson_is_read_as_go_reads_it() {
    check(BY_PROTOJSON, JsonRules::Lenient);
}

#[test]
fn jsonpb_is_read_as_go_reads_it() {
    check(BY_JSONPB, JsonRules::Jsonpb);
}
