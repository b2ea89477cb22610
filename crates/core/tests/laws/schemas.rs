//! Laws over snapshots that are drawn from the schemas of all kinds: any field may be there, with any value.

use proptest::prelude::*;
use serde_json::Value;
use waypoint_xds::features::Features;
use waypoint_xds::options::{Options, Validation};
use waypoint_xds::problem::Code;
use waypoint_xds::release::Release;
use waypoint_xds::snapshot::{Reading, Snapshot};
use waypoint_xds::text::SourceFile;
use waypoint_xds::translate;

fn read(objects: &[Value]) -> Reading {
    Snapshot::read([SourceFile::new("input.yaml", ::generate::text(objects))], &Options::default().limits)
}

/// What a mesh is translated with: its configuration, and feature flags.
type Settings = (Value, Vec<(&'static str, &'static str)>);

fn drawn(release: Release) -> impl Strategy<Value = (Vec<Value>, Vec<Value>, Settings)> {
    let settings = (::generate::settings::mesh_config(), ::generate::settings::features(Features::NAMES));
    (::generate::snapshot(release.as_str()), settings).prop_flat_map(|(objects, settings)| {
        (Just(objects.clone()), Just(objects).prop_shuffle(), Just(settings))
    })
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
fn holds(
    release: Release,
    (objects, shuffled, (mesh, flags)): (Vec<Value>, Vec<Value>, Settings),
) -> Result<(), TestCaseError> {
    let objects = distinct(&objects);
    let shuffled: Vec<_> = shuffled.into_iter().filter(|object| objects.contains(object)).collect();
    let (reading, other) = (read(&objects), read(&distinct(&shuffled)));
    let stray: Vec<_> = reading.stray_fields(release, Validation::Strict).collect();
    prop_assert!(stray.is_empty(), "{stray:#?}");
    let mut options = Options::for_release(release);
    options.mesh_config = Some(SourceFile::new("mesh.json", mesh.to_string()));
    for (name, value) in flags {
        // A flag that does not take the value stays as it is.
        let _ = options.features.set(name, value);
    }
    let (left, right) = (translate(&reading, &options), translate(&other, &options));
    prop_assert!(
        !left.problems.iter().any(|problem| problem.code == Code::UnknownField && problem.object.is_some())
    );
    super::same(&left, &right)
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn what_schemas_allow_is_known_in_any_order_1_18(drawn in drawn(Release::V1_18)) {
        holds(Release::V1_18, drawn)?;
    }

    #[test]
    fn what_schemas_allow_is_known_in_any_order_1_29(drawn in drawn(Release::V1_29)) {
        holds(Release::V1_29, drawn)?;
    }

    #[test]
    fn what_schemas_allow_is_known_in_any_order_1_30(drawn in drawn(Release::V1_30)) {
        holds(Release::V1_30, drawn)?;
    }

    #[test]
    fn what_schemas_allow_is_known_in_any_order_1_31(drawn in drawn(Release::V1_31)) {
        holds(Release::V1_31, drawn)?;
    }
}
