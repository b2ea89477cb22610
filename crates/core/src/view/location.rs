//! Where the JSON of something is: in which resource, and where in it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::opened::{OpenedListener, OpenedRoutes};
use crate::resources::{Part, Resource, WaypointResources};
use crate::view::json::ResourceKind;
use crate::view::table::Table;

/// Where the JSON of something is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Location {
    /// The kind of the resource.
    pub kind: ResourceKind,
    /// The resource's name.
    pub name: String,
    /// Where in it, as a JSON pointer (RFC 6901); empty for the whole resource.
    pub pointer: String,
}

impl Location {
    /// A part of a resource.
    #[must_use]
    pub fn new(kind: ResourceKind, name: impl Into<String>, pointer: impl Into<String>) -> Self {
        Self { kind, name: name.into(), pointer: pointer.into() }
    }

    /// A part of what is here.
    #[must_use]
    pub fn below(&self, pointer: &str) -> Self {
        Self { pointer: format!("{}{pointer}", self.pointer), ..self.clone() }
    }
}

/// Adds to a table of a waypoint's resources where the JSON of each row is.
pub fn add_locations(table: &mut Table, kind: ResourceKind, resources: &WaypointResources) {
    let places = places(kind, resources);
    // An endpoint is shown with the others of its cluster.
    let part_of = |part: &Part| match part {
        Part::Endpoint(_) => Part::Resource,
        part => part.clone(),
    };
    let found = |(name, part): &Subject| places.get(&(name.clone(), part_of(part))).cloned();
    table.locations = table.subjects.iter().map(found).collect();
}

/// What a row is about: a resource's name, and the part of it.
type Subject = (String, Part);

type Places = BTreeMap<Subject, Location>;

/// Where what rows may be about is. Of two things with the same name the first counts.
fn places(kind: ResourceKind, resources: &WaypointResources) -> Places {
    let mut places = Places::new();
    let whole = |name: &str| ((name.to_owned(), Part::Resource), Location::new(kind, name, ""));
    match kind {
        ResourceKind::Listeners => {
            for Resource { message, origins } in &resources.listeners {
                for (key, location) in chains(&OpenedListener::new(message, origins)) {
                    places.entry(key).or_insert(location);
                }
            }
        }
        ResourceKind::Clusters => places.extend(resources.clusters.iter().map(|c| whole(&c.message.name))),
        ResourceKind::Endpoints => {
            let own = resources.clusters.iter().filter(|c| c.message.load_assignment.is_some());
            places.extend(own.map(|cluster| {
                let name = &cluster.message.name;
                (
                    (name.clone(), Part::Resource),
                    Location::new(ResourceKind::Clusters, name, "/loadAssignment"),
                )
            }));
            places.extend(resources.endpoints.iter().map(|e| whole(&e.message.cluster_name)));
        }
        ResourceKind::Routes => {
            for (key, location) in all_routes(resources) {
                places.entry(key).or_insert(location);
            }
        }
    }
    places
}

fn chains(listener: &OpenedListener<'_>) -> impl Iterator<Item = (Subject, Location)> {
    let name = &listener.message.name;
    listener.chains.iter().map(move |chain| {
        let key = (name.clone(), Part::FilterChain(chain.message.name.as_str().into()));
        (key, Location::new(ResourceKind::Listeners, name, &chain.pointer))
    })
}

/// The routes of all route configurations, those inside listeners too.
fn all_routes(resources: &WaypointResources) -> Vec<(Subject, Location)> {
    let mut found = Vec::new();
    for Resource { message, origins } in &resources.routes {
        let whole = Location::new(ResourceKind::Routes, &message.name, "");
        add_routes(&mut found, &whole, &OpenedRoutes::delivered(message, origins));
    }
    for Resource { message, origins } in &resources.listeners {
        let whole = Location::new(ResourceKind::Listeners, &message.name, "");
        for (_, routes) in OpenedListener::new(message, origins).routes() {
            add_routes(&mut found, &whole, &routes);
        }
    }
    found
}

/// The routes of a configuration, by its name and their position, and the configuration itself for virtual
/// hosts that have none.
fn add_routes(found: &mut Vec<(Subject, Location)>, whole: &Location, routes: &OpenedRoutes<'_, '_>) {
    let name = &routes.message.name;
    found.push(((name.clone(), Part::Resource), whole.below(&routes.pointer)));
    for route in routes.routes() {
        let part = Part::Route { chain: name.as_str().into(), index: route.position };
        found.push(((name.clone(), part), whole.below(&route.pointer)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::limits::Limits;
    use crate::options::Options;
    use crate::release::Release;
    use crate::snapshot::Snapshot;
    use crate::text::SourceFile;
    use crate::view::{json, proxy_config};
    use crate::{resources, translation};

    const BOOKINFO: &str = include_str!("../../testdata/bookinfo-reviews-sa.yaml");
    const MATCHES: &str = include_str!("../../testdata/vs-match-headers.yaml");

    /// Every row that is about a resource points at JSON that is there; how many rows do, by kind.
    fn located(yaml: &str, release: Release) -> Vec<(usize, usize)> {
        let reading = Snapshot::read([SourceFile::new("mesh.yaml", yaml)], &Limits::DEFAULT);
        let (mesh, _) = translation::mesh(&reading, &Options::for_release(release));
        let made = resources::generate(&mesh, mesh.waypoints.first().expect("a waypoint"));
        let count = |kind| {
            let table = proxy_config::waypoint_table(&reading, &mesh, &made, kind, false);
            assert_eq!(table.locations.len(), table.rows.len());
            let found = table.locations.iter().flatten();
            for location in found.clone() {
                let all: Value = serde_json::from_str(&json::array(&made, location.kind)).expect("JSON");
                let name = Some(Value::from(location.name.as_str()));
                let named = |r: &&Value| r.get("name").or(r.get("clusterName")) == name.as_ref();
                let resource = all.as_array().and_then(|all| all.iter().find(named)).expect("the resource");
                assert!(resource.pointer(&location.pointer).is_some(), "{location:?}");
            }
            (found.count(), table.rows.len())
        };
        ResourceKind::ALL.map(count).to_vec()
    }

    #[test]
    fn rows_point_at_json_unless_the_bootstrap_says_them() {
        assert_eq!(located(BOOKINFO, Release::V1_18), [(13, 15), (8, 13), (3, 5), (8, 12)]);
        assert_eq!(located(MATCHES, Release::V1_31), [(7, 7), (8, 8), (7, 7), (7, 7)]);
    }
}
