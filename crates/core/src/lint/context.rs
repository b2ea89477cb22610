//! What rules look at: the mesh, and what several of them ask of it.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::ambient::Ambient;
use super::concerns::Concerns;
use super::enforced::{self, Enforced};
use super::idle::{self, Idle};
use super::naming::{self, User};
use super::routing::{self, Router, Routing};
use super::unserved::{self, Unserved};
use crate::dataplane_mode;
use crate::hash::{HashMap, HashSet};
use crate::mesh::attachment::{Bound, Precedence, WaypointAttachments};
use crate::mesh::virtual_service::VirtualService;
use crate::mesh::{Mesh, Service, ServiceId, Waypoint, WaypointName, Workload, WorkloadId};
use crate::problem::Problem;
use crate::resources::WaypointResources;
use crate::rules::Attachment;
use crate::snapshot::security::{AuthorizationPolicy, RequestAuthentication};
use crate::snapshot::{Cause, Object, ObjectRef, Reading, Snapshot};

/// What rules look at.
pub(crate) struct Context<'m> {
    pub(crate) reading: &'m Reading,
    pub(crate) mesh: &'m Mesh,
    /// The admitted objects.
    pub(crate) snapshot: &'m Snapshot,
    /// What was found before, in the order of the text.
    pub(crate) problems: &'m [Problem],
    /// What each waypoint gets.
    resources: Resources<'m>,
    /// Whether objects name their waypoint, as since 1.24; in 1.18 a waypoint names what it is for.
    pub(crate) objects_name_waypoints: bool,
    /// What binds to each waypoint, in the order of `mesh.waypoints`.
    bound: Vec<AtWaypoint<'m>>,
    /// The position of the waypoint of each Service and workload that has one.
    of_service: HashMap<ServiceId, usize>,
    of_workload: HashMap<WorkloadId, usize>,
    /// The Services of each object: a ServiceEntry has one for each host.
    services: HashMap<ObjectRef, Vec<ServiceId>>,
    enforced: OnceCell<Vec<Enforced<'m>>>,
    ambient: OnceCell<Ambient<'m>>,
    routing: OnceCell<Routing<'m>>,
    routers: OnceCell<Vec<Router<'m>>>,
    with_sidecars: OnceCell<HashSet<&'m str>>,
    idle_policies: OnceCell<BTreeMap<Cause, Idle>>,
    users: OnceCell<Vec<User<'m>>>,
    concerns: OnceCell<Concerns>,
    unserved: OnceCell<HashMap<ObjectRef, Unserved<'m>>>,
}

/// The resources of a waypoint by its name; none of one for which nothing was generated. They are made when
/// they are first asked for.
pub type Resources<'m> = &'m dyn Fn(&WaypointName) -> Option<&'m WaypointResources>;

struct AtWaypoint<'m> {
    authorization: WaypointAttachments<'m, Object<AuthorizationPolicy>>,
    authentication: WaypointAttachments<'m, Object<RequestAuthentication>>,
}

impl<'m> Context<'m> {
    pub(crate) fn new(
        reading: &'m Reading,
        mesh: &'m Mesh,
        problems: &'m [Problem],
        resources: Resources<'m>,
    ) -> Self {
        let policies = &mesh.policies;
        let bound = mesh.waypoints.iter().map(|waypoint| AtWaypoint {
            authorization: policies.authorization.of_waypoint(waypoint, Precedence::RootFirst),
            authentication: policies.request_authentication.of_waypoint(waypoint, Precedence::WaypointFirst),
        });
        let mut of_service = HashMap::default();
        let mut of_workload = HashMap::default();
        for (at, waypoint) in mesh.waypoints.iter().enumerate() {
            for service in &waypoint.services {
                of_service.entry(*service).or_insert(at);
            }
            for workload in &waypoint.workloads {
                of_workload.entry(*workload).or_insert(at);
            }
        }
        let mut services = HashMap::<ObjectRef, Vec<ServiceId>>::default();
        for (id, service) in mesh.services.iter() {
            services.entry(service.source.object()).or_default().push(id);
        }
        Self {
            reading,
            mesh,
            snapshot: &mesh.snapshot,
            problems,
            resources,
            objects_name_waypoints: mesh.rules.waypoints.attachment == Attachment::UseWaypointLabel,
            bound: bound.collect(),
            of_service,
            of_workload,
            services,
            enforced: OnceCell::new(),
            ambient: OnceCell::new(),
            routing: OnceCell::new(),
            routers: OnceCell::new(),
            with_sidecars: OnceCell::new(),
            idle_policies: OnceCell::new(),
            users: OnceCell::new(),
            concerns: OnceCell::new(),
            unserved: OnceCell::new(),
        }
    }

    /// The AuthorizationPolicies that waypoints enforce, in the order of the snapshot.
    pub(crate) fn enforced(&self) -> &[Enforced<'m>] {
        self.enforced.get_or_init(|| enforced::enforced(self))
    }

    /// Everything for which a label names a waypoint.
    pub(crate) fn users(&self) -> &[User<'m>] {
        self.users.get_or_init(|| naming::users(self))
    }

    /// What routes and policies are about.
    pub(crate) fn concerns(&self) -> &Concerns {
        self.concerns.get_or_init(|| Concerns::new(self))
    }

    /// The Services that no waypoint serves, by their objects.
    pub(crate) fn unserved(&self) -> &HashMap<ObjectRef, Unserved<'m>> {
        self.unserved.get_or_init(|| unserved::unserved(self))
    }

    /// What ztunnel stands before.
    pub(crate) fn ambient(&self) -> &Ambient<'m> {
        self.ambient.get_or_init(|| Ambient::new(self))
    }

    /// The AuthorizationPolicies that each waypoint enforces whatever is called.
    pub(crate) fn authorization_of_waypoints(
        &self,
    ) -> impl Iterator<Item = (&'m Waypoint, Vec<Bound<'m, Object<AuthorizationPolicy>>>)> {
        let policies = &self.mesh.policies.authorization;
        self.mesh
            .waypoints
            .iter()
            .zip(&self.bound)
            .map(|(waypoint, bound)| (waypoint, policies.at(&bound.authorization.of(None)).collect()))
    }

    /// What a waypoint gets; none where nothing was generated for it.
    pub(crate) fn resources_of(&self, waypoint: &Waypoint) -> Option<&'m WaypointResources> {
        (self.resources)(&waypoint.name)
    }

    /// The rules of policies that decide nothing at any waypoint, with why.
    pub(crate) fn idle_policies(&self) -> &BTreeMap<Cause, Idle> {
        self.idle_policies.get_or_init(|| idle::policies(self))
    }

    /// The waypoint that serves a Service.
    pub(crate) fn waypoint_of(&self, service: ServiceId) -> Option<&'m Waypoint> {
        self.mesh.waypoints.get(*self.of_service.get(&service)?)
    }

    /// The waypoint that serves a workload at its own addresses.
    pub(crate) fn waypoint_of_workload(&self, workload: WorkloadId) -> Option<&'m Waypoint> {
        self.mesh.waypoints.get(*self.of_workload.get(&workload)?)
    }

    /// The Services of an object: one, or each host of a ServiceEntry; none of anything else.
    pub(crate) fn services_of(&self, object: &ObjectRef) -> impl Iterator<Item = (ServiceId, &'m Service)> {
        let ids = self.services.get(object).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| Some((*id, self.mesh.services.get(*id)?)))
    }

    /// The AuthorizationPolicies that a Service's waypoint enforces for it, in the order in which they are
    /// looked at; none without a waypoint.
    pub(crate) fn authorization_of(&self, service: ServiceId) -> Vec<Bound<'m, Object<AuthorizationPolicy>>> {
        let Some(bound) = self.of_service.get(&service).and_then(|at| self.bound.get(*at)) else {
            return Vec::new();
        };
        let attached = bound.authorization.of(self.mesh.services.get(service));
        self.mesh.policies.authorization.at(&attached).collect()
    }

    /// The RequestAuthentications that a Service's waypoint checks tokens by; none without a waypoint.
    pub(crate) fn authentication_of(
        &self,
        service: ServiceId,
    ) -> Vec<Bound<'m, Object<RequestAuthentication>>> {
        let Some(bound) = self.of_service.get(&service).and_then(|at| self.bound.get(*at)) else {
            return Vec::new();
        };
        let attached = bound.authentication.of(self.mesh.services.get(service));
        self.mesh.policies.request_authentication.at(&attached).collect()
    }

    /// The VirtualServices, and Gateway API routes as such, by which a Service's waypoint routes, in the
    /// order in which they are asked; none without a waypoint.
    pub(crate) fn routes_of(&self, service: ServiceId) -> Vec<&'m VirtualService> {
        let found = self.waypoint_of(service).zip(self.mesh.services.get(service));
        found.map_or_else(Vec::new, |(waypoint, service)| {
            self.mesh.virtual_services.of_service(service, waypoint)
        })
    }

    /// Whether pods of a namespace have sidecars: what waypoints do not read there may be meant for those.
    pub(crate) fn has_sidecars(&self, namespace: &str) -> bool {
        self.with_sidecars().contains(namespace)
    }

    /// Whether anything of the snapshot has a sidecar or is to have one: sidecars read what waypoints would.
    pub(crate) fn has_sidecars_anywhere(&self) -> bool {
        !self.with_sidecars().is_empty()
    }

    fn with_sidecars(&self) -> &HashSet<&'m str> {
        self.with_sidecars.get_or_init(|| dataplane_mode::namespaces(self.mesh))
    }

    /// What routes each Service at its waypoint.
    pub(crate) fn routing(&self) -> &Routing<'m> {
        self.routing.get_or_init(|| Routing::new(self))
    }

    /// The objects that route Services at waypoints, and where they lead: VirtualServices, then routes of the
    /// Gateway API.
    pub(crate) fn routers(&self) -> &[Router<'m>] {
        self.routers.get_or_init(|| routing::routers(self, self.routing()))
    }

    /// The workloads that a policy without `targetRefs` is for at ztunnel: those that it selects, else all of
    /// its namespace, or of the mesh where it is in the root namespace.
    pub(crate) fn workloads_under(
        &self,
        policy: &Object<AuthorizationPolicy>,
    ) -> Vec<(WorkloadId, &'m Workload)> {
        let everywhere = self.mesh.config.root_namespace == policy.meta.namespace;
        let labels = policy.spec.selector.as_ref().map(|selector| &selector.match_labels);
        let is_under = |workload: &Workload| {
            (everywhere || workload.namespace == policy.meta.namespace)
                && labels.is_none_or(|labels| labels.is_subset(&workload.labels))
        };
        self.mesh.workloads.iter().filter(|(_, workload)| is_under(workload)).collect()
    }
}
