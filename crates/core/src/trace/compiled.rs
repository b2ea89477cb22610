//! What a waypoint does, ready to answer.

use std::net::IpAddr;
use std::sync::OnceLock;

use super::answer::Answer;
use super::client::{self, NoSuchThing};
use super::cluster::Cluster;
use super::jwt::NOT_VERIFIED;
use super::outcome::Trace;
use super::request::Request;
use super::route::Routes;
use super::texts::Scratch;
use super::tunnel::{Inside, Outside};
use super::walk::{Ended, Walk};
use super::ztunnel::Guards;
use super::{destination, pick, source};
use crate::hash::HashMap;
use crate::mesh::{Mesh, Waypoint, WaypointName};
use crate::opened::{self, OpenedRoutes};
use crate::resources::WaypointResources;
use crate::translation::Translation;
use crate::ztunnel::{self, UnsupportedRelease};

/// What was got ready of a translation, so that many requests can be answered: matchers as data, with their
/// regular expressions compiled. Each part is made when the first request needs it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// Of the waypoints of the translation, in their order.
    proxies: Vec<OnceLock<Proxy>>,
    by_name: HashMap<WaypointName, usize>,
    guards: OnceLock<Result<Guards, UnsupportedRelease>>,
    /// Whether it is known that ztunnels let everything pass.
    is_unguarded: OnceLock<bool>,
}

impl Compiled {
    /// Nothing is ready yet.
    #[must_use]
    pub fn new(translation: &Translation) -> Self {
        let names = translation.waypoints.iter().enumerate();
        Self {
            proxies: translation.waypoints.iter().map(|_| OnceLock::new()).collect(),
            by_name: names.map(|(position, resources)| (resources.waypoint.clone(), position)).collect(),
            guards: OnceLock::new(),
            is_unguarded: OnceLock::new(),
        }
    }
}

/// Answers requests: a session's `tracer` makes one.
#[derive(Clone, Copy, Debug)]
pub struct Tracer<'a> {
    pub(super) mesh: &'a Mesh,
    translation: &'a Translation,
    compiled: &'a Compiled,
}

impl<'a> Tracer<'a> {
    /// What answers from a translation of this mesh. What was got ready has to be of the same translation.
    #[must_use]
    pub fn new(mesh: &'a Mesh, translation: &'a Translation, compiled: &'a Compiled) -> Self {
        Self { mesh, translation, compiled }
    }

    /// What comes of a request, and why.
    ///
    /// # Errors
    ///
    /// When the snapshot does not have who asks, or who is asked.
    pub fn trace(self, request: &Request) -> Result<Trace, NoSuchThing> {
        let mut scratch = Scratch::default();
        let trace = self.walk(request, &mut scratch, true)?.trace();
        Ok(match &request.seed {
            Some(seed) => pick::picked(trace, seed),
            None => trace,
        })
    }

    /// What comes of a request, without why. Nothing is allocated once the scratch has grown, unless the
    /// request has a token or does not go through a waypoint. A seed does not count: all that may come of the
    /// request is told.
    ///
    /// ```
    /// use waypoint_xds::options::Options;
    /// use waypoint_xds::session::Session;
    /// use waypoint_xds::text::SourceFile;
    /// use waypoint_xds::trace::{Request, Scratch, Verdict};
    ///
    /// let yaml = "
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: cart, namespace: shop}
    /// spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
    /// ";
    /// let session = Session::read([SourceFile::new("shop.yaml", yaml)], &Options::default());
    /// let tracer = session.tracer();
    /// let mut scratch = Scratch::default();
    /// let request = Request::new("sa/web.shop".parse()?, "cart:80".parse()?);
    /// // No pod is behind the Service.
    /// assert_eq!(tracer.answer(&request, &mut scratch)?.verdict(), Verdict::Failed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the snapshot does not have who asks, or who is asked.
    pub fn answer<'b>(self, request: &'b Request, scratch: &'b mut Scratch) -> Result<Answer<'b>, NoSuchThing>
    where
        'a: 'b,
    {
        self.walk(request, scratch, false).map(Ended::answer)
    }

    fn walk<'b>(
        self,
        request: &'b Request,
        scratch: &'b mut Scratch,
        explains: bool,
    ) -> Result<Ended<'b>, NoSuchThing>
    where
        'a: 'b,
    {
        client::exists(self.mesh, &request.via)?;
        let mut walk = Walk::new(self, request, scratch, explains);
        if request.token.is_some() {
            walk.caveat(NOT_VERIFIED);
        }
        let client = source::client(self.mesh, request, &mut walk.texts)?;
        let way = destination::way(self.mesh, request, &client, &mut walk.texts)?;
        let end = client::walk(&mut walk, &client, &way);
        Ok(walk.end(end))
    }

    /// A waypoint; none if its resources were not asked for.
    pub(super) fn proxy(self, waypoint: &Waypoint) -> Option<&'a Proxy> {
        let position = *self.compiled.by_name.get(&waypoint.name)?;
        let resources = self.translation.waypoints.get(position)?;
        let make = || Proxy::new(self.mesh, waypoint, resources, position);
        Some(self.compiled.proxies.get(position)?.get_or_init(make))
    }

    /// The resources that a waypoint was made of.
    pub(super) fn resources(self, proxy: &Proxy) -> Option<&'a WaypointResources> {
        self.translation.waypoints.get(proxy.position)
    }

    /// Whether it is known that ztunnels let everything pass.
    pub(super) fn is_unguarded(self) -> bool {
        let make = || ztunnel::enforces_nothing(self.mesh).unwrap_or(false);
        *self.compiled.is_unguarded.get_or_init(make)
    }

    /// The policies of ztunnels.
    pub(super) fn guards(self) -> Result<&'a Guards, &'a UnsupportedRelease> {
        self.compiled.guards.get_or_init(|| Guards::new(self.mesh)).as_ref()
    }
}

/// A waypoint, ready.
#[derive(Clone, Debug)]
pub(super) struct Proxy {
    /// Its position in the translation.
    position: usize,
    pub(super) name: WaypointName,
    /// Its SPIFFE id.
    pub(super) identity: String,
    pub(super) address: Option<IpAddr>,
    pub(super) outside: Option<Outside>,
    pub(super) inside: Option<Inside>,
    clusters: Lazy<Cluster>,
    /// Route configurations that are delivered.
    routes: Lazy<Routes>,
    /// Endpoints that are delivered, by the name of their assignment.
    assignments: HashMap<String, usize>,
}

/// Things that are made when they are first needed, by name.
#[derive(Clone, Debug)]
pub(super) struct Lazy<T> {
    by_name: HashMap<String, usize>,
    all: Vec<OnceLock<Option<T>>>,
}

impl<T> Lazy<T> {
    /// Things of these names; of several with one name the first counts.
    pub(super) fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut lazy = Self { by_name: HashMap::default(), all: Vec::new() };
        for (position, name) in names.enumerate() {
            lazy.by_name.entry(name.to_owned()).or_insert(position);
            lazy.all.push(OnceLock::new());
        }
        lazy
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub(super) fn get(&self, position: usize, make: impl FnOnce() -> Option<T>) -> Option<&T> {
        self.all.get(position)?.get_or_init(make).as_ref()
    }
}

impl Proxy {
    fn new(mesh: &Mesh, waypoint: &Waypoint, resources: &WaypointResources, position: usize) -> Self {
        let (namespace, account) = (&waypoint.name.namespace, &waypoint.proxy.service_account);
        let mut assignments = HashMap::default();
        for (at, resource) in resources.endpoints.iter().enumerate() {
            assignments.entry(resource.message.cluster_name.clone()).or_insert(at);
        }
        Self {
            position,
            name: waypoint.name.clone(),
            identity: mesh.config.identity(namespace, account),
            address: waypoint.proxy.addresses.first().copied(),
            outside: Outside::new(resources),
            inside: Inside::new(resources),
            clusters: Lazy::new(resources.clusters.iter().map(|cluster| cluster.message.name.as_str())),
            routes: Lazy::new(resources.routes.iter().map(|routes| routes.message.name.as_str())),
            assignments,
        }
    }

    /// A cluster by name.
    pub(super) fn cluster(&self, tracer: Tracer<'_>, name: &str) -> Option<&Cluster> {
        let position = self.clusters.position(name)?;
        self.clusters.get(position, || {
            let resources = tracer.resources(self)?;
            let resource = resources.clusters.get(position)?;
            let delivered = self.assignments.get(opened::assignment_name(&resource.message));
            let delivered = delivered.and_then(|position| resources.endpoints.get(*position));
            Some(Cluster::new(tracer.mesh, resource, delivered.map(|resource| &resource.message)))
        })
    }

    /// A route configuration that is delivered.
    pub(super) fn routes(&self, tracer: Tracer<'_>, name: &str) -> Option<&Routes> {
        let position = self.routes.position(name)?;
        self.routes.get(position, || {
            let resource = tracer.resources(self)?.routes.get(position)?;
            Some(Routes::new(&OpenedRoutes::delivered(&resource.message, &resource.origins)))
        })
    }
}
