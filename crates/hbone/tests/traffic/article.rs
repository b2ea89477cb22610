//! The article's example: bookinfo, a waypoint for one service account, and nine requests in ten for v1.

use waypoint_xds::mesh::WaypointName;

use crate::row::{Expect, Sight, get, ok, row, spread};
use crate::scenario::Scenario;

const PRODUCTPAGE: &str = "default/bookinfo-productpage";

pub(crate) fn scenario() -> Scenario {
    let ask = |to| get(to, "/reviews/0").from(PRODUCTPAGE);
    let rows = vec![
        row(
            "90/10",
            ask("reviews.default:9080").times(1000),
            spread([("v1", 85.0..=95.0), ("v2", 5.0..=15.0)]),
        ),
        row(
            "the pod sees the waypoint",
            ask("reviews.default:9080"),
            ok().saw(Sight::Peer, "spiffe://cluster.local/ns/default/sa/bookinfo-reviews-istio-waypoint"),
        ),
        row("another service account's Service", ask("ratings.default:9080"), Expect::Nowhere),
        row("another service account's Service", ask("productpage.default:9080"), Expect::Nowhere),
    ];
    let case = include_str!("../../../../testdata/cases/bookinfo-reviews-sa.yaml");
    Scenario::case(case, WaypointName::new("default", "bookinfo-reviews"), rows)
}
