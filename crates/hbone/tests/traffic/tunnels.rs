//! The tunnel itself: who may open one, where to, and what may go through it.

use waypoint_xds::release::Release;

use crate::row::{Ask, Expect, Row, Sight, Trust, get, grpc, line, line_back, ok, row, silence, spread};
use crate::scenario::Scenario;

const REVIEWS: &str = "reviews.shop:80";
const POD: &str = "pod/reviews-v1.shop:9080";

pub(crate) fn scenario() -> Scenario {
    let mut rows = protocols();
    rows.extend(destinations());
    rows.extend(certificates());
    Scenario::of("", rows)
}

/// A waypoint for Services only. It does not wait for a client's first bytes on a port of plain TCP.
pub(crate) fn services() -> Scenario {
    let rows = vec![
        row("a Service", get(REVIEWS, "/"), ok()),
        row("a pod", get(POD, "/"), Expect::Nowhere),
        row("the server speaks first", silence("reviews.shop:70"), Expect::Greeting),
        row("the client speaks first", line("reviews.shop:70", "client first"), line_back()),
    ];
    Scenario::of(include_str!("../scenarios/for-service.yaml"), rows)
}

/// A waypoint for workloads only.
pub(crate) fn workloads() -> Scenario {
    let rows = vec![
        row("a pod", get(POD, "/"), ok().version("v1")),
        row("a Service", get(REVIEWS, "/"), Expect::Nowhere),
    ];
    Scenario::of(include_str!("../scenarios/for-workload.yaml"), rows)
}

fn protocols() -> Vec<Row> {
    vec![
        row("HTTP/1.1 to a Service", get(REVIEWS, "/"), ok().saw(Sight::Protocol, "HTTP/1.1")),
        row("HTTP/1.1 to a pod", get(POD, "/"), ok().saw(Sight::Protocol, "HTTP/1.1").version("v1")),
        row(
            "HTTP/2 to a Service's port that is HTTP/1.1's",
            get(REVIEWS, "/").h2c(),
            ok().saw(Sight::Protocol, "HTTP/1.1"),
        ),
        row("HTTP/2 to a pod", get(POD, "/").h2c(), ok().saw(Sight::Protocol, "HTTP/2.0").version("v1")),
        row("gRPC to a Service", grpc("reviews.shop:90", "/a.B/C"), ok().grpc_status("0")),
        row("gRPC to a pod", grpc("pod/reviews-v2.shop:9090", "/a.B/C"), ok().grpc_status("0").version("v2")),
        row("TCP to a Service", line("reviews.shop:70", "to-service"), line_back()),
        row("TCP to a pod", line("pod/reviews-v2.shop:9070", "to-pod"), line_back().version("v2")),
        row(
            "HTTP to a port of no declared protocol",
            get("reviews.shop:60", "/auto"),
            ok().saw(Sight::Protocol, "HTTP/1.1"),
        ),
        row(
            "HTTP/2 to a port of no declared protocol",
            get("reviews.shop:60", "/auto").h2c(),
            ok().saw(Sight::Protocol, "HTTP/2.0"),
        )
        .only(Release::V1_31),
        row(
            "HTTP/2 to a port of no declared protocol becomes HTTP/1.1 in 1.18",
            get("reviews.shop:60", "/auto").h2c(),
            ok().saw(Sight::Protocol, "HTTP/1.1"),
        )
        .only(Release::V1_18),
        row("TCP to a port of no declared protocol", line("reviews.shop:60", "auto tcp"), line_back()),
        // With workloads attached, 1.31 waits for a client's first bytes on every port, whatever its
        // protocol.
        row("the server would speak first", silence("reviews.shop:70"), Expect::Silence).only(Release::V1_31),
        row(
            "every pod of a Service",
            get(REVIEWS, "/every").times(200),
            spread([("v1", 25.0..=75.0), ("v2", 25.0..=75.0)]),
        ),
    ]
}

fn destinations() -> Vec<Row> {
    let nobody = |what, ask: Ask| row(what, ask, Expect::Nowhere);
    vec![
        nobody("a VIP of nobody", get("10.96.0.99:80", "/")),
        nobody("a VIP's unknown port", get("reviews.shop:12345", "/")),
        nobody("a VIP of another namespace", get("elsewhere.outside:80", "/")),
        nobody("a pod of another namespace", get("pod/elsewhere.outside:9080", "/")),
        nobody("the waypoint's own admin interface", get("127.0.0.1:15000", "/")),
        nobody("a name", get("reviews.shop.svc.cluster.local:80", "/")),
        row("a VIP that is served", get(REVIEWS, "/"), ok()),
    ]
}

fn certificates() -> Vec<Row> {
    vec![
        row("a certificate of the mesh", get(REVIEWS, "/trust"), ok()),
        row(
            "another trust domain",
            get(REVIEWS, "/trust").trust(Trust::OtherTrustDomain),
            Expect::NoConnection("ssl.fail_verify_san"),
        ),
        row(
            "another authority",
            get(REVIEWS, "/trust").trust(Trust::OtherAuthority),
            Expect::NoConnection("ssl.fail_verify_error"),
        ),
    ]
}
