//! What a DestinationRule says about pods. 1.18's waypoints do not listen to it, and that is tested too.

use hbone::echo::ask;
use waypoint_xds::release::Release;

use crate::row::{Expect, Row, get, row, spread, status};
use crate::scenario::Scenario;

const STICKY: &str = "sticky.shop:80";
const EJECTING: &str = "ejecting.shop:80";

pub(crate) fn scenario() -> Scenario {
    let mut rows = hashes();
    rows.extend(retries());
    rows.extend(ejection());
    Scenario::of(include_str!("../scenarios/upstreams.yaml"), rows)
}

/// Every user has one pod; `%` stands for the request's number, so that many users find both.
fn hashes() -> Vec<Row> {
    let user = |name| get(STICKY, "/hash").header("x-user", name).times(40);
    let both = || spread([("v1", 5.0..=95.0), ("v2", 5.0..=95.0)]);
    vec![
        row("one user, one pod", user("anna"), Expect::OnePod).only(Release::V1_31),
        row("many users, both pods", user("%"), both()),
        row("one user, both pods", user("anna"), both()).only(Release::V1_18),
    ]
}

/// What no VirtualService says.
fn retries() -> Vec<Row> {
    let failing =
        || get("reviews.shop:80", "/retry").header(ask::STATUS, "503").header(ask::ONLY, "v1").times(40);
    vec![row("an answer is an answer, even a 503", failing(), spread([("v2", 5.0..=95.0)]))]
}

fn ejection() -> Vec<Row> {
    let failing = || get(EJECTING, "/eject").header(ask::STATUS, "500").header(ask::ONLY, "v1");
    let both = || spread([("v1", 20.0..=80.0), ("v2", 20.0..=80.0)]);
    let only_v2 = || spread([("v2", 100.0..=100.0)]);
    vec![
        row("both pods", get(EJECTING, "/before").times(100), both()),
        row("one of them fails", failing().times(40), Expect::Any),
        row("it is ejected", get(EJECTING, "/after").times(100), only_v2()).only(Release::V1_31),
        row("it is not ejected", get(EJECTING, "/after").times(100), both()).only(Release::V1_18),
        row("nobody else is", get("reviews.shop:80", "/after").times(100), both()),
        row("and nobody fails", failing(), status(200)).only(Release::V1_31),
    ]
}
