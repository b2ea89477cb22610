//! What a VirtualService does to requests.

use hbone::echo::ask;
use hyper::Method;
use waypoint_xds::release::Release;

use crate::row::{Row, Sight, get, grpc, ok, row, spread, status};
use crate::scenario::Scenario;

const REVIEWS: &str = "reviews.shop:80";

pub(crate) fn scenario() -> Scenario {
    Scenario::of(include_str!("../scenarios/routing.yaml"), rows())
}

fn rows() -> Vec<Row> {
    let mut rows = matches();
    rows.extend(changes());
    rows.extend(failures());
    rows.extend(mirror_and_cors());
    rows
}

fn matches() -> Vec<Row> {
    vec![
        row("90/10", get(REVIEWS, "/split").times(1000), spread([("v1", 85.0..=95.0), ("v2", 5.0..=15.0)])),
        row("nothing matches", get(REVIEWS, "/"), ok().version("v1")),
        row("the header matches", get(REVIEWS, "/").header("end-user", "jason"), ok().version("v2")),
        row("another value", get(REVIEWS, "/").header("end-user", "anna"), ok().version("v1")),
        row("the path matches a regex", get(REVIEWS, "/item/17"), ok().version("v2")),
        row("all of the path has to match", get(REVIEWS, "/item/17/x"), ok().version("v1")),
        row("the method matches", get(REVIEWS, "/post").method(Method::POST), ok().version("v2")),
        row("another method", get(REVIEWS, "/post"), ok().version("v1")),
        row("the query matches", get(REVIEWS, "/query?version=2"), ok().version("v2")),
        row("another query", get(REVIEWS, "/query?version=3"), ok().version("v1")),
        row("the header is absent", get(REVIEWS, "/without"), ok().version("v2")),
        row("the header is there", get(REVIEWS, "/without").header("x-old", "1"), ok().version("v1")),
        row("the authority matches", get(REVIEWS, "/authority").host("canary.example"), ok().version("v2")),
        row("another authority", get(REVIEWS, "/authority").host("other.example"), ok().version("v1")),
        row("HTTP/2 is routed too", get(REVIEWS, "/").header("end-user", "jason").h2c(), ok().version("v2")),
        row(
            "gRPC is routed too",
            grpc("reviews.shop:90", "/shop.Reviews/List").header("end-user", "jason"),
            ok().version("v2").grpc_status("0"),
        ),
        row("another Service", get(REVIEWS, "/ratings"), ok().reached("ratings", 1)),
        row(
            "nobody who is not ready",
            get(REVIEWS, "/any").times(100),
            spread([("v1", 20.0..=80.0), ("v2", 20.0..=80.0)]),
        ),
        row(
            "nobody who is not ready, told by the log",
            get(REVIEWS, "/any"),
            ok().reached("reviews-v1-unready", 0),
        ),
    ]
}

fn changes() -> Vec<Row> {
    vec![
        row(
            "the path's beginning and the host are replaced",
            get(REVIEWS, "/rewrite/me?now"),
            ok().saw(Sight::Path, "/rewritten/me?now").saw(Sight::Host, "inside.example"),
        ),
        row(
            "a redirect",
            get(REVIEWS, "/redirect"),
            status(308).header("location", "http://other.example/there").reached("", 0),
        ),
        row("a direct response", get(REVIEWS, "/direct"), status(418).body("short and stout").reached("", 0)),
        row(
            "headers come and go",
            get(REVIEWS, "/headers").header("x-set", "old").header("x-add", "first").header("x-remove", "1"),
            ok().saw_header("x-set", "set")
                .saw_header("x-add", "first,added")
                .saw_no_header("x-remove")
                .header("x-answer", "42"),
        ),
    ]
}

fn failures() -> Vec<Row> {
    let failing = |path| get(REVIEWS, path).header(ask::STATUS, "503").header(ask::ONLY, "v1");
    vec![
        row(
            "an aborted request",
            get(REVIEWS, "/abort"),
            status(555).body("fault filter abort").reached("", 0),
        ),
        row("a delayed request", get(REVIEWS, "/delay"), ok().took(900..=4000)),
        row("a request that is not delayed", get(REVIEWS, "/quick"), ok().took(0..=899)),
        row(
            "retries find another pod",
            failing("/retry-elsewhere").times(20),
            spread([("v2", 100.0..=100.0)]),
        ),
        row("retries end", failing("/retry-in-vain"), status(503).reached("reviews-v1", 3)),
        row("no retries", failing("/no-retry"), status(503).reached("reviews-v1", 1)),
        row(
            "too slow",
            get(REVIEWS, "/timeout").header(ask::DELAY, "5000"),
            status(504).body("upstream request timeout").took(900..=4000),
        ),
        row("quick enough", get(REVIEWS, "/timeout").header(ask::DELAY, "10"), ok().took(10..=899)),
        row("a subset without pods", get(REVIEWS, "/nobody"), status(503).body("no healthy upstream")),
    ]
}

fn mirror_and_cors() -> Vec<Row> {
    let preflight = |origin| {
        get(REVIEWS, "/cors")
            .method(Method::OPTIONS)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
    };
    vec![
        row("a mirrored request", get(REVIEWS, "/mirror"), ok().version("v1").reached("ratings", 1)),
        row("a request that is not mirrored", get(REVIEWS, "/unmirrored"), ok().reached("ratings", 0)),
        row(
            "preflight of a known origin",
            preflight("https://shop.example"),
            ok().header("access-control-allow-origin", "https://shop.example")
                .header("access-control-allow-methods", "GET,POST")
                .header("access-control-allow-headers", "x-cart")
                .header("access-control-allow-credentials", "true")
                .header("access-control-max-age", "86400")
                .reached("", 0),
        ),
        row(
            "preflight of another origin goes to the pod in 1.18",
            preflight("https://evil.example"),
            ok().no_header("access-control-allow-origin"),
        )
        .only(Release::V1_18),
        row(
            "a known origin's request",
            get(REVIEWS, "/cors").header("origin", "https://shop.example"),
            ok().header("access-control-allow-origin", "https://shop.example"),
        ),
        row(
            "another origin's request",
            get(REVIEWS, "/cors").header("origin", "https://evil.example"),
            ok().no_header("access-control-allow-origin"),
        ),
    ]
}
