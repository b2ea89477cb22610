//! Who may do what in `testdata/trace/shop.yaml`: `testdata/access` has what is told.
//! `UPDATE_GOLDEN=1 cargo test --test access` writes it anew.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use waypoint_xds::Session;
use waypoint_xds::options::Options;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::classes::access::{Access, AccessQuery, AccessSpec, Passage};
use waypoint_xds::trace::{Request, RequestSpec, Verdict};
use waypoint_xds::view::{access, json};

fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(path)
}

fn shop() -> Session {
    let text = fs::read_to_string(testdata("trace/shop.yaml")).expect("the snapshot");
    Session::read([SourceFile::new("shop.yaml", text)], &Options::default())
}

fn golden(name: &str, text: &str) {
    let path = testdata("access").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).expect("to write");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{} differs (UPDATE_GOLDEN=1 writes it)", path.display());
}

fn asked(session: &Session, spec: AccessSpec) -> Access {
    let query = AccessQuery::try_from(spec).expect("a query");
    session.access(&query).expect("somebody who is there")
}

fn to(to: &str) -> AccessSpec {
    AccessSpec { to: Some(to.to_owned()), ..AccessSpec::default() }
}

fn from(from: &str) -> AccessSpec {
    AccessSpec { from: Some(from.to_owned()), ..AccessSpec::default() }
}

#[test]
fn what_is_told_of_the_shop() {
    let session = shop();
    let places = session.places();
    let queries = [
        ("cart", to("shop/cart:80")),
        ("stock", to("shop/stock")),
        ("pod", to("pod/cart-1.shop")),
        ("front", from("pod/front-1.web")),
        ("outside", from("outside")),
        ("sidecar", AccessSpec { from: Some("pod/proxied-1.web".to_owned()), ..to("shop/cart:80") }),
    ];
    for (name, spec) in queries {
        let found = asked(&session, spec);
        golden(&format!("{name}.txt"), &access::text(&found, &places));
    }
    let cart = asked(&session, to("shop/cart:80"));
    golden("cart.md", &access::markdown(&cart, &places));
    golden("cart.json", &json::pretty(&access::json(&cart, &places).expect("JSON")));
}

#[test]
fn each_example_is_in_its_row_and_is_what_the_row_says() {
    let session = shop();
    let mut examples = 0;
    for name in ["shop/cart", "shop/stock", "shop/empty", "pod/cart-1.shop", "pod/front-1.web:80"] {
        for way in asked(&session, to(name)).destinations.into_iter().flat_map(|to| to.ways) {
            for row in &way.rows {
                assert!(row.confirmed || row.verdict == Verdict::Unknown, "{name}: {row:?}");
                let example: RequestSpec = row.example.clone().expect("an example");
                let request = Request::try_from(example).expect("a request");
                let trace = session.trace(&request).expect("a trace");
                if row.verdict != Verdict::Unknown {
                    assert_eq!((trace.verdict, trace.status), (row.verdict, row.status), "{name}: {row:?}");
                }
                if way.way == Passage::Waypoint {
                    let found = session.access_row(&request).expect("a row");
                    let found = found.map(|found| (found.conditions, found.verdict));
                    assert_eq!(found, Some((row.conditions.clone(), row.verdict)), "{name}: {request:?}");
                }
                examples += 1;
            }
        }
    }
    assert!(examples > 20, "{examples} examples");
}

#[test]
fn who_is_not_there_is_told() {
    let session = shop();
    for (spec, expected) in [
        (to("shop/nobody"), "no Service, ServiceEntry, pod or address of the snapshot is `nobody.shop`"),
        (from("pod/nobody.web"), "there is no pod `nobody` in namespace `web`"),
    ] {
        let query = AccessQuery::try_from(spec).expect("a query");
        assert_eq!(session.access(&query).expect_err("nobody").to_string(), expected);
    }
}
