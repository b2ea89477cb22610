//! `jwks-uri`: keys of tokens that istiod cannot fetch.

use crate::dataplane_mode;
use crate::features::JwksFetch;
use crate::lint::naming::is_ambient;
use crate::lint::{Context, Rule, scope};
use crate::mesh::peer_authentication::MtlsMode;
use crate::mesh::{Service, ServiceId, Workload, WorkloadId};
use crate::plan::policies::jwks::server;
use crate::problem::{Code, Problem};
use crate::snapshot;

pub(super) const RULE: Rule = Rule::new(Code::JwksUri, include_str!("jwks_uri.md"), check);

const CONSEQUENCE: &str = "no token can be checked, and requests with one are refused";

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let fetch = cx.mesh.options.features.pilot_jwt_enable_remote_jwks;
    let mut found = Vec::new();
    for object in &cx.snapshot.request_authentications {
        let rules = object.spec.jwt_rules.iter().enumerate();
        let rules = rules.filter(|(_, rule)| rule.jwks.is_empty() && !rule.jwks_uri.is_empty());
        let mut wrong = Vec::new();
        for (i, rule) in rules {
            let Some((host, port)) = server(&rule.jwks_uri) else { continue };
            // Where a flag asks for it, proxies fetch them.
            let is_istiods = match fetch {
                JwksFetch::Istiod => true,
                JwksFetch::Hybrid => cx.mesh.services.of_provider(host).is_none(),
                JwksFetch::Envoy => false,
            };
            if !is_istiods {
                continue;
            }
            let problem = short(cx, &object.meta.namespace, host).or_else(|| strict(cx, host, port));
            let field = format!("spec.jwtRules[{i}].jwksUri");
            wrong.extend(problem.map(|problem| problem.on(object.object_ref()).field(field)));
        }
        if !wrong.is_empty() && scope::is_for_ambient(cx, &**object) {
            found.extend(wrong);
        }
    }
    found
}

/// A name without a namespace, of a Service that istiod's own namespace lacks.
fn short(cx: &Context<'_>, namespace: &str, host: &str) -> Option<Problem> {
    let root = &cx.mesh.config.root_namespace;
    let services = &cx.snapshot.services;
    if host.contains(['.', ':']) || snapshot::find(services, root, host).is_some() {
        return None;
    }
    let own = snapshot::find(services, namespace, host);
    let meant = own.or_else(|| services.iter().find(|service| service.meta.name == host))?;
    let message = format!(
        "istiod fetches the keys from its own namespace, `{root}`, where `{host}` is no Service: \
         {CONSEQUENCE}"
    );
    let help = format!("write `{host}.{}.svc.cluster.local`", meant.meta.namespace);
    let problem = Problem::new(Code::JwksUri, message).help(help);
    Some(problem.related_object(meant.object_ref(), "metadata.namespace", "this Service is in another one"))
}

/// A Service whose pods take mTLS only: istiod is no client in the mesh.
fn strict(cx: &Context<'_>, host: &str, port: u32) -> Option<Problem> {
    if is_istiod_in_mesh(cx) {
        return None;
    }
    let (id, service) = service(cx, host)?;
    let port = service.port(port)?;
    let endpoints = cx.mesh.endpoints.of(id).iter().filter(|endpoint| endpoint.service_port == port.name);
    let is_strict = |workload: WorkloadId, port: u32| {
        cx.mesh.workloads.get(workload).is_some_and(|workload| {
            let Workload { namespace, labels, .. } = workload;
            (workload.hbone || dataplane_mode::has_sidecar(workload))
                && cx.mesh.peer_authentications.of_workload(namespace, labels, port) == MtlsMode::Strict
        })
    };
    let mut ports = Vec::new();
    for endpoint in endpoints {
        if !endpoint.workload.is_some_and(|workload| is_strict(workload, endpoint.port)) {
            return None;
        }
        ports.push(endpoint.port);
    }
    let target = ports.first()?;
    let message = format!(
        "istiod fetches the keys without mTLS, and the pods of `{}` take mTLS only, by a PeerAuthentication: \
         {CONSEQUENCE}",
        service.hostname
    );
    let help = format!(
        "add a PeerAuthentication for these pods with `portLevelMtls` of mode `PERMISSIVE` for port {target}, \
         or write the keys into `jwks`"
    );
    let problem = Problem::new(Code::JwksUri, message).help(help);
    Some(problem.related_object(service.source.object(), "", "the keys are fetched here"))
}

/// The Service that a host is, as istiod looks it up.
fn service<'m>(cx: &Context<'m>, host: &str) -> Option<(ServiceId, &'m Service)> {
    let services = &cx.mesh.services;
    let whole = match host.split('.').collect::<Vec<_>>().as_slice() {
        [_, _] => format!("{host}.svc.cluster.local"),
        [_, _, "svc"] => format!("{host}.cluster.local"),
        _ => host.to_owned(),
    };
    let id = *services.with_hostname(&whole).first()?;
    services.get(id).filter(|service| service.is_kubernetes()).map(|service| (id, service))
}

/// Whether istiod's own connections are mTLS.
fn is_istiod_in_mesh(cx: &Context<'_>) -> bool {
    let root = cx.mesh.config.root_namespace.as_str();
    let workloads = &cx.mesh.workloads;
    let mut own = workloads.in_namespace(root).iter().filter_map(|id| workloads.get(*id));
    let is_istiod = |workload: &Workload| workload.labels.get("app").is_some_and(|app| app == "istiod");
    is_ambient(cx, root) || own.any(|workload| workload.hbone && is_istiod(workload))
}
