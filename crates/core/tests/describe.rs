//! What `describe` says of the objects of `testdata/describe/shop.yaml` stands next to it.
//! `UPDATE_GOLDEN=1 cargo test --test describe` writes it anew.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::PathBuf;

use waypoint_xds::describe::{Description, NotFound, Subject, SubjectKind};
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::session::Session;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::description;

const SUBJECTS: [(SubjectKind, &str); 12] = [
    (SubjectKind::Service, "cart"),
    (SubjectKind::Service, "stock"),
    (SubjectKind::Service, "bank"),
    (SubjectKind::Pod, "cart-1"),
    (SubjectKind::Pod, "front-1"),
    (SubjectKind::Waypoint, "waypoint"),
    (SubjectKind::Policy, "readers"),
    (SubjectKind::Policy, "through-waypoint"),
    (SubjectKind::Policy, "tokens"),
    (SubjectKind::Policy, "logs"),
    (SubjectKind::Policy, "stock"),
    (SubjectKind::Route, "cart"),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/describe")
}

fn session(release: Release) -> Session {
    let text = fs::read_to_string(folder().join("shop.yaml")).expect("the snapshot");
    let mut options = Options::default();
    options.release = release;
    Session::read([SourceFile::new("shop.yaml", text)], &options)
}

#[test]
fn descriptions_are_as_written() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let session = session(Release::LATEST);
    let mut wrong = Vec::new();
    for (kind, name) in SUBJECTS {
        let found = session.describe(&Subject::new(kind, name, None)).expect("an object");
        let text = description::text(&found);
        let path = folder().join(format!("{}-{name}.txt", kind.as_str()));
        if update {
            fs::write(&path, &text).expect("to write");
        } else if fs::read_to_string(&path).unwrap_or_default() != text {
            wrong.push(text);
        }
        let json = description::json(&found).expect("JSON");
        assert_eq!(json["object"]["name"], name);
        let again = serde_json::from_value::<Description>(json).expect("a description");
        assert_eq!(again, found, "what is written is read again");
    }
    assert!(wrong.is_empty(), "descriptions differ (UPDATE_GOLDEN=1 writes them):\n{}", wrong.join("\n"));
}

#[test]
fn every_release_describes_the_same_objects() {
    for &release in Release::ALL {
        let session = session(release);
        for (kind, name) in SUBJECTS {
            // 1.18 knows nothing of `targetRefs`, and still has the objects; its waypoints are found as such.
            assert!(session.describe(&Subject::new(kind, name, Some("shop"))).is_ok(), "{release}: {name}");
        }
    }
}

#[test]
fn names_may_have_their_namespace() {
    let session = session(Release::LATEST);
    let describe =
        |name: &str, namespace| session.describe(&Subject::new(SubjectKind::Service, name, namespace));
    assert!(describe("cart.shop", None).is_ok());
    assert!(describe("cart", Some("shop")).is_ok());
    let missing = Subject::new(SubjectKind::Service, "cart", Some("other"));
    assert_eq!(describe("cart", Some("other")).unwrap_err(), NotFound::Nothing(missing));
    let edge = Subject::new(SubjectKind::Waypoint, "edge", None);
    assert_eq!(session.describe(&edge).unwrap_err(), NotFound::Nothing(edge.clone()), "no waypoint");
}
