//! What a release's API server and webhook make of a snapshot.
//!
//! An object on its way into a cluster meets, in this order:
//!
//! 1. **pruning**: fields that the release's schemas do not know are dropped. In 1.18 a policy with only
//!    `targetRefs` thereby becomes one for its whole namespace;
//! 2. **defaults** of Kubernetes' kinds and of the Gateway API, which a snapshot is given when it is read;
//! 3. the **schema** and Istio's **validation webhook**: what either refuses is left out. Kubernetes' own
//!    kinds are validated by the API server itself, the same for every release (`kubernetes`).
//!
//! [`admit`] does the same. The rules are the schemas' (the custom resource definitions that came with the
//! release) and the webhook's (`pkg/config/validation` of that release); the words are ours. What differs
//! between releases is in `newer.rs` and in [`AdmissionRules`](crate::rules::AdmissionRules).

mod authorization_policy;
mod cel;
mod check;
mod common;
mod destination_rule;
mod discovery;
mod envoy_filter;
mod extensions;
mod gateway_api;
mod header_value;
mod inference_pool;
mod istio_metadata;
mod kubernetes;
pub mod mesh_config;
mod newer;
mod peer_authentication;
mod proxy_config;
mod re2;
mod request_authentication;
mod revision;
mod service_entry;
pub mod syntax;
mod telemetry;
mod virtual_service;
mod workload_entry;

use std::collections::BTreeMap;
use std::sync::Arc;

use check::{Checker, Findings};
use mesh_config::ProxyAnnotations;
use newer::Newer;

use crate::Str;
use crate::features::Features;
use crate::options::Options;
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::rules::Rules;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::mesh_config::MeshConfig;
use crate::snapshot::mesh_networks::MeshNetworks;
use crate::snapshot::passed_over::PassedOver;
use crate::snapshot::{Kind, Meta, Object, ObjectRef, Reading, Resource, Snapshot, UNNAMED, faults};

/// The flag for kinds that are experiments.
const ALPHA: &str = "PILOT_ENABLE_ALPHA_GATEWAY_API";
/// The flag for kinds that are not read.
const IGNORE: &str = "PILOT_IGNORE_RESOURCES";

/// What a release admits of a snapshot.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Admitted {
    /// The objects as the release's control plane would see them.
    pub snapshot: Snapshot,
    /// The mesh configuration in force.
    pub mesh_config: MeshConfig,
    /// The networks of the mesh.
    pub mesh_networks: MeshNetworks,
    /// Gateways outside of `discoverySelectors`: nothing knows them, but their proxies may run.
    pub(crate) undiscovered_gateways: Vec<Arc<Object<Gateway>>>,
    /// What annotations say of proxies.
    pub(crate) proxy_annotations: ProxyAnnotations,
    /// What was refused, dropped or warned of, by kind and then in the snapshot's order. Those that refuse an
    /// object have the severity of an error.
    pub problems: Vec<Problem>,
}

/// Passes a snapshot through a release's API server and webhook, and the mesh configuration through its
/// control plane. Nothing is lost with a refused object but itself.
#[must_use]
pub fn admit(snapshot: Snapshot, options: &Options) -> Admitted {
    let rules = options.rules();
    let features = options.features.in_release(options.release);
    let mut problems = Vec::new();
    let networks = mesh_config::networks(&snapshot, options, &features, &mut problems);
    let is_read = networks.is_some() || !rules.mesh.networks_come_first;
    let mesh_config = mesh_config::in_force(&snapshot, is_read, options, &mut problems);
    let mut snapshot = snapshot;
    if snapshot.cluster.is_empty() && features.cluster_id != UNNAMED {
        snapshot.cluster = features.cluster_id.clone();
    }
    objects(&mut snapshot, (rules, &features), &mut problems);
    for remote in &mut snapshot.remotes {
        if !features.pilot_enable_cross_cluster_workload_entry {
            remote.workload_entries.clear();
        }
        objects(remote, (rules, &features), &mut problems);
        discovery::discover(remote, &mesh_config.discovery_selectors, false);
    }
    if let Some(own) = &options.revision {
        problems.extend(revision::of_others(&mut snapshot, own));
    }
    let proxy_annotations = ProxyAnnotations::new(&snapshot, options);
    let scopes_configuration =
        rules.admission.discovery_scopes_configuration || features.enable_enhanced_resource_scoping;
    let selectors = &mesh_config.discovery_selectors;
    let mut undiscovered_gateways = discovery::discover(&mut snapshot, selectors, scopes_configuration);
    if !features.istio_watch_namespace.is_empty() {
        undiscovered_gateways.extend(discovery::watch(&mut snapshot, &features.istio_watch_namespace));
    }
    let mesh_networks = networks.unwrap_or_default();
    Admitted { snapshot, mesh_config, mesh_networks, proxy_annotations, undiscovered_gateways, problems }
}

/// What else is wrong with objects that cannot be read as a whole. What follows from what could not be read
/// is not told.
pub(crate) fn unreadable(reading: &Reading, options: &Options) -> Vec<Problem> {
    let mut snapshot = reading.unreadable.clone();
    if snapshot.is_empty() {
        return Vec::new();
    }
    let mut fields: BTreeMap<&ObjectRef, Vec<&str>> = BTreeMap::new();
    for problem in &reading.problems {
        if let Some(object) = problem.object.as_ref().filter(|_| problem.is_error()) {
            fields.entry(object).or_default().push(&problem.field);
        }
    }
    let mut problems = Vec::new();
    let (rules, features) = (options.rules(), options.features.in_release(options.release));
    objects(&mut snapshot, (rules, &features), &mut problems);
    snapshot.remotes.iter_mut().for_each(|remote| objects(remote, (rules, &features), &mut problems));
    problems.retain(|problem| {
        let told = problem.object.as_ref().and_then(|object| fields.get(object));
        !told.is_some_and(|told| told.iter().any(|field| faults::touches(field, &problem.field)))
    });
    problems
}

/// What the API server refuses of Deployments and others that make Pods, which are no part of a snapshot.
pub(crate) fn controllers(objects: &[PassedOver], options: &Options) -> Vec<Problem> {
    kubernetes::controllers(objects, options.rules())
}

fn objects(s: &mut Snapshot, (rules, features): (&'static Rules, &Features), problems: &mut Vec<Problem>) {
    let mut pass = Pass { rules, features, problems };
    kubernetes::objects(&mut pass, s);
    pass.over(&mut s.gateway_classes, |c, _, spec| gateway_api::gateway_class(c, spec));
    pass.over(&mut s.gateways, |c, _, spec| gateway_api::gateway(c, spec));
    pass.over(&mut s.listener_sets, |c, _, spec| gateway_api::listener_set(c, spec));
    pass.over(&mut s.http_routes, |c, _, spec| gateway_api::http_route(c, spec));
    pass.over(&mut s.grpc_routes, |c, _, spec| gateway_api::grpc_route(c, spec));
    pass.over(&mut s.tcp_routes, |c, _, spec| gateway_api::tcp_route(c, spec));
    pass.over(&mut s.tls_routes, gateway_api::tls_route);
    pass.over(&mut s.reference_grants, |c, _, spec| gateway_api::reference_grant(c, spec));
    pass.over(&mut s.backend_tls_policies, |c, _, spec| gateway_api::backend_tls_policy(c, spec));
    pass.over(&mut s.x_backend_traffic_policies, |c, _, spec| gateway_api::x_backend_traffic_policy(c, spec));
    pass.over(&mut s.inference_pools, |c, _, spec| inference_pool::check(c, spec));
    pass.over(&mut s.virtual_services, virtual_service::check);
    let inherited = features.pilot_enable_destination_rule_inheritance;
    pass.over(&mut s.destination_rules, |c, meta, rule| destination_rule::check(c, meta, rule, inherited));
    pass.over(&mut s.service_entries, service_entry::check);
    pass.over(&mut s.workload_entries, workload_entry::check);
    pass.over(&mut s.envoy_filters, envoy_filter::check);
    pass.over(&mut s.proxy_configs, proxy_config::check);
    pass.over(&mut s.authorization_policies, authorization_policy::check);
    pass.over(&mut s.request_authentications, request_authentication::check);
    pass.over(&mut s.peer_authentications, peer_authentication::check);
    pass.over(&mut s.telemetries, telemetry::check);
    pass.over(&mut s.wasm_plugins, extensions::wasm_plugin);
    pass.over(&mut s.traffic_extensions, extensions::traffic_extension);
}

/// A pass over the lists of a snapshot.
struct Pass<'p> {
    rules: &'static Rules,
    features: &'p Features,
    problems: &'p mut Vec<Problem>,
}

impl Pass<'_> {
    /// Drops what the release does not know, then keeps what passes the check.
    fn over<T: Resource + Newer + Clone>(
        &mut self,
        list: &mut Vec<Arc<Object<T>>>,
        check: impl Fn(&Checker<'_>, &Meta, &T),
    ) {
        list.retain_mut(|object| self.admits(object, &check));
    }

    /// Why objects of a kind are not read, if they are not.
    fn unread(&self, kind: Kind) -> Option<Problem> {
        let Rules { release, admission, .. } = self.rules;
        let unread = |message| Problem::new(Code::UnsupportedKind, message);
        if !admission.knows(kind) {
            return Some(unread(format!("Istio {release} does not read objects of this kind")));
        }
        if self.is_ignored(kind) {
            let message = format!("`{IGNORE}` names this kind: the control plane does not read it");
            return Some(unread(message).help("take it out of that feature flag, if it is to count"));
        }
        let is_off = admission.is_alpha(kind) && !self.features.pilot_enable_alpha_gateway_api;
        is_off.then(|| {
            let message = format!("Istio {release} reads objects of this kind only with `{ALPHA}=true`");
            unread(message).help("set that feature flag of the control plane, if the cluster does")
        })
    }

    /// Whether flags have a kind not read.
    fn is_ignored(&self, kind: Kind) -> bool {
        let Features { pilot_ignore_resources: ignored, pilot_include_resources: included, .. } =
            self.features;
        if ignored.is_empty() {
            return false;
        }
        let name = kind.resource_name();
        let named = |resource: &Str| match resource.trim().strip_prefix("*.") {
            Some(group) => name.ends_with(group),
            None => name == resource.trim(),
        };
        ignored.iter().any(named) && !included.iter().any(named)
    }

    fn admits<T: Resource + Newer + Clone>(
        &mut self,
        object: &mut Arc<Object<T>>,
        check: impl Fn(&Checker<'_>, &Meta, &T),
    ) -> bool {
        let (identity, rules) = (object.object_ref(), self.rules);
        if let Some(problem) = self.unread(T::KIND) {
            self.problems.push(problem.on(identity));
            return false;
        }
        self.passes(&identity, |c| {
            // An object without newer fields is not copied.
            if rules.release < Release::LATEST && object.spec.has_newer(c.column) {
                Arc::make_mut(object).spec.drop_newer(&c.field("spec"));
            }
            check(c, &object.meta, &object.spec);
        })
    }

    /// Whether an object passes a check, whose problems are kept.
    fn passes(&mut self, object: &ObjectRef, check: impl FnOnce(&Checker<'_>)) -> bool {
        let Findings { problems, refused } = Checker::run(self.rules, object, check);
        self.problems.extend(problems);
        !refused
    }
}

#[cfg(test)]
mod tests;
