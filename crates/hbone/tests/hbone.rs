//! Client and pods, without an Envoy between them: what the other tests rely on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::path::Path;

use hbone::Error;
use hbone::client::{Client, Failure};
use hbone::echo::ask;
use hbone::envoy::Envoy;
use hbone::http::{Protocol, Request, request_once};
use hbone::identity::Identity;
use hbone::loopback::{Block, HBONE_PORT, Loopback};
use hbone::pki::Authority;
use hbone::pods::{Pod, Pods};

const POD: &str = "spiffe://cluster.local/ns/shop/sa/curl";

struct Street {
    _block: Block,
    pods: Pods,
    authority: Authority,
    pod: Loopback,
}

async fn street() -> Street {
    let block = Block::claim().unwrap();
    let authority = Authority::new().unwrap();
    let pod = Pod {
        name: "reviews-v1-1".to_owned(),
        version: "v1".to_owned(),
        address: block.address(0x0106),
        identity: Identity::new("shop", "reviews"),
        ports: vec![9080],
    };
    let address = Loopback::new(pod.address, HBONE_PORT).unwrap();
    Street { pods: Pods::start(&[pod], &authority).await.unwrap(), authority, pod: address, _block: block }
}

impl Street {
    async fn client(&self) -> Client {
        let credentials = self.authority.issue(&POD.parse().unwrap()).unwrap();
        Client::connect(self.pod, &credentials).await.unwrap()
    }
}

#[tokio::test]
async fn every_protocol_goes_through_a_tunnel() {
    let street = street().await;
    let client = street.client().await;
    let get = Request::get("reviews:9080", "/reviews/1?x=y").header("x-test", "yes");
    for protocol in [Protocol::Http1, Protocol::H2c] {
        let request = Request { protocol, ..get.clone() };
        let reply = request_once(client.tunnel("10.0.0.1:9080").await.unwrap(), &request).await.unwrap();
        let seen = reply.seen().unwrap();
        assert_eq!(reply.status, 200);
        assert_eq!((seen.pod.as_str(), seen.version.as_str()), ("reviews-v1-1", "v1"));
        assert_eq!((seen.peer.as_str(), seen.destination.as_str()), (POD, "10.0.0.1:9080"));
        assert_eq!((seen.path.as_str(), seen.host.as_str()), ("/reviews/1?x=y", "reviews:9080"));
        assert_eq!(seen.headers.get("x-test").unwrap(), "yes");
    }
    let call = Request::grpc("reviews:9080", "/shop.Reviews/List", b"ten");
    let reply = request_once(client.tunnel("10.0.0.1:9080").await.unwrap(), &call).await.unwrap();
    assert_eq!((reply.grpc_status(), reply.seen().unwrap().method.as_str()), (Some("0"), "POST"));

    let line = client.tunnel("10.0.0.1:9080").await.unwrap().say("hello").await.unwrap();
    assert!(line.contains("reviews-v1-1") && line.contains("hello"), "{line}");
    assert_eq!(street.pods.log.of_path("hello").len(), 1);
}

#[tokio::test]
async fn a_pod_misbehaves_when_asked() {
    let street = street().await;
    let client = street.client().await;
    let request = Request::get("reviews", "/").header(ask::STATUS, "503").header(ask::DELAY, "60");
    let reply = request_once(client.tunnel("10.0.0.1:9080").await.unwrap(), &request).await.unwrap();
    assert_eq!(reply.status, 503);
    assert!(reply.took.as_millis() >= 60, "{:?}", reply.took);
    let reply =
        request_once(client.tunnel("10.0.0.1:9080").await.unwrap(), &request.header(ask::ONLY, "v2")).await;
    assert_eq!(reply.unwrap().status, 200);
}

#[tokio::test]
async fn a_stranger_is_refused() {
    let street = street().await;
    let stranger =
        Authority::new().unwrap().issue(&POD.parse().unwrap()).unwrap().trusting(&street.authority);
    // With TLS 1.3 the client may learn of it only when it asks for something.
    let failure = match Client::connect(street.pod, &stranger).await {
        Ok(client) => client.tunnel("10.0.0.1:9080").await.map(|_| ()).unwrap_err(),
        Err(hbone::Error::Request(failure)) => failure,
        Err(error) => panic!("{error}"),
    };
    assert!(matches!(failure, Failure::Closed(_) | Failure::Connection(_)), "{failure}");
}

#[tokio::test]
async fn an_envoy_that_could_dial_outside_is_not_started() {
    let config = serde_json::json!({"static_resources": {"clusters": [{"name": "c", "load_assignment": {"endpoints": [
        {"lb_endpoints": [{"endpoint": {"address": {"socket_address": {"address": "10.244.1.6", "port_value": 80}}}}]}
    ]}}]}});
    let nowhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside");
    let started = Envoy::start(Path::new("/nonexistent/envoy"), &config, &nowhere).await;
    assert!(matches!(&started, Err(Error::LeavesMachine(what)) if what.len() == 1), "{started:?}");
}
