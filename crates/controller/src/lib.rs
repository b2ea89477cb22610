//! The core of a controller: it is told of objects as they come and go, and knows which waypoints have to be
//! told something else.
//!
//! What is around it is `kube`'s: a `reflector` for each kind calls [`Controller::apply`] and
//! [`Controller::delete`], and whenever it is quiet, [`Controller::reconcile`] says for which waypoints an
//! xDS server has a new snapshot. There is no network in here, so that it is tested without a cluster.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Namespace, Pod, Service};
use kube::ResourceExt;
use kube::core::DynamicObject;
use waypoint_xds::Session;
use waypoint_xds::mesh::WaypointName;
use waypoint_xds::options::Options;
use waypoint_xds::resources::WaypointResources;
use waypoint_xds::snapshot::{NotAnObject, Objects};

/// An object that is watched.
#[derive(Clone, Debug)]
pub enum Watched {
    /// A namespace: its labels enrol it, and bind it to a waypoint.
    Namespace(Box<Namespace>),
    /// A service.
    Service(Box<Service>),
    /// A pod.
    Pod(Box<Pod>),
    /// Anything else: Gateways, routes, policies.
    Other(Box<DynamicObject>),
}

/// What tells an object from all others: kind, namespace and name.
type Key = (String, String, String);

impl Watched {
    fn key(&self) -> Key {
        fn of(kind: &str, object: &impl ResourceExt) -> Key {
            (kind.to_owned(), object.namespace().unwrap_or_default(), object.name_any())
        }
        match self {
            Self::Namespace(object) => of("Namespace", object.as_ref()),
            Self::Service(object) => of("Service", object.as_ref()),
            Self::Pod(object) => of("Pod", object.as_ref()),
            Self::Other(object) => {
                let types =
                    object.types.as_ref().map(|types| format!("{}/{}", types.api_version, types.kind));
                of(&types.unwrap_or_default(), object.as_ref())
            }
        }
    }

    fn add_to(&self, objects: &mut Objects) -> Result<(), NotAnObject> {
        match self {
            Self::Namespace(object) => objects.add(object),
            Self::Service(object) => objects.add(object),
            Self::Pod(object) => objects.add(object),
            Self::Other(object) => objects.add(object),
        }
    }
}

/// What changes for waypoints.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// What each of these waypoints gets now: it is new, or something in it is.
    pub told: Vec<WaypointResources>,
    /// Waypoints that are there no more.
    pub gone: Vec<WaypointName>,
}

/// Knows all objects that are watched, and what each waypoint was told last.
#[derive(Debug)]
pub struct Controller {
    options: Options,
    objects: BTreeMap<Key, Watched>,
    told: BTreeMap<WaypointName, WaypointResources>,
}

impl Controller {
    /// A controller that knows nothing yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options, objects: BTreeMap::new(), told: BTreeMap::new() }
    }

    /// An object is there, or is another one than before.
    pub fn apply(&mut self, object: Watched) {
        self.objects.insert(object.key(), object);
    }

    /// An object is there no more.
    pub fn delete(&mut self, object: &Watched) {
        self.objects.remove(&object.key());
    }

    /// What changes for waypoints by what has come and gone since the last time.
    ///
    /// # Errors
    ///
    /// [`NotAnObject`] if an object cannot be written as JSON. Whatever else is wrong with one costs no other
    /// one.
    pub fn reconcile(&mut self) -> Result<Change, NotAnObject> {
        let mut objects = Objects::new();
        self.objects.values().try_for_each(|object| object.add_to(&mut objects))?;
        let session = Session::new(objects.read(&self.options.limits), &self.options);
        let now: BTreeMap<WaypointName, WaypointResources> = session
            .translation()
            .waypoints
            .iter()
            .map(|resources| (resources.waypoint.clone(), resources.clone()))
            .collect();
        let told = now
            .iter()
            .filter(|(name, resources)| !self.told.get(name).is_some_and(|old| is_same(old, resources)));
        let told = told.map(|(_, resources)| resources.clone()).collect();
        let gone = self.told.keys().filter(|name| !now.contains_key(name)).cloned().collect();
        self.told = now;
        Ok(Change { told, gone })
    }
}

/// Whether a waypoint gets the same, wherever the objects stand that made it.
fn is_same(old: &WaypointResources, new: &WaypointResources) -> bool {
    fn messages<M>(resources: &[waypoint_xds::resources::Resource<M>]) -> impl Iterator<Item = &M> {
        resources.iter().map(|resource| &resource.message)
    }
    messages(&old.listeners).eq(messages(&new.listeners))
        && messages(&old.clusters).eq(messages(&new.clusters))
        && messages(&old.routes).eq(messages(&new.routes))
        && messages(&old.endpoints).eq(messages(&new.endpoints))
        && messages(&old.extensions).eq(messages(&new.extensions))
}
