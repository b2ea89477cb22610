//! Everything in golden cases becomes messages of `envoy_types` and ours again, without a loss.
//!
//! `cargo test -p waypoint-xds --features envoy-types --test envoy_types`
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::path::Path;

use envoy::{Message, Name};
use waypoint_xds::convert::{Counterpart, from_envoy_types, to_envoy_types};
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::resources::Resource;
use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::text::SourceFile;
use waypoint_xds::translate;
use waypoint_xds::view::json;

/// Cases that together fill most of what a waypoint gets: routes, subsets, policies, tokens, patches, Wasm.
const CASES: &[&str] = &[
    "authz-custom-http",
    "authz-rule-product",
    "bookinfo-namespace",
    "bookinfo-reviews-sa",
    "dr-locality-failover",
    "dr-subset-policies",
    "envoyfilter-http-filter",
    "grpcroute",
    "httproute-header-filters",
    "jwt-with-authz",
    "se-tls-origination",
    "shop-online",
    "svc-dual-stack",
    "telemetry-metrics",
    "vs-match-combined",
    "wasm-phases",
];

/// How many resources there are, all of which survive.
fn survivors<M: Counterpart + Name + PartialEq>(case: &str, resources: &[Resource<M>]) -> usize {
    for Resource { message, .. } in resources {
        let theirs = to_envoy_types(message).expect("what we encode they decode");
        let back: M = from_envoy_types(&theirs).expect("what they encode we decode");
        assert!(back == *message, "{case}: {}", json::message(message));
        assert_eq!(back.encode_to_vec(), message.encode_to_vec(), "{case}");
        // As long as before: they left nothing out. In what order they encode maps is anybody's guess.
        assert_eq!(theirs.encoded_len(), message.encoded_len(), "{case}");
    }
    resources.len()
}

#[test]
fn golden_cases_survive_envoy_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/cases");
    for case in CASES {
        let text = std::fs::read_to_string(folder.join(format!("{case}.yaml"))).unwrap();
        let mut survived = 0;
        for &release in Release::ALL {
            let options = Options::for_release(release);
            let reading = Snapshot::read([SourceFile::new("input.yaml", text.as_str())], &options.limits);
            for waypoint in translate(&reading, &options).waypoints {
                survived += survivors(case, &waypoint.listeners)
                    + survivors(case, &waypoint.clusters)
                    + survivors(case, &waypoint.routes)
                    + survivors(case, &waypoint.endpoints)
                    + survivors(case, &waypoint.extensions);
            }
        }
        assert!(survived > 0, "{case} makes nothing");
    }
}
