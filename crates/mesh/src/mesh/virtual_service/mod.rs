//! VirtualServices by host: short names resolved, delegates merged, Gateway API routes converted.
//!
//! ```text
//! VirtualService ──► resolve ──► delegate ─┐
//!                                          ├──► sorted by age ──► by host
//! HTTPRoute, GRPCRoute, … ──► gateway_route┘
//! ```
//!
//! Only what is bound to the mesh is kept: a waypoint is no gateway that a VirtualService could name.

mod delegate;
mod host_index;
mod resolve;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::Str;
use crate::features::Features;
use crate::hash::HashMap;
use crate::mesh::MeshSettings;
use crate::mesh::age::{self, Age};
use crate::mesh::gateway_route;
use crate::mesh::hostname::Resolver;
use crate::mesh::{ExportTo, Service, Services, Waypoint};
use crate::problem::Problem;
use crate::rules::{DelegatingRoutes, RouteRules, RoutesPerHost, Rules};
use crate::snapshot::networking::virtual_service::{Destination, HttpRoute, TcpRoute, TlsRoute};
use crate::snapshot::{Cause, FieldPath, Object, ObjectRef, Snapshot, networking};

use host_index::HostIndex;

/// The gateway that stands for all traffic inside the mesh.
pub const MESH_GATEWAY: &str = "mesh";

/// Prefixes by which 1.18 tells, in a field that has no room for it, what a Gateway API route wants of a
/// path.
pub mod markers {
    /// Only the matched prefix is replaced.
    pub const PREFIX: &str = "%PREFIX()%";
    /// The whole path is replaced.
    pub const FULL_REPLACE: &str = "%FULLREPLACE()%";
}

/// Whose rules of matching hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Semantics {
    /// Those of VirtualService.
    #[default]
    Istio,
    /// Those of the Gateway API: a path prefix ends between segments, a backend that is missing is an error
    /// 500.
    GatewayApi,
}

/// A VirtualService with full names and its delegates' routes, or what a Gateway API route becomes.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct VirtualService {
    /// The name; of a converted route the one that Istio makes up.
    pub name: Str,
    /// The namespace.
    pub namespace: Str,
    /// Creation time in seconds since the epoch.
    pub created: i64,
    /// Whose rules of matching hold.
    pub semantics: Semantics,
    /// The hosts, fully qualified; they may start with `*`.
    pub hosts: Vec<Str>,
    /// The namespaces that it is visible to.
    pub export_to: ExportTo,
    /// `http`, with the delegates' rules in place.
    pub http: Vec<HttpRule>,
    /// `tls`.
    pub tls: Vec<TlsRoute>,
    /// `tcp`.
    pub tcp: Vec<TcpRoute>,
    /// The objects that it comes from.
    pub origins: Vec<ObjectRef>,
    /// How often `gateways` names the mesh. It is listed once for each: naming it twice doubles the routes.
    mentions: usize,
}

/// A rule of [`VirtualService::http`], and why it is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpRule {
    /// The rule.
    pub route: HttpRoute,
    /// The rule of the VirtualService, after its delegate's if that has the rule; or the Gateway API route's
    /// rule, or match, as its rules become one for each of their matches.
    pub causes: Vec<Cause>,
    /// For each match, by position, why it is there, where a delegate's matches are joined with the root's.
    /// Empty where matches are those of the first cause.
    pub match_causes: Vec<Vec<Cause>>,
}

/// A rule of a VirtualService, and a match in it.
const RULE: &str = "spec.http[]";
const MATCH: &str = "spec.http[].match[]";

impl HttpRule {
    /// A rule of a VirtualService.
    fn of_virtual_service(route: HttpRoute, object: &ObjectRef, position: usize) -> Self {
        let cause = Cause::new(object.clone(), FieldPath::at(RULE, [position]));
        Self { route, causes: vec![cause], match_causes: Vec::new() }
    }

    /// Why the match at a position is there.
    #[must_use]
    pub fn causes_of_match(&self, position: usize) -> Vec<Cause> {
        if let Some(causes) = self.match_causes.get(position) {
            return causes.clone();
        }
        let mut causes = self.causes.clone();
        if let Some(own) = causes.first_mut() {
            own.field = self::of_match(own.field, position);
        }
        causes
    }
}

/// The field of a match of a rule. Those of Gateway API routes are there already.
fn of_match(rule: FieldPath, position: usize) -> FieldPath {
    match rule.position().filter(|_| rule.is_like(RULE)) {
        Some(rule) => FieldPath::at(MATCH, [rule, position]),
        None => rule,
    }
}

impl VirtualService {
    /// A converted Gateway API route for one host.
    pub(crate) fn of_gateway_route(
        name: Str,
        namespace: Str,
        created: i64,
        host: Str,
        origins: Vec<ObjectRef>,
    ) -> Self {
        Self {
            name,
            namespace,
            created,
            semantics: Semantics::GatewayApi,
            hosts: vec![host],
            origins,
            mentions: 1,
            ..Self::default()
        }
    }

    /// Gives its rules full host names.
    fn resolve_short_names(&mut self) {
        let namespace = self.namespace.clone();
        let names = &mut Resolver::new(&namespace);
        for rule in &mut self.http {
            rule.route = resolve::http_route(&rule.route, names);
        }
    }

    /// Adds an object that it comes from.
    pub(crate) fn add_origin(&mut self, origin: &ObjectRef) {
        if !self.origins.contains(origin) {
            self.origins.push(origin.clone());
        }
    }

    /// Every destination that it names, mirrors too.
    fn destinations(&self, rules: &RouteRules) -> impl Iterator<Item = &Destination> {
        let several_mirrors = rules.several_mirrors;
        let http = self.http.iter().flat_map(move |rule| {
            let mirrors = rule.route.mirrors.iter().filter(move |_| several_mirrors);
            let routes = rule.route.route.iter().filter_map(|to| to.destination.as_ref());
            routes.chain(&rule.route.mirror).chain(mirrors.filter_map(|mirror| mirror.destination.as_ref()))
        });
        let tcp = self.tcp.iter().flat_map(|rule| &rule.route);
        let tls = self.tls.iter().flat_map(|rule| &rule.route);
        http.chain(tcp.chain(tls).filter_map(|to| to.destination.as_ref()))
    }
}

/// The VirtualServices of the mesh, by host.
#[derive(Clone, Debug, Default)]
pub struct VirtualServices {
    /// In Istio's order.
    all: Vec<VirtualService>,
    by_host: HostIndex,
    referenced: HashMap<Str, BTreeSet<Str>>,
    own_gateway_routes_first: bool,
    per_host: RoutesPerHost,
}

impl VirtualServices {
    /// Builds the index.
    #[must_use]
    pub fn new(
        snapshot: &Snapshot,
        rules: &'static Rules,
        config: &MeshSettings,
        services: &Services,
        features: &Features,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let default_export_to = config.default_virtual_service_export_to.as_slice();
        let (delegates, mut all) = partition(snapshot, rules);
        all.extend(gateway_route::convert(snapshot, rules, services, features, problems).into_iter().map(
            |mut converted| {
                if rules.gateway_api.resolves_short_names {
                    converted.resolve_short_names();
                }
                Unmerged { converted, ..Unmerged::default() }
            },
        ));
        age::sort(&mut all, |vs| vs.converted.created, |vs| vs.age().tie(rules));
        if rules.routes.delegating == DelegatingRoutes::Last {
            all.sort_by_key(Unmerged::delegates);
        }
        let delegates = delegate::Delegates::new(&delegates, default_export_to);
        let all = all.into_iter().map(|vs| vs.merge(rules, default_export_to, &delegates, problems));
        Self::index(all.filter(|vs| vs.mentions > 0).collect(), &rules.routes)
    }

    fn index(all: Vec<VirtualService>, rules: &RouteRules) -> Self {
        let mut by_host = HostIndex::default();
        let mut referenced = HashMap::<Str, BTreeSet<Str>>::default();
        for (id, virtual_service) in all.iter().enumerate() {
            let mut destinations: Vec<_> = virtual_service.destinations(rules).map(|to| &to.host).collect();
            destinations.sort_unstable();
            destinations.dedup();
            for host in &virtual_service.hosts {
                by_host.insert(host, id);
                referenced.entry(host.clone()).or_default().extend(destinations.iter().copied().cloned());
            }
        }
        let RouteRules { own_gateway_routes_first, per_host, .. } = *rules;
        Self { all, by_host, referenced, own_gateway_routes_first, per_host }
    }

    /// All of the mesh, in Istio's order: by creation time, then name and namespace.
    pub fn iter(&self) -> impl Iterator<Item = &VirtualService> {
        self.all.iter()
    }

    /// Those with a host that matches `hostname` and that a proxy of `namespace` sees, in the order in which
    /// Istio asks them: its namespace's private ones, those exported to it by name, the public ones; each by
    /// age.
    ///
    /// Hosts match in both directions (<https://github.com/istio/istio/blob/1.18.0/pkg/config/host/name.go>):
    /// a ServiceEntry's `*.example.com` is routed by a VirtualService for `a.example.com`, too.
    #[must_use]
    pub fn for_host(&self, hostname: &str, namespace: &str) -> Vec<&VirtualService> {
        let ids = self.by_host.matching(hostname);
        let mut ranked: Vec<_> = ids
            .into_iter()
            .filter_map(|id| self.all.get(id).map(|vs| (id, vs)))
            .filter_map(|(id, vs)| self.rank(vs, namespace).map(|rank| (rank, id, vs)))
            .collect();
        ranked.sort_by_key(|(rank, id, _)| (*rank, *id));
        ranked.into_iter().flat_map(|(_, _, vs)| std::iter::repeat_n(vs, vs.mentions)).collect()
    }

    /// Those that count for a Service at its waypoint, in order.
    #[must_use]
    pub fn of_service(&self, service: &Service, waypoint: &Waypoint) -> Vec<&VirtualService> {
        let namespace = &waypoint.name.namespace;
        let mut all = self.for_host(&service.hostname, namespace);
        match self.per_host {
            RoutesPerHost::First => all.truncate(1),
            RoutesPerHost::AllOfOwnOrServiceNamespace => {
                all.retain(|vs| vs.namespace == *namespace || vs.namespace == service.namespace);
            }
        }
        all
    }

    /// The hosts that VirtualServices with exactly this host send requests or copies of them to, whoever sees
    /// them.
    ///
    /// From these a waypoint's outbound clusters are found (Istio's `referencedDestinations`). It takes
    /// wildcard hosts literally, so what only a wildcard VirtualService references has no cluster.
    pub fn references(&self, hostname: &str) -> impl Iterator<Item = &Str> {
        self.referenced.get(hostname).into_iter().flatten()
    }

    /// The hosts that the routes of a waypoint's own Services lead to and that it does not serve itself, or
    /// that lie outside the mesh.
    pub(crate) fn destinations(&self, waypoint: &Waypoint, services: &Services) -> BTreeSet<&str> {
        let served: BTreeMap<&str, &Service> = (waypoint.services.iter())
            .filter_map(|id| services.get(*id))
            .map(|service| (service.hostname.as_str(), service))
            .collect();
        let referenced = served.keys().flat_map(|host| self.references(host)).map(|host| host.as_str());
        referenced.filter(|host| served.get(host).is_none_or(|service| service.mesh_external)).collect()
    }

    /// In which of Istio's lists a proxy of `namespace` finds it; none if it does not see it.
    fn rank(&self, virtual_service: &VirtualService, namespace: &str) -> Option<u8> {
        if !virtual_service.export_to.allows(namespace) {
            return None;
        }
        let own = virtual_service.namespace == namespace;
        Some(match virtual_service.export_to {
            ExportTo::Everyone => {
                let preferred = self.own_gateway_routes_first
                    && own
                    && virtual_service.semantics == Semantics::GatewayApi;
                if preferred { 2 } else { 3 }
            }
            ExportTo::Namespaces(_) | ExportTo::Nobody => u8::from(!own),
        })
    }
}

/// A VirtualService before its delegates' routes are merged in.
#[derive(Default)]
struct Unmerged<'a> {
    /// All but `export_to` and the routes of delegates.
    converted: VirtualService,
    export_to: &'a [Str],
}

impl Unmerged<'_> {
    fn age(&self) -> Age<'_> {
        Age {
            created: self.converted.created,
            name: &self.converted.name,
            namespace: &self.converted.namespace,
        }
    }

    fn delegates(&self) -> bool {
        self.converted.http.iter().any(|rule| rule.route.delegate.is_some())
    }

    fn merge(
        mut self,
        rules: &Rules,
        default_export_to: &[Str],
        delegates: &delegate::Delegates<'_>,
        problems: &mut Vec<Problem>,
    ) -> VirtualService {
        if self.delegates() {
            let found = delegates.merge(&mut self.converted, &rules.routes);
            // One that is for gateways only is none of a waypoint's business.
            problems.extend(found.into_iter().filter(|_| self.converted.mentions > 0));
        }
        let namespace = self.converted.namespace.clone();
        self.converted.export_to =
            resolve::export_to(&rules.routes, self.export_to, default_export_to, &namespace);
        self.converted
    }
}

/// The VirtualServices without hosts, which are delegates, and all others, with full names.
fn partition<'a>(snapshot: &'a Snapshot, rules: &Rules) -> (Vec<delegate::Resolved<'a>>, Vec<Unmerged<'a>>) {
    let (mut delegates, mut roots) = (Vec::new(), Vec::with_capacity(snapshot.virtual_services.len()));
    for object in &snapshot.virtual_services {
        if object.spec.hosts.is_empty() {
            let names = &mut Resolver::new(&object.meta.namespace);
            let http = object.spec.http.iter().map(|route| resolve::http_route(route, names)).collect();
            delegates.push((object.as_ref(), http));
        } else {
            roots.push(unmerged(object, rules));
        }
    }
    (delegates, roots)
}

fn unmerged<'a>(object: &'a Object<networking::VirtualService>, rules: &Rules) -> Unmerged<'a> {
    let spec = &object.spec;
    let object_ref = object.object_ref();
    let mentions = if spec.gateways.is_empty() {
        1
    } else {
        spec.gateways.iter().filter(|g| *g == MESH_GATEWAY).count()
    };
    let names = &mut Resolver::new(&object.meta.namespace);
    let hosts = spec.hosts.iter().map(|host| names.resolve(host)).collect();
    let mut rule = |(position, route)| {
        HttpRule::of_virtual_service(resolve::http_route(route, names), &object_ref, position)
    };
    let http = spec.http.iter().enumerate().map(&mut rule).collect();
    let (mut tls, mut tcp) = (spec.tls.clone(), spec.tcp.clone());
    resolve::destinations(tls.iter_mut().flat_map(|rule| &mut rule.route), names);
    resolve::destinations(tcp.iter_mut().flat_map(|rule| &mut rule.route), names);
    let converted = VirtualService {
        name: object.meta.name.clone(),
        namespace: object.meta.namespace.clone(),
        created: object.meta.creation_timestamp.map_or(rules.mesh.assumed_creation, |at| at.0),
        hosts,
        http,
        tls,
        tcp,
        origins: vec![object_ref],
        mentions,
        ..VirtualService::default()
    };
    Unmerged { converted, export_to: &spec.export_to }
}
