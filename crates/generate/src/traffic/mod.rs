//! Meshes that carry traffic, and requests that are likely to be near the edges of what their routes and
//! policies ask for.
//!
//! [`super::snapshot`] draws any field of any kind, and hardly ever a mesh with a Service that is routed and
//! policed. Here kinds of objects are drawn that are, with few words ([`words`](self)) that snapshots and
//! requests share. What is drawn depends on a number and nothing else, so that a failure can be drawn again;
//! [`smaller`] makes it small.

mod changed;
mod dice;
mod gateway_api;
mod istio;
mod near;
mod policies;
mod request;
mod smaller;
mod universe;
mod words;

pub use changed::changed;
pub use dice::Dice;
pub use policies::KEY_SET;
pub use request::{Ask, Place, Token, TunnelProtocol, requests};
pub use smaller::smaller;
pub use universe::WAYPOINT;

use serde_json::Value;

/// The mesh without what is drawn: the pods are the same in every snapshot.
#[must_use]
pub fn universe() -> Vec<Value> {
    universe::objects(&mut Dice::new(0))
}

/// A mesh for a release.
#[must_use]
pub fn snapshot(seed: u64, release: &str) -> Vec<Value> {
    let mut dice = Dice::new(seed);
    let mut objects = universe::objects(&mut dice);
    // A Service with routes of both kinds has those of the VirtualService: mostly there is one kind.
    let (istio, gateway) = dice.pick(&[
        (true, false),
        (true, false),
        (false, true),
        (false, true),
        (true, true),
        (false, false),
    ]);
    if istio {
        objects.push(istio::destination_rule(&mut dice.apart(), "reviews"));
        let count = 1 + dice.below(3);
        objects.extend((0..count).map(|number| istio::virtual_service(&mut dice.apart(), number)));
    }
    if gateway {
        let count = 1 + dice.below(2);
        objects.extend((0..count).map(|number| gateway_api::http_route(&mut dice.apart(), number)));
        if release != "1.18" && dice.percent(40) {
            objects.push(gateway_api::grpc_route(&mut dice.apart(), 0));
        }
    }
    let policies = dice.pick(&[0, 1, 1, 2, 2, 3, 4]);
    objects.extend((0..policies).map(|number| policies::authorization(&mut dice.apart(), number, release)));
    if dice.percent(30) {
        let count = 1 + dice.below(2);
        objects.extend((0..count).map(|number| policies::authentication(&mut dice.apart(), number, release)));
    }
    objects
}
