//! Every resource that Istio's own control plane sent, in JSON as `protojson` wrote it: read, decoded by
//! prost, encoded and written again, it is the same text.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use waypoint_xds_envoy::config::cluster::v3::Cluster;
use waypoint_xds_envoy::config::endpoint::v3::ClusterLoadAssignment;
use waypoint_xds_envoy::config::listener::v3::Listener;
use waypoint_xds_envoy::config::route::v3::RouteConfiguration;
use waypoint_xds_envoy::{Message, Name, json};

/// The files of this name in `cases/*/expected/*/*/`.
fn files(name: &str) -> Vec<PathBuf> {
    let folder = reference_files::unless_skipped("reference/cases", "messages of the reference");
    let Some(folder) = folder.unwrap_or_else(|missing| panic!("{missing}")) else { return Vec::new() };
    let releases = below(&folder).into_iter().flat_map(|case| below(&case.join("expected")));
    let waypoints = releases.flat_map(|release| below(&release));
    let found: Vec<PathBuf> =
        waypoints.map(|waypoint| waypoint.join(name)).filter(|path| path.is_file()).collect();
    assert!(!found.is_empty(), "no case of the reference has {name}");
    found
}

fn below(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

fn round_trip<M: Message + Name + Default>(name: &str) {
    for path in files(name) {
        let resources: Vec<Value> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for resource in resources {
            let context = || format!("{}: {}", path.display(), resource["name"]);
            let wire = json::from_json(&M::full_name(), &resource)
                .unwrap_or_else(|error| panic!("{}: {error}", context()));
            let message = M::decode(wire.as_slice()).unwrap();
            assert_eq!(message.encode_to_vec(), wire, "{}", context());
            // Both keep the order of keys.
            assert_eq!(json::to_json(&message).unwrap(), resource.to_string(), "{}", context());
        }
    }
}

#[test]
fn listeners_come_back() {
    round_trip::<Listener>("listeners.json");
}

#[test]
fn clusters_come_back() {
    round_trip::<Cluster>("clusters.json");
}

#[test]
fn endpoints_come_back() {
    round_trip::<ClusterLoadAssignment>("endpoints.json");
}

#[test]
fn routes_come_back() {
    round_trip::<RouteConfiguration>("routes.json");
}
