//! The tables of a waypoint of a snapshot, as istioctl would show those of its running proxy.

use super::{Filter, Form, ProxyConfig, table};
use crate::bootstrap;
use crate::mesh::Mesh;
use crate::resources::WaypointResources;
use crate::snapshot::Reading;
use crate::view::json::ResourceKind;
use crate::view::location::add_locations;
use crate::view::origins::{Places, add_column};
use crate::view::table::Table;

/// What the proxy of a waypoint would hold: its resources, and what its bootstrap says.
#[must_use]
pub fn config(mesh: &Mesh, resources: &WaypointResources) -> ProxyConfig {
    let config = ProxyConfig::of(resources, mesh.rules);
    match mesh.waypoint(&resources.waypoint) {
        Some(waypoint) => config.with_bootstrap(&bootstrap::message(mesh, waypoint), mesh.rules),
        None => config,
    }
}

/// A kind of a waypoint's resources as istioctl's table; `wide` names internal listeners, and tells the
/// origin of each row.
#[must_use]
pub fn waypoint_table(
    reading: &Reading,
    mesh: &Mesh,
    resources: &WaypointResources,
    kind: ResourceKind,
    wide: bool,
) -> Table {
    let form = Form::of(mesh.rules).with_names(wide);
    let mut table = table(&config(mesh, resources), kind, &Filter::default(), form);
    add_locations(&mut table, kind, resources);
    if wide {
        add_column(&mut table, kind, resources, &Places::new(reading));
    }
    table
}
