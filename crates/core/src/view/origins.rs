//! Why each resource exists: the objects of the snapshot that made it, and the lines where they stand.

use std::collections::BTreeMap;
use std::fmt;

use envoy::config::listener::v3::Listener;
use serde::Serialize;

use crate::opened::OpenedListener;
use crate::resources::{Origin, Part, Resource, WaypointResources};
use crate::snapshot::{ObjectRef, Reading, Source};
use crate::view::json::ResourceKind;
use crate::view::table::Table;

/// Where the objects of a snapshot stand.
#[derive(Debug)]
pub struct Places<'r> {
    reading: &'r Reading,
    sources: BTreeMap<ObjectRef, Source>,
}

impl<'r> Places<'r> {
    /// Indexes a reading.
    #[must_use]
    pub fn new(reading: &'r Reading) -> Self {
        Self { reading, sources: reading.snapshot.sources().collect() }
    }

    /// The file and line where an object starts.
    #[must_use]
    pub fn of(&self, object: &ObjectRef) -> Option<(&'r str, u32)> {
        let source = self.sources.get(object)?;
        let file = self.reading.files.get(source.file)?;
        Some((file.name().as_str(), file.position(source.start).line))
    }

    /// An object with the lines on which it stands.
    #[must_use]
    pub fn maker<'a>(&self, object: &'a ObjectRef) -> Maker<'a>
    where
        'r: 'a,
    {
        let source = self.sources.get(object);
        let files = &self.reading.files;
        let place = source.and_then(|source| files.place_of_object(*source));
        Maker {
            object,
            file: source.and_then(|source| files.get(source.file)).map(|file| file.name().as_str()),
            line: place.as_ref().map(|place| place.line),
            end_line: place.as_ref().map(|place| place.end_line),
        }
    }

    /// Objects in a cell of a table: `VirtualService default/reviews (mesh.yaml:12), …`.
    #[must_use]
    pub fn describe(&self, objects: &[ObjectRef]) -> String {
        objects.iter().map(|object| self.maker(object).to_string()).collect::<Vec<_>>().join(", ")
    }
}

/// The origins of a waypoint's resources, by kind and name: what `--origins` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origins<'a> {
    listeners: BTreeMap<&'a str, Vec<Entry<'a>>>,
    clusters: BTreeMap<&'a str, Vec<Entry<'a>>>,
    routes: BTreeMap<&'a str, Vec<Entry<'a>>>,
    endpoints: BTreeMap<&'a str, Vec<Entry<'a>>>,
}

/// What made a resource, a filter chain or a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Entry<'a> {
    /// The filter chain that was made; of a route the one that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_chain: Option<&'a str>,
    /// The position of the route that was made, in its filter chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<u32>,
    /// The objects that made it, the decisive one first.
    pub objects: Vec<Maker<'a>>,
}

/// An object that made something, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Maker<'a> {
    /// The object.
    #[serde(flatten)]
    pub object: &'a ObjectRef,
    /// The file that it stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a str>,
    /// The line where it starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The line where it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
}

/// As tables name it: `VirtualService default/reviews (mesh.yaml:12)`.
impl fmt::Display for Maker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.object.fmt(f)?;
        match (self.file, self.line) {
            (Some(file), Some(line)) => write!(f, " ({file}:{line})"),
            _ => Ok(()),
        }
    }
}

/// Adds the column ORIGIN to a table of a waypoint's resources: what `-o wide` shows.
pub fn add_column(table: &mut Table, kind: ResourceKind, resources: &WaypointResources, places: &Places<'_>) {
    let known = by_subject(kind, resources);
    table.add_column("ORIGIN", |resource, part| {
        let whole = || known.get(&(resource.to_owned(), Part::Resource));
        let objects = known.get(&(resource.to_owned(), part.clone())).or_else(whole);
        objects.map(|objects| places.describe(objects)).unwrap_or_default()
    });
}

/// The objects behind what the rows of a table are about.
fn by_subject(kind: ResourceKind, resources: &WaypointResources) -> BTreeMap<(String, Part), &[ObjectRef]> {
    match kind {
        ResourceKind::Listeners => parts(&resources.listeners, |m| &m.name).collect(),
        ResourceKind::Clusters => parts(&resources.clusters, |m| &m.name).collect(),
        // A cluster without endpoint discovery has its endpoints inside.
        ResourceKind::Endpoints => parts(&resources.clusters, |m| &m.name)
            .chain(parts(&resources.endpoints, |m| &m.cluster_name))
            .collect(),
        ResourceKind::Routes => resources.listeners.iter().flat_map(routes_of).collect(),
    }
}

fn parts<'a, M>(
    resources: &'a [Resource<M>],
    name: impl Fn(&'a M) -> &'a str,
) -> impl Iterator<Item = ((String, Part), &'a [ObjectRef])> {
    resources.iter().flat_map(move |resource| {
        let name = name(&resource.message);
        resource.origins.iter().map(move |o| ((name.to_owned(), o.part.clone()), o.objects.as_slice()))
    })
}

/// The routes inside a listener by their configuration's name, which is not always their chain's.
fn routes_of(listener: &Resource<Listener>) -> Vec<((String, Part), &[ObjectRef])> {
    let opened = OpenedListener::new(&listener.message, &listener.origins);
    let names: BTreeMap<&str, String> = opened
        .routes()
        .map(|(chain, routes)| (chain.message.name.as_str(), routes.message.name.clone()))
        .collect();
    let renamed = |origin: &'_ Origin| match &origin.part {
        Part::Route { chain, index } => {
            let name = names.get(chain.as_str())?;
            Some((name.clone(), Part::Route { chain: name.as_str().into(), index: *index }))
        }
        Part::Resource | Part::FilterChain(_) => None,
    };
    listener.origins.iter().filter_map(|o| Some((renamed(o)?, o.objects.as_slice()))).collect()
}

/// The origins of everything that a waypoint gets.
#[must_use]
pub fn origins<'a>(resources: &'a WaypointResources, places: &Places<'a>) -> Origins<'a> {
    Origins {
        listeners: by_name(&resources.listeners, |m| &m.name, places),
        clusters: by_name(&resources.clusters, |m| &m.name, places),
        routes: by_name(&resources.routes, |m| &m.name, places),
        endpoints: by_name(&resources.endpoints, |m| &m.cluster_name, places),
    }
}

fn by_name<'a, M>(
    resources: &'a [Resource<M>],
    name: impl Fn(&'a M) -> &'a str,
    places: &Places<'a>,
) -> BTreeMap<&'a str, Vec<Entry<'a>>> {
    resources.iter().map(|r| (name(&r.message), entries(&r.origins, places))).collect()
}

/// The origins of one resource.
#[must_use]
pub fn entries<'a>(origins: &'a [Origin], places: &Places<'a>) -> Vec<Entry<'a>> {
    origins.iter().map(|origin| entry(origin, places)).collect()
}

fn entry<'a>(origin: &'a Origin, places: &Places<'a>) -> Entry<'a> {
    let (filter_chain, route) = match &origin.part {
        Part::Resource => (None, None),
        Part::FilterChain(name) => (Some(name.as_str()), None),
        Part::Route { chain, index } => (Some(chain.as_str()), Some(*index)),
    };
    let objects = origin.objects.iter().map(|object| places.maker(object)).collect();
    Entry { filter_chain, route, objects }
}
