//! The Services that a Gateway is reached by, and whether anybody answers there: the condition `Programmed`.
//!
//! Source: [manual and automated
//! deployment](https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/#automated-deployment).

use std::collections::BTreeSet;

use smol_str::format_smolstr;

use super::GatewayView;
use crate::Str;
use crate::manifests;
use crate::mesh::{Service, ServiceId, ServiceSource, hostname, ip};
use crate::options::Readiness;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::{Cause, FieldPath, Object};
use crate::status::Context;
use crate::status::class::Controller;
use crate::status::condition::{Condition, Fault};
use crate::well_known::{MANAGED, NAME_OVERRIDE};

const SERVICE_TYPE: &str = "networking.istio.io/service-type";

/// The hostnames of a Gateway's Services, and what is wrong with how it names them.
pub(super) fn hostnames(
    cx: &Context<'_>,
    gateway: &Object<Gateway>,
    controller: Controller,
) -> (Vec<Str>, Option<Fault>) {
    let namespace = &gateway.meta.namespace;
    if manifests::is_managed(&gateway.spec, &cx.mesh.options.features) {
        let (name, class) = (&gateway.meta.name, &gateway.spec.gateway_class_name);
        let default =
            || if controller.has_plain_names() { name.clone() } else { format_smolstr!("{name}-{class}") };
        let given = gateway.meta.annotations.get(NAME_OVERRIDE).filter(|name| !name.is_empty());
        let name = given.cloned().unwrap_or_else(default);
        return (vec![hostname::of_service(&name, namespace)], None);
    }
    let is_hostname = |kind: Option<&str>| kind.unwrap_or("IPAddress") == "Hostname";
    let (named, skipped): (Vec<_>, Vec<_>) =
        gateway.spec.addresses.iter().partition(|address| is_hostname(address.address_type.as_deref()));
    let full = |value: &Str| match value.contains('.') {
        true => value.clone(),
        false => hostname::of_service(value, namespace),
    };
    let services = named.into_iter().map(|address| full(&address.value)).collect();
    let object = gateway.object_ref();
    let fault = if !skipped.is_empty() {
        let skipped: Vec<&str> = skipped.into_iter().map(|address| address.value.as_str()).collect();
        let message = format!("only Hostname is supported, ignoring [{}]", skipped.join(" "));
        Some(
            Fault::new("UnsupportedAddress", message)
                .at(Cause::new(object, FieldPath::field("spec.addresses"))),
        )
    } else if gateway.meta.annotations.contains_key(SERVICE_TYPE) {
        let message =
            format!("annotation {SERVICE_TYPE} is deprecated, use Spec.Infrastructure.Routeability");
        let field = FieldPath::field("metadata.annotations[\"networking.istio.io/service-type\"]");
        Some(Fault::new("DeprecatedField", message).at(Cause::new(object, field)))
    } else {
        None
    };
    (services, fault)
}

/// Where a Gateway is reached.
#[derive(Default)]
pub(super) struct Reach {
    /// `host:port` of Services that answer.
    internal: BTreeSet<String>,
    /// Their hosts.
    pub(super) hosts: BTreeSet<Str>,
    /// Their addresses in the cluster.
    pub(super) ips: Vec<Str>,
    /// Their addresses outside.
    pub(super) external: Vec<Str>,
    /// The hosts whose load balancer has no address yet.
    pub(super) pending: BTreeSet<Str>,
    /// Whether the Services were taken as deployed, though the snapshot lacks them.
    pub(super) assumed: bool,
    warnings: Vec<String>,
    unusable: bool,
    causes: Vec<Cause>,
}

impl Reach {
    /// Where it is reached on these ports.
    pub(super) fn of(cx: &Context<'_>, view: &GatewayView<'_>, ports: &BTreeSet<i32>) -> Self {
        let mut reach = Self::default();
        let namespace = &view.object.meta.namespace;
        for host in &view.services {
            match cx.mesh.services.lookup(host, namespace) {
                Some(id) => reach.look_at(cx, id, host, ports),
                None if is_assumed(cx, view) => reach.assume(host, ports),
                None => reach.miss(cx, host, namespace),
            }
        }
        reach.warnings.sort();
        for list in [&mut reach.ips, &mut reach.external] {
            list.sort();
            list.dedup();
        }
        reach
    }

    /// What the snapshot lacks because Istio makes it.
    fn assume(&mut self, host: &Str, ports: &BTreeSet<i32>) {
        self.assumed = true;
        self.internal.extend(ports.iter().map(|port| format!("{host}:{port}")));
        if !ports.is_empty() {
            self.hosts.insert(host.clone());
        }
    }

    fn miss(&mut self, cx: &Context<'_>, host: &str, namespace: &str) {
        let others = cx.mesh.services.with_hostname(host).iter().filter_map(|id| cx.mesh.services.get(*id));
        let others: BTreeSet<String> = others.map(|service| format!("{:?}", service.namespace)).collect();
        self.unusable = true;
        self.warnings.push(if others.is_empty() {
            format!("hostname \"{host}\" not found")
        } else {
            let others = others.into_iter().collect::<Vec<_>>().join(", ");
            format!(
                "hostname \"{host}\" not found in namespace \"{namespace}\", but it was found in namespace(s) {others}"
            )
        });
    }

    fn look_at(&mut self, cx: &Context<'_>, id: ServiceId, host: &Str, ports: &BTreeSet<i32>) {
        let Some(service) = cx.mesh.services.get(id) else { return };
        self.causes.push(service.source.object().into());
        for port in ports {
            if answers(cx, id, service, *port) {
                self.internal.insert(format!("{host}:{port}"));
                self.hosts.insert(host.clone());
                self.ips.extend(cluster_ips(service));
                self.add_external(service, host);
            } else {
                self.warn(cx, id, service, *port);
            }
        }
    }

    fn add_external(&mut self, service: &Service, host: &Str) {
        let ServiceSource::Kubernetes(object) = &service.source else { return };
        let balanced = object.spec.service_type == "LoadBalancer";
        let ingress = object.spec.status.load_balancer.ingress.iter().filter(|_| balanced);
        let ingress = ingress.map(|to| if to.ip.is_empty() { &to.hostname } else { &to.ip });
        let external: Vec<Str> =
            ingress.filter(|to| !to.is_empty()).chain(&object.spec.external_ips).cloned().collect();
        if external.is_empty() && balanced && self.pending.insert(host.clone()) {
            self.warnings.push(format!("address pending for hostname \"{host}\""));
        }
        self.external.extend(external);
    }

    /// Why nobody answers on a port.
    fn warn(&mut self, cx: &Context<'_>, id: ServiceId, service: &Service, port: i32) {
        let host = &service.hostname;
        let endpoints = cx.mesh.endpoints.of(id);
        let number = |name: &Str| service.ports.iter().find(|p| p.name == *name).map(|p| p.number);
        if !endpoints.iter().any(|endpoint| number(&endpoint.service_port).is_some()) {
            self.warnings.push(format!("no instances found for hostname \"{host}\""));
            return;
        }
        let listening = endpoints.iter().filter(|endpoint| i64::from(endpoint.port) == i64::from(port));
        let hints: BTreeSet<String> =
            listening.filter_map(|endpoint| Some(number(&endpoint.service_port)?.to_string())).collect();
        let has_port = || service.ports.iter().any(|p| i64::from(p.number) == i64::from(port));
        if !hints.is_empty() {
            let hints = hints.into_iter().collect::<Vec<_>>().join(" ");
            self.warnings.push(format!(
                "port {port} not found for hostname \"{host}\" (hint: the service port should be specified, \
                 not the workload port. Did you mean one of these ports: [{hints}]?)"
            ));
            self.unusable = true;
        } else if !service.labels.contains_key(MANAGED) || !has_port() {
            // Of a Service that Istio deploys the endpoints may be late.
            self.warnings.push(format!("port {port} not found for hostname \"{host}\""));
            self.unusable = true;
        }
    }

    /// The condition `Programmed` of a Gateway that names these Services.
    pub(super) fn programmed(&self, services: &[Str]) -> Condition {
        let internal = joined(&self.internal);
        let warnings = self.warnings.join("; ");
        let condition = if services.is_empty() {
            let message = "Failed to assign to any requested addresses";
            Condition::new("Programmed", false, "UnsupportedAddress", message)
        } else if !warnings.is_empty() {
            let reason = if self.unusable { "AddressNotUsable" } else { "AddressNotAssigned" };
            let message = if internal.is_empty() {
                format!("Failed to assign to any requested addresses: {warnings}")
            } else {
                format!(
                    "Assigned to service(s) {internal}, but failed to assign to all requested addresses: {warnings}"
                )
            };
            Condition::new("Programmed", false, reason, message)
        } else {
            let assigned = match internal.as_str() {
                "" => String::new(),
                services => format!(", assigned to service(s) {services}"),
            };
            Condition::new("Programmed", true, "Programmed", format!("Resource programmed{assigned}"))
        };
        condition.because(self.causes.iter().cloned())
    }
}

/// Whether a Gateway's Service is one that Istio deploys and files from Git lack.
fn is_assumed(cx: &Context<'_>, view: &GatewayView<'_>) -> bool {
    let deployed = matches!(view.controller, Controller::Waypoint | Controller::EastWest);
    let features = &cx.mesh.options.features;
    deployed
        && features.pilot_enable_gateway_api_deployment_controller
        && cx.mesh.options.readiness == Readiness::Assumed
        && manifests::is_managed(&view.object.spec, features)
}

/// Whether an endpoint answers for a Service's port.
fn answers(cx: &Context<'_>, id: ServiceId, service: &Service, port: i32) -> bool {
    let Some(port) = service.ports.iter().find(|p| i64::from(p.number) == i64::from(port)) else {
        return false;
    };
    cx.mesh.endpoints.of(id).iter().any(|endpoint| endpoint.service_port == port.name)
}

/// The addresses of a Service in the cluster; a headless one has the address of nobody.
fn cluster_ips(service: &Service) -> Vec<Str> {
    match service.addresses.as_slice() {
        [] => vec![Str::new_static("0.0.0.0")],
        addresses => addresses.iter().map(|address| ip::text::<String>(address.ip).into()).collect(),
    }
}

/// `a`, `a and b`, `a, b, and c`.
fn joined(parts: &BTreeSet<String>) -> String {
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first, second] => format!("{first} and {second}"),
        [others @ .., last] => format!("{}, and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_english() {
        let of = |parts: &[&str]| joined(&parts.iter().map(ToString::to_string).collect());
        assert_eq!(of(&[]), "");
        assert_eq!(of(&["a", "b"]), "a and b");
        assert_eq!(of(&["a", "b", "c"]), "a, b, and c");
    }
}
