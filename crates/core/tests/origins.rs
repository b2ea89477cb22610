//! Every origin is a field: for all golden cases in all releases, what made a resource or a part of it names an object of
//! the snapshot and a field that the object has, and that field has a line and a column.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

use waypoint_xds::options::Settings;
use waypoint_xds::release::Release;
use waypoint_xds::resources::Part;
use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::text::SourceFile;
use waypoint_xds::translate;
use waypoint_xds::view::origins::Places;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/cases");
    let mut all: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| {
        path.extension().is_some_and(|e| e == "yaml") && !path.to_string_lossy().ends_with(".mesh.yaml")
    });
    all.sort();
    assert!(!all.is_empty());
    all
}

#[test]
fn every_origin_is_a_field_that_stands_somewhere() {
    let mut fields = 0;
    for (path, release) in cases().iter().flat_map(|path| Release::ALL.iter().map(move |r| (path, r))) {
        let settings = Settings {
            release: Some(release.to_string()),
            mesh_config: std::fs::read_to_string(path.with_extension("mesh.yaml")).ok(),
            ..Settings::default()
        };
        let options = settings.options().unwrap();
        let file = SourceFile::new("input.yaml", std::fs::read_to_string(path).unwrap());
        let reading = Snapshot::read([file], &options.limits);
        let translation = translate(&reading, &options);
        let places = Places::new(&reading);
        for waypoint in &translation.waypoints {
            let located = places.locate(waypoint.origins());
            for origin in waypoint.origins() {
                for cause in &origin.causes {
                    let maker = located.maker(cause);
                    let here = || {
                        format!("{} {release}: {:?}: {maker} {}", path.display(), origin.part, maker.field)
                    };
                    let source =
                        reading.snapshot.source(&cause.object).unwrap_or_else(|| panic!("{}", here()));
                    assert!(maker.line.is_some() && maker.column.is_some(), "{}", here());
                    assert!(cause.field.is_root() || reading.files.has(source, &maker.field), "{}", here());
                    fields += usize::from(!cause.field.is_root());
                }
                let decisive = origin.causes.first().filter(|cause| !cause.field.is_root());
                let of_rule = matches!(origin.part, Part::Route { .. });
                assert!(
                    !of_rule || origin.causes.is_empty() || decisive.is_some(),
                    "{} {release}: {:?} has no field",
                    path.display(),
                    origin.part
                );
            }
        }
    }
    assert!(fields > 1000, "{fields}");
}
