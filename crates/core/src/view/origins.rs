//! Why each resource exists: the objects of the snapshot that made it, and the lines where the fields stand
//! that did.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use envoy::config::listener::v3::Listener;
use serde::Serialize;

use crate::Str;
use crate::opened::OpenedListener;
use crate::problem::Place;
use crate::resources::{Origin, Part, Resource, WaypointResources};
use crate::snapshot::{Cause, ObjectRef, Reading, Source};
use crate::view::excerpt;
use crate::view::json::ResourceKind;
use crate::view::table::Table;

/// Where the objects of a snapshot stand.
#[derive(Clone, Copy, Debug)]
pub struct Places<'r> {
    reading: &'r Reading,
}

impl<'r> Places<'r> {
    /// In what was read.
    #[must_use]
    pub const fn new(reading: &'r Reading) -> Self {
        Self { reading }
    }

    fn source(&self, object: &ObjectRef) -> Option<Source> {
        self.reading.snapshot.source(object)
    }

    /// What of an object is only assumed.
    fn assumed(&self, object: &ObjectRef) -> Option<Assumed> {
        let meta = self.reading.snapshot.meta(object)?;
        let address = || meta.has_assumed_address().then_some(Assumed::Address);
        meta.is_assumed().then_some(Assumed::Object).or_else(address)
    }

    /// The file and line where an object starts.
    #[must_use]
    pub fn of(&self, object: &ObjectRef) -> Option<(&'r str, u32)> {
        let source = self.source(object)?;
        let file = self.reading.files.get(source.file)?;
        Some((file.name().as_str(), file.position(source.start).line))
    }

    /// The lines of what made something, each with its number, not more than `most`; none where nobody knows
    /// where it stands.
    #[must_use]
    pub fn excerpt(&self, maker: &Maker<'_>, most: usize) -> Vec<(u32, String)> {
        let (Some(file), Some(line)) = (&maker.file, maker.line) else { return Vec::new() };
        let Some(file) = self.reading.files.named(file) else { return Vec::new() };
        excerpt::lines(file.text(), line, maker.end_line.unwrap_or(line), most)
    }

    /// Where all causes of some resources stand. Each document that has one is read again, once.
    #[must_use]
    pub fn locate<'a>(&self, origins: impl IntoIterator<Item = &'a Origin>) -> Located<'a> {
        self.locate_causes(origins.into_iter().flat_map(|origin| &origin.causes))
    }

    /// Where fields of objects stand, in the order asked; the objects as a whole where a field is empty. Each
    /// document that is asked about is read again, once.
    #[must_use]
    pub fn locate_fields<'f>(
        &self,
        fields: impl IntoIterator<Item = (&'f ObjectRef, &'f str)>,
    ) -> Vec<Option<Place>> {
        let asked: Vec<Option<(Source, &str)>> = fields
            .into_iter()
            .map(|(object, field)| self.source(object).map(|source| (source, field)))
            .collect();
        let mut found = self.reading.files.places(asked.iter().copied().flatten()).into_iter();
        asked.iter().map(|asked| asked.and_then(|_| found.next().flatten())).collect()
    }

    /// Where causes stand. Each document that has one is read again, once.
    #[must_use]
    pub fn locate_causes<'a>(&self, causes: impl IntoIterator<Item = &'a Cause>) -> Located<'a> {
        let causes: BTreeSet<&Cause> = causes.into_iter().collect();
        let objects: BTreeSet<&ObjectRef> = causes.iter().map(|cause| &cause.object).collect();
        let known = causes.into_iter().filter_map(|cause| Some((cause, self.source(&cause.object)?)));
        let (fields, others): (Vec<_>, Vec<_>) = known.partition(|(cause, _)| !cause.field.is_root());
        let files = &self.reading.files;
        let paths: Vec<String> = fields.iter().map(|(cause, _)| cause.field.to_string()).collect();
        let asked = fields.iter().zip(&paths).map(|((_, source), path)| (*source, path.as_str()));
        let found = files.places(asked);
        let whole = others.iter().map(|(cause, source)| (*cause, files.place_of_object(*source)));
        let places = fields.iter().map(|(cause, _)| *cause).zip(found).chain(whole);
        let assumed =
            objects.into_iter().filter_map(|object| Some((object, self.assumed(object)?))).collect();
        Located { places: places.filter_map(|(cause, place)| Some((cause, place?))).collect(), assumed }
    }
}

/// Where the causes of some resources stand: see [`Places::locate`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Located<'a> {
    places: BTreeMap<&'a Cause, Place>,
    assumed: BTreeMap<&'a ObjectRef, Assumed>,
}

/// What of an object is only assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Assumed {
    Object,
    Address,
}

impl Located<'_> {
    /// A cause with the lines on which it stands.
    #[must_use]
    pub fn maker<'a>(&self, cause: &'a Cause) -> Maker<'a> {
        let place = self.places.get(cause);
        let assumed = self.assumed.get(&cause.object).copied();
        Maker {
            object: Cow::Borrowed(&cause.object),
            field: cause.field.to_string(),
            file: place.map(|place| place.file.clone()),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            end_line: place.map(|place| place.end_line),
            assumed: assumed == Some(Assumed::Object),
            assumed_address: assumed == Some(Assumed::Address),
        }
    }

    /// Causes in a cell of a table: `VirtualService default/reviews (mesh.yaml:12), …`.
    #[must_use]
    pub fn describe(&self, causes: &[Cause]) -> String {
        causes.iter().map(|cause| self.maker(cause).to_string()).collect::<Vec<_>>().join(", ")
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

/// What made a resource, or a part of it: the part is what is set, the whole where nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Entry<'a> {
    /// The filter chain that was made; of a route the one that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_chain: Option<&'a str>,
    /// The position of the route that was made, in its filter chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<u32>,
    /// The filter that was made, in its filter chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<&'a str>,
    /// The policy that was made, in the RBAC filters of its filter chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<&'a str>,
    /// The address of a workload, of which a listener knows what to do with connections to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<&'a str>,
    /// The endpoint of a cluster, by address and port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<&'a str>,
    /// Whether it is how a cluster speaks to its endpoints.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub transport_socket: bool,
    /// The objects that made it, the decisive one first.
    pub objects: Vec<Maker<'a>>,
}

/// An object that made something, the field of it that did, and where that stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Maker<'a> {
    /// The object.
    #[serde(flatten)]
    pub object: Cow<'a, ObjectRef>,
    /// The field, as a path from the object down; empty where it is the object as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// The file that it stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Str>,
    /// The line where the field starts. Of a field that the object does not have, where the nearest starts
    /// that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column where it starts, from 1, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The line where it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
    /// Whether the object is only assumed to be there: a Pod of a Deployment. It stands where what it is
    /// assumed for does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub assumed: bool,
    /// Whether the object is there, but its address is only assumed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub assumed_address: bool,
}

impl Maker<'_> {
    /// The same, of nobody's.
    #[must_use]
    pub fn into_owned(self) -> Maker<'static> {
        Maker { object: Cow::Owned(self.object.into_owned()), ..self }
    }
}

/// As tables name it: `VirtualService default/reviews (mesh.yaml:12)`, and what is assumed behind it.
impl fmt::Display for Maker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.object)?;
        if let (Some(file), Some(line)) = (&self.file, self.line) {
            write!(f, " ({file}:{line})")?;
        }
        match (self.assumed, self.assumed_address) {
            (true, _) => f.write_str(" (assumed)"),
            (false, true) => f.write_str(" (assumed address)"),
            (false, false) => Ok(()),
        }
    }
}

/// Adds the column ORIGIN to a table of a waypoint's resources: what `-o wide` shows.
pub fn add_column(table: &mut Table, kind: ResourceKind, resources: &WaypointResources, places: &Places<'_>) {
    let known = by_subject(kind, resources);
    let located = places.locate(resources.origins());
    table.add_column("ORIGIN", |resource, part| {
        let whole = || known.get(&(resource.to_owned(), Part::Resource));
        let causes = known.get(&(resource.to_owned(), part.clone())).or_else(whole);
        causes.map(|causes| located.describe(causes)).unwrap_or_default()
    });
}

/// The causes of what the rows of a table are about.
fn by_subject(kind: ResourceKind, resources: &WaypointResources) -> BTreeMap<(String, Part), &[Cause]> {
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
) -> impl Iterator<Item = ((String, Part), &'a [Cause])> {
    resources.iter().flat_map(move |resource| {
        let name = name(&resource.message);
        resource.origins.iter().map(move |o| ((name.to_owned(), o.part.clone()), o.causes.as_slice()))
    })
}

/// The routes inside a listener by their configuration's name, which is not always their chain's.
fn routes_of(listener: &Resource<Listener>) -> Vec<((String, Part), &[Cause])> {
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
        _ => None,
    };
    listener.origins.iter().filter_map(|o| Some((renamed(o)?, o.causes.as_slice()))).collect()
}

/// The origins of everything that a waypoint gets.
#[must_use]
pub fn origins<'a>(resources: &'a WaypointResources, places: &Places<'_>) -> Origins<'a> {
    let located = places.locate(resources.origins());
    Origins {
        listeners: by_name(&resources.listeners, |m| &m.name, &located),
        clusters: by_name(&resources.clusters, |m| &m.name, &located),
        routes: by_name(&resources.routes, |m| &m.name, &located),
        endpoints: by_name(&resources.endpoints, |m| &m.cluster_name, &located),
    }
}

fn by_name<'a, M>(
    resources: &'a [Resource<M>],
    name: impl Fn(&'a M) -> &'a str,
    located: &Located<'a>,
) -> BTreeMap<&'a str, Vec<Entry<'a>>> {
    resources.iter().map(|r| (name(&r.message), all(&r.origins, located))).collect()
}

/// The origins of one resource.
#[must_use]
pub fn entries<'a>(origins: &'a [Origin], places: &Places<'_>) -> Vec<Entry<'a>> {
    all(origins, &places.locate(origins))
}

fn all<'a>(origins: &'a [Origin], located: &Located<'a>) -> Vec<Entry<'a>> {
    origins.iter().map(|origin| entry(origin, located)).collect()
}

fn entry<'a>(origin: &'a Origin, located: &Located<'a>) -> Entry<'a> {
    let mut entry = Entry::default();
    match &origin.part {
        Part::Resource => {}
        Part::FilterChain(name) => entry.filter_chain = Some(name),
        Part::Route { chain, index } => {
            entry.filter_chain = Some(chain);
            entry.route = Some(*index);
        }
        Part::Filter { chain, name } => {
            entry.filter_chain = Some(chain);
            entry.filter = Some(name);
        }
        Part::Policy { chain, name } => {
            entry.filter_chain = Some(chain);
            entry.policy = Some(name);
        }
        Part::Address(address) => entry.address = Some(address),
        Part::Endpoint(address) => entry.endpoint = Some(address),
        Part::TransportSocket => entry.transport_socket = true,
    }
    entry.objects = origin.causes.iter().map(|cause| located.maker(cause)).collect();
    entry
}
