//! Laws over snapshots that are drawn from the schemas of all kinds: any field may be there, with any value.

use proptest::prelude::*;
use serde_json::Value;
use waypoint_xds::options::{Options, Validation};
use waypoint_xds::problem::Code;
use waypoint_xds::release::Release;
use waypoint_xds::snapshot::{Reading, Snapshot};
use waypoint_xds::text::SourceFile;
use waypoint_xds::translate;

fn read(objects: &[Value]) -> Reading {
    Snapshot::read([SourceFile::new("input.yaml", ::generate::text(objects))], &Options::default().limits)
}

fn drawn(release: Release) -> impl Strategy<Value = (Vec<Value>, Vec<Value>)> {
    ::generate::snapshot(release.as_str())
        .prop_flat_map(|objects| (Just(objects.clone()), Just(objects).prop_shuffle()))
}

/// Objects without those that another of the same name replaces: which one that is depends on the order.
fn distinct(objects: &[Value]) -> Vec<Value> {
    let key = |object: &Value| {
        let meta = &object["metadata"];
        (object["kind"].to_string(), meta["namespace"].to_string(), meta["name"].to_string())
    };
    let mut seen = std::collections::BTreeSet::new();
    objects.iter().filter(|object| seen.insert(key(object))).cloned().collect()
}

/// What the schemas have is known; the order of the input does not matter; nothing panics.
fn holds(release: Release, objects: &[Value], shuffled: &[Value]) -> Result<(), TestCaseError> {
    let (reading, other) = (read(objects), read(shuffled));
    let stray: Vec<_> = reading.stray_fields(release, Validation::Strict).collect();
    prop_assert!(stray.is_empty(), "{stray:#?}");
    let options = Options::for_release(release);
    let (left, right) = (translate(&reading, &options), translate(&other, &options));
    prop_assert!(
        !left.problems.iter().any(|problem| problem.code == Code::UnknownField && problem.object.is_some())
    );
    super::same(&left, &right)
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn what_schemas_allow_is_known_in_any_order_1_18((objects, shuffled) in drawn(Release::V1_18)) {
        let objects = distinct(&objects);
        let shuffled: Vec<_> = shuffled.into_iter().filter(|object| objects.contains(object)).collect();
        holds(Release::V1_18, &objects, &distinct(&shuffled))?;
    }

    #[test]
    fn what_schemas_allow_is_known_in_any_order_1_31((objects, shuffled) in drawn(Release::V1_31)) {
        let objects = distinct(&objects);
        let shuffled: Vec<_> = shuffled.into_iter().filter(|object| objects.contains(object)).collect();
        holds(Release::V1_31, &objects, &distinct(&shuffled))?;
    }
}
