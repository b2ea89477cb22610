//! Runs a scenario: one Envoy, one snapshot, many rows.

use std::path::{Path, PathBuf};

use hbone::rig::{Plan, Rig};
use upstream_envoy::server_unless_skipped;
use waypoint_xds::mesh::WaypointName;
use waypoint_xds::options::Options;
use waypoint_xds::problem::Severity;
use waypoint_xds::release::Release;
use waypoint_xds::text::SourceFile;

use crate::row::Row;
use crate::world::World;

/// A snapshot and what should come of it.
pub(crate) struct Scenario {
    pub(crate) files: Vec<SourceFile>,
    pub(crate) waypoint: WaypointName,
    pub(crate) rows: Vec<Row>,
}

impl Scenario {
    /// The base snapshot with these objects added.
    pub(crate) fn of(objects: &str, rows: Vec<Row>) -> Self {
        let base = SourceFile::new("base.yaml", include_str!("../scenarios/base.yaml"));
        let waypoint = WaypointName::new("shop", "waypoint");
        Self { files: vec![base, SourceFile::new("scenario.yaml", objects)], waypoint, rows }
    }

    /// One of the golden cases.
    pub(crate) fn case(text: &str, waypoint: WaypointName, rows: Vec<Row>) -> Self {
        Self { files: vec![SourceFile::new("case.yaml", text)], waypoint, rows }
    }

    /// Runs every row, and fails if one does not come out as it should.
    pub(crate) fn run(self, name: &str, release: Release) {
        let test = format!("{name} of {release}");
        let Some(envoy) = server_unless_skipped(&test).unwrap_or_else(|why| panic!("{why}")) else { return };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let failures = runtime.block_on(self.failures(name, release, &envoy));
        assert!(failures.is_empty(), "{} rows failed:\n{}", failures.len(), failures.join("\n"));
    }

    async fn failures(self, name: &str, release: Release, envoy: &Path) -> Vec<String> {
        let mut options = Options::for_release(release);
        options.waypoint = Some(self.waypoint);
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{release}"));
        let plan = Plan { files: &self.files, options: &options, envoy, directory: &directory };
        let rig = Rig::start(&plan).await.unwrap_or_else(|error| panic!("{error}"));
        let errors = rig.problems.iter().filter(|problem| problem.severity == Severity::Error);
        let mut failures: Vec<String> = errors.map(|problem| format!("{problem:?}")).collect();
        let mut world = World::new(rig);
        for row in self.rows.iter().filter(|row| row.only.is_none_or(|only| only == release)) {
            if let Err(why) = world.check(row).await {
                failures.push(format!("- {} ({} → {}): {why}", row.what, row.ask.from, row.ask.to));
            }
        }
        if !failures.is_empty() {
            failures.push(format!("the end of Envoy's log:\n{}", world.rig.envoy.log_tail()));
        }
        failures
    }
}
