//! What the Gateway API's routes do to requests.

use hbone::echo::ask;
use hyper::Method;
use waypoint_xds::release::Release;

use crate::row::{Expect, Row, Sight, get, grpc, ok, row, spread, status};
use crate::scenario::Scenario;

const REVIEWS: &str = "reviews.shop:80";

pub(crate) fn scenario() -> Scenario {
    Scenario::of(include_str!("../scenarios/gateway-api.yaml"), rows())
}

fn rows() -> Vec<Row> {
    vec![
        row("90/10", get(REVIEWS, "/split").times(1000), spread([("v1", 85.0..=95.0), ("v2", 5.0..=15.0)])),
        row("nothing matches", get(REVIEWS, "/"), ok().version("v1")),
        row("the path matches", get(REVIEWS, "/exact"), ok().version("v2")),
        row("more than the path", get(REVIEWS, "/exact/more"), ok().version("v1")),
        row("the path's first words match", get(REVIEWS, "/mirror/more"), ok().reached("ratings", 1)),
        row("the path's first letters match", get(REVIEWS, "/mirrored"), ok().reached("ratings", 0)),
        row("the header matches", get(REVIEWS, "/").header("end-user", "jason"), ok().version("v2")),
        row("the query matches", get(REVIEWS, "/query?version=2"), ok().version("v2")),
        row("another query", get(REVIEWS, "/query?version=3"), ok().version("v1")),
        row("the method matches", get(REVIEWS, "/post").method(Method::POST), ok().version("v2")),
        row("another method", get(REVIEWS, "/post"), ok().version("v1")),
        row(
            "headers come and go",
            get(REVIEWS, "/headers").header("x-set", "old").header("x-add", "first").header("x-remove", "1"),
            ok().saw_header("x-set", "set")
                .saw_header("x-add", "first,added")
                .saw_no_header("x-remove")
                .header("x-answer", "42"),
        ),
        row("a redirect", get(REVIEWS, "/redirect"), redirect("https://other.example/redirect"))
            .only(Release::V1_31),
        row(
            "1.18 keeps the request's port, though the scheme has another",
            get(REVIEWS, "/redirect"),
            redirect("https://other.example:80/redirect"),
        )
        .only(Release::V1_18),
        row(
            "the path's beginning and the host are replaced",
            get(REVIEWS, "/rewrite/me"),
            ok().saw(Sight::Path, "/rewritten/me").saw(Sight::Host, "inside.example"),
        ),
        row("a mirrored request", get(REVIEWS, "/mirror"), ok().version("v1").reached("ratings", 1)),
        row("directly to a Service of one version", get("reviews-v2.shop:80", "/"), ok().version("v2")),
    ]
}

fn redirect(location: &'static str) -> Expect {
    status(301).header("location", location).reached("", 0)
}

/// Timeouts and GRPCRoutes.
pub(crate) fn newer() -> Scenario {
    let call = |method: &str| grpc("reviews.shop:90", method);
    let rows = vec![
        row("a gRPC method", call("/shop.Reviews/Write"), ok().grpc_status("0").version("v2")),
        row("a gRPC service", call("/shop.Reviews/Read"), ok().grpc_status("0").version("v1")),
        // 12 is UNIMPLEMENTED.
        row("another gRPC service", call("/shop.Ratings/Read"), status(200).grpc_status("12").reached("", 0)),
        row("quick enough", get("ratings.shop:80", "/"), ok()),
        row("too slow", get("ratings.shop:80", "/").header(ask::DELAY, "5000"), status(504)),
    ];
    Scenario::of(include_str!("../scenarios/gateway-api-newer.yaml"), rows)
}
