//! What AuthorizationPolicies allow and deny. Who is allowed stands next to who is not.

use hbone::echo::ask;
use hyper::Method;
use waypoint_xds::release::Release;

use crate::row::{Expect, Row, denied, get, grpc, line, line_back, ok, row, status};
use crate::scenario::Scenario;

const REVIEWS: &str = "reviews.shop:80";
const STRANGER: &str = "shop/stranger";
const OUTSIDER: &str = "outside/productpage";
const THIEF: &str = "shop/thief";

pub(crate) fn scenario() -> Scenario {
    let mut rows = identities();
    rows.extend(requests());
    rows.extend(denials());
    Scenario::of(include_str!("../scenarios/authorization.yaml"), rows)
}

fn identities() -> Vec<Row> {
    vec![
        row("the principal", get(REVIEWS, "/principal"), ok()),
        row("another principal", get(REVIEWS, "/principal").from(STRANGER), denied()),
        row("another namespace's principal", get(REVIEWS, "/principal").from(OUTSIDER), denied()),
        row("a principal's end", get(REVIEWS, "/principal-suffix").from(OUTSIDER), ok()),
        row("not a principal's end", get(REVIEWS, "/principal-suffix").from(STRANGER), denied()),
        row("anyone but one", get(REVIEWS, "/not-principal"), ok()),
        row("the one", get(REVIEWS, "/not-principal").from(STRANGER), denied()),
        row("the namespace", get(REVIEWS, "/namespace").from(STRANGER), ok()),
        row("another namespace", get(REVIEWS, "/namespace").from(OUTSIDER), denied()),
        row("the principal, by a pod's address", get("pod/reviews-v1.shop:9080", "/principal"), ok()),
        row(
            "another, by a pod's address",
            get("pod/reviews-v1.shop:9080", "/principal").from(STRANGER),
            denied(),
        ),
        row("the principal, of another Service", get("ratings.shop:80", "/principal"), ok()),
        row("another, of another Service", get("ratings.shop:80", "/principal").from(STRANGER), denied()),
    ]
}

fn requests() -> Vec<Row> {
    vec![
        row("the method", get(REVIEWS, "/method"), ok()),
        row("another method", get(REVIEWS, "/method").method(Method::POST), denied()),
        row("the path", get(REVIEWS, "/exact"), ok()),
        row("the path with a query", get(REVIEWS, "/exact?x=y"), ok()),
        row("more than the path", get(REVIEWS, "/exact/more"), denied()),
        row("the path's beginning", get(REVIEWS, "/prefix/more"), ok()),
        row("the path's end", get(REVIEWS, "/some/picture.jpg"), ok()),
        row("another end", get(REVIEWS, "/some/picture.png"), denied()),
        row("the host", get(REVIEWS, "/host").host("reviews.example"), ok()),
        row("another host", get(REVIEWS, "/host"), denied()),
        row("the header", get(REVIEWS, "/header").header("x-token", "open-sesame"), ok()),
        row("another header", get(REVIEWS, "/header").header("x-token", "open-barley"), denied()),
        row("no header", get(REVIEWS, "/header"), denied()),
        row("not the wrong header", get(REVIEWS, "/not-header").header("x-token", "right"), ok()),
        row("the wrong header", get(REVIEWS, "/not-header").header("x-token", "wrong"), denied()),
        row("the port", get(REVIEWS, "/port"), ok()),
        row("another port", get(REVIEWS, "/other-port"), denied()),
        row("not the method and not the path", get(REVIEWS, "/not/that"), ok()),
        row("the path that is not meant", get(REVIEWS, "/not/this"), denied()),
        row("the method that is not meant", get(REVIEWS, "/not/that").method(Method::DELETE), denied()),
        // The peer of the inner listener is another listener of the same Envoy: `ipBlocks`, which ask for it,
        // match nobody (istio/istio#46982). 1.31 passes the client's address on, as the one that
        // `remoteIpBlocks` ask for.
        row("the address of the peer", get(REVIEWS, "/direct-address"), denied()),
        row("the address", get(REVIEWS, "/address"), ok()).only(Release::V1_31),
        row("another address", get(REVIEWS, "/other-address"), denied()),
        row("a gRPC method", grpc("reviews.shop:90", "/shop.Reviews/List"), ok().grpc_status("0")),
        row(
            "another gRPC method",
            grpc("reviews.shop:90", "/shop.Reviews/Delete"),
            // gRPC says in a header what HTTP says in the status: 7 is PERMISSION_DENIED.
            status(200).grpc_status("7").header("grpc-message", "RBAC: access denied"),
        ),
        row("HTTP/2", get(REVIEWS, "/method").h2c(), ok()),
        row("HTTP/2, another method", get(REVIEWS, "/method").method(Method::PUT).h2c(), denied()),
    ]
}

fn denials() -> Vec<Row> {
    vec![
        row("allowed", get(REVIEWS, "/denied/not-this"), ok()),
        row("allowed and denied", get(REVIEWS, "/denied/always"), denied()),
        row("the denied principal", get(REVIEWS, "/exact").from(THIEF), denied()),
        row("TCP, allowed", line("reviews.shop:70", "tcp-allowed"), line_back()),
        row("TCP, not allowed", line("reviews.shop:70", "tcp-stranger").from(STRANGER), Expect::NoAnswer),
        row("TCP, allowed and denied", line("reviews.shop:70", "tcp-thief").from(THIEF), Expect::NoAnswer),
    ]
}

/// Decisions of somebody else's.
pub(crate) fn custom() -> Scenario {
    let rows = vec![
        row(
            "nobody is asked",
            get(REVIEWS, "/free").header(ask::STATUS, "201"),
            status(201).reached("ratings", 0),
        ),
        row("asked, and allowed", get(REVIEWS, "/judged"), ok().reached("ratings", 1).reached("reviews", 1)),
        row(
            "asked, and denied",
            get(REVIEWS, "/judged-badly").header(ask::STATUS, "403"),
            status(403).reached("ratings", 1).reached("reviews", 0),
        ),
    ];
    Scenario::of(include_str!("../scenarios/custom.yaml"), rows)
}
