//! What Istio's own integration tests of ambient mode ask of one waypoint (`tests/integration/ambient`), told
//! with this suite's names: `productpage` calls, `reviews` and `ratings` answer. TestDirect is in
//! [`crate::tunnels`], TestPodIP and TestServerSideLB too.

use hyper::Method;
use serde_json::json;
use waypoint_xds::release::Release;

use crate::row::{Expect, Row, Sight, denied, get, line, line_back, ok, row, spread, status};
use crate::scenario::Scenario;
use crate::token::Issuer;

const REVIEWS: &str = "reviews.shop:80";
const RATINGS: &str = "ratings.shop:80";

macro_rules! scenario {
    ($file:literal, [$($row:expr),* $(,)?]) => {
        Scenario::of(include_str!(concat!("../scenarios/istio/", $file, ".yaml")), vec![$($row),*])
    };
}

/// TestServerRouting.
pub(crate) fn set_header() -> Scenario {
    scenario!(
        "set-header",
        [row("set header", get(REVIEWS, "/"), ok().saw_header("istio-custom-header", "user-defined-value"))]
    )
}

/// TestTrafficSplit.
pub(crate) fn split() -> Scenario {
    scenario!(
        "split",
        [
            row("v1", get(REVIEWS, "/").times(10), spread([("v1", 100.0..=100.0)])),
            row(
                "v2",
                get(REVIEWS, "/").header("user", "istio-custom-user").times(10),
                spread([("v2", 100.0..=100.0)])
            ),
        ]
    )
}

/// TestAuthorizationL4.
pub(crate) fn l4() -> Scenario {
    scenario!(
        "l4",
        [
            row("allow", line("reviews.shop:70", "l4-allow"), line_back()),
            row(
                "allow, somebody else",
                line("reviews.shop:70", "l4-other").from("shop/other"),
                Expect::NoAnswer
            ),
            row("not allow", line("ratings.shop:70", "l4-not-allow"), Expect::NoAnswer),
        ]
    )
}

/// TestAuthorizationServiceAttached.
pub(crate) fn service_attached() -> Scenario {
    scenario!(
        "service-attached",
        [
            row("authz target deny", get(RATINGS, "/"), denied()),
            row("authz target allow", get(RATINGS, "/").from("something/else"), ok()),
            row("allow with matching header", get(REVIEWS, "/").header("x-foo", "x-bar"), ok()),
            row("deny without matching header", get(REVIEWS, "/").header("x-foo", "wrong-value"), denied()),
        ]
    )
}

/// TestAuthorizationWaypointDefaultDeny: 1.31's waypoints are not workloads, 1.18's are.
pub(crate) fn default_deny() -> Scenario {
    scenario!(
        "default-deny",
        [
            row("workload-allow-from-waypoint", get(REVIEWS, "/"), ok()).only(Release::V1_31),
            row("allow-nothing", get(REVIEWS, "/"), denied()).only(Release::V1_18),
        ]
    )
}

/// TestAuthorizationWaypointDefaultDeny.
pub(crate) fn default_deny_class() -> Scenario {
    scenario!(
        "default-deny-class",
        [
            row("allow-nothing-waypoint", get(REVIEWS, "/"), denied()),
            row("allow-nothing-waypoint, TCP", line("reviews.shop:70", "nothing"), Expect::NoAnswer),
        ]
    )
}

/// TestAuthorizationL7.
pub(crate) fn l7() -> Scenario {
    scenario!(
        "l7",
        [
            row("simple deny", get(REVIEWS, "/deny"), denied()),
            row("simple allow", get(REVIEWS, "/allowed"), ok()),
            row("identity deny", get(REVIEWS, "/denied-identity"), denied()),
            row("identity allow", get(REVIEWS, "/allowed-identity"), ok()),
            row(
                "identity allow, somebody else",
                get(REVIEWS, "/allowed-identity").from("shop/someone-else"),
                denied()
            ),
            row("explicit deny", get(REVIEWS, "/explicit-deny").method(Method::POST), denied()),
            row("not explicitly denied", get(REVIEWS, "/explicit-allow").method(Method::POST), ok()),
            row("wildcard allow", get(REVIEWS, "/allowed-wildcardtest"), ok()),
            row("headers allow", get(REVIEWS, "/headers").header("x-test-header", "match"), ok()),
            row("headers deny", get(REVIEWS, "/headers").header("x-test-header", "do-not-match"), denied()),
        ]
    )
}

/// TestL7JWT.
pub(crate) fn jwt() -> Scenario {
    let issuer = Issuer::new();
    let policies = include_str!("../scenarios/istio/jwt.yaml").replace("JWKS", &issuer.key_set());
    let with = |path, number: u8, more: serde_json::Value| {
        let mut claims =
            json!({"iss": format!("test-issuer-{number}@istio.io"), "sub": format!("sub-{number}")});
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        get(REVIEWS, path).header("authorization", &issuer.bearer(&claims))
    };
    let rows: Vec<Row> = vec![
        row("deny without token", get(REVIEWS, "/"), denied()),
        row("allow with sub-1 token", with("/", 1, json!({})), ok()),
        row(
            "deny with sub-3 token due to ignored RequestAuthentication",
            with("/", 3, json!({"sub": "sub-1"})),
            status(401),
        ),
        row("deny with sub-2 token", with("/", 2, json!({})), denied()),
        row("deny with expired token", with("/", 1, json!({"exp": 1_000_000_000})), status(401)),
        row("allow healthz", get(REVIEWS, "/healthz"), ok()),
    ];
    Scenario::of(&policies, rows)
}

/// TestDestinationRule.
pub(crate) fn destination_rule() -> Scenario {
    scenario!(
        "destination-rule",
        [
            row("TLS", get("tls.shop:443", "/"), ok().saw(Sight::Tls, "true")),
            row("port level TLS", get("reviews.shop:443", "/"), ok().saw(Sight::Tls, "true")),
            row("port level TLS, another port", get(REVIEWS, "/"), ok().saw(Sight::Tls, "false")),
            row(
                "Subset policy",
                get("subset.shop:80", "/subset"),
                ok().version("v1").saw(Sight::Protocol, "HTTP/2.0")
            ),
            row("no subset, no policy", get("subset.shop:80", "/"), ok().saw(Sight::Protocol, "HTTP/1.1")),
            row("PROXY", get("proxy.shop:80", "/"), ok().saw(Sight::Proxied, "true")),
            row("H2", get("h2.shop:80", "/"), ok().saw(Sight::Protocol, "HTTP/2.0")),
            row(
                "ISTIO_MUTUAL",
                get("mutual.shop:80", "/"),
                ok().saw(Sight::Tls, "false").saw(Sight::Proxied, "false")
            ),
            row(
                "ISTIO_MUTUAL and PROXY",
                get("mutual-proxy.shop:80", "/"),
                ok().saw(Sight::Tls, "false").saw(Sight::Proxied, "true")
            ),
        ]
    )
}

/// TestWaypointWithInvalidBackend.
pub(crate) fn invalid_backend() -> Scenario {
    scenario!(
        "invalid-backend",
        [
            row("500", get(REVIEWS, "/"), status(500)).only(Release::V1_31),
            row("503 in 1.18", get(REVIEWS, "/"), status(503)).only(Release::V1_18),
            row("another Service", get(RATINGS, "/"), ok()),
        ]
    )
}

/// TestTCPRoute and TestTLSRoute. (Istio's TLSRoute has no host names, which the Gateway API of 1.31 does not
/// allow.)
pub(crate) fn l4_routes() -> Scenario {
    scenario!(
        "l4-routes",
        [
            row(
                "TCPRoute",
                line("reviews.shop:70", "tcproute").times(200),
                Expect::Pods(vec![("reviews", 20..=80), ("ratings", 120..=180)]),
            ),
            // A TLSRoute is chosen by the Service's name, not by the one that a client asks for.
            row(
                "TLSRoute",
                get("reviews.shop:443", "/tls").tls("anything.example"),
                ok().saw(Sight::ServerName, "anything.example").reached("ratings", 1),
            ),
            row(
                "TLSRoute of another name",
                get("ratings.shop:443", "/other").tls("reviews.example"),
                ok().saw(Sight::ServerName, "reviews.example").reached("ratings", 1),
            ),
        ]
    )
}

/// TestWaypointEnvoyFilter.
pub(crate) fn envoy_filter() -> Scenario {
    scenario!(
        "envoy-filter",
        [row("a filter in Lua", get(REVIEWS, "/"), ok().saw_header("x-lua-inbound", "hello world"))]
    )
}

/// TestServiceEntryInlinedWorkloadEntry and TestWaypointAsEgressGateway. 1.18 knows the endpoints of its
/// scope only, unless a VirtualService leads outside.
pub(crate) fn service_entry() -> Scenario {
    let outside = |pod: &'static str| ok().reached(pod, 1).saw(Sight::Peer, "");
    let no_endpoint = || status(503).body("no healthy upstream");
    scenario!(
        "service-entry",
        [
            row(
                "MESH_EXTERNAL STATIC",
                get("external.shop:80", "/"),
                outside("elsewhere").saw_header("x-egress", "waypoint"),
            ),
            row("MESH_INTERNAL STATIC", get("internal.shop:80", "/"), ok().version("v1"))
                .only(Release::V1_31),
            row("MESH_INTERNAL STATIC", get("internal.shop:80", "/"), no_endpoint()).only(Release::V1_18),
            row("resolution none", get("passthrough.shop:8080", "/"), outside("passthrough"))
                .only(Release::V1_31),
            row("resolution none", get("passthrough.shop:8080", "/"), no_endpoint()).only(Release::V1_18),
            row(
                "http origination targetPort",
                get("origination.shop:8080", "/"),
                outside("elsewhere").saw(Sight::Tls, "true"),
            )
            .only(Release::V1_31),
            row("http origination targetPort", get("origination.shop:8080", "/"), no_endpoint())
                .only(Release::V1_18),
        ]
    )
}

/// A dry run.
pub(crate) fn dry_run() -> Scenario {
    scenario!("dry-run", [row("nothing is denied", get(REVIEWS, "/"), ok())])
}
