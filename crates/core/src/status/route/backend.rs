//! What is wrong with a backend, as the condition `ResolvedRefs` tells it.

use super::Side;
use super::rules::Severity;
use crate::mesh::hostname;
use crate::pool_service;
use crate::snapshot::Kind;
use crate::snapshot::gateway_api::route::BackendObjectReference;
use crate::status::Context;
use crate::status::condition::Fault;
use crate::status::grants::Reference;
use crate::well_known::{INFERENCE_GROUP, ISTIO_GROUP};

/// Who refers to a backend.
#[derive(Clone, Copy)]
pub(super) struct From<'a> {
    pub(super) kind: &'a str,
    pub(super) namespace: &'a str,
    pub(super) side: Side,
}

/// What is wrong with a backend: soft, if only its share of the requests is lost.
pub(super) fn fault(cx: &Context<'_>, to: &BackendObjectReference, from: From<'_>) -> Option<Severity> {
    let soft = |reason: &'static str, message: String| Some(Severity::Soft(Fault::new(reason, message)));
    let hard = |message: &str| Some(Severity::Hard(Fault::new("InvalidDestination", message)));
    let group = to.group.as_deref().unwrap_or_default();
    let kind = to.kind.as_deref().unwrap_or("Service");
    let namespace = to.namespace.as_deref().unwrap_or(from.namespace);
    if from.side == Side::Gateway && namespace != from.namespace {
        let end = Reference { kind: from.kind, namespace: from.namespace };
        if !cx.grants.allow(end, Reference { kind, namespace }, &to.name) {
            let message = format!(
                "backendRef {}/{namespace} not accessible to a {} in namespace \"{}\" (missing a ReferenceGrant?)",
                to.name, from.kind, from.namespace
            );
            return soft("RefNotPermitted", message);
        }
    }
    let (host, exists) = match (group, kind) {
        ("", "Service") if to.name.contains('.') => {
            return hard("service name invalid; the name of the Service must be used, not the hostname.");
        }
        // Without support for several clusters, a ServiceImport is the Service of the same name. With it, the
        // same Service is looked for.
        ("", "Service") | (_, "ServiceImport")
            if kind == "Service" || group == cx.mesh.options.features.mcs_api_group =>
        {
            let host = hostname::of_backend(kind, &to.name, namespace, &cx.mesh.options.features);
            (host, cx.exists(Kind::Service, namespace, &to.name))
        }
        (ISTIO_GROUP, "Hostname") if to.namespace.is_some() => {
            return hard("namespace may not be set with Hostname type");
        }
        (ISTIO_GROUP, "Hostname") => {
            (to.name.clone(), cx.mesh.services.lookup(&to.name, namespace).is_some())
        }
        (INFERENCE_GROUP, "InferencePool")
            if cx.mesh.options.features.enable_gateway_api_inference_extension =>
        {
            return fault_of_pool(cx, &to.name, namespace);
        }
        (INFERENCE_GROUP, "InferencePool") => {
            let message = "InferencePool is not enabled. To enable, set \
                           ENABLE_GATEWAY_API_INFERENCE_EXTENSION to true in istiod";
            return soft("InvalidKind", message.to_owned());
        }
        _ => {
            let kind = to.kind.as_deref().unwrap_or_default();
            let message = format!("referencing unsupported backendRef: group \"{group}\" kind \"{kind}\"");
            return soft("InvalidKind", message);
        }
    };
    if to.port.is_none() {
        return hard("port is required in backendRef");
    }
    if exists { None } else { soft("BackendNotFound", format!("backend({host}) not found")) }
}

/// What is wrong with a backend that is an InferencePool, or with the Service that Istio makes of it.
fn fault_of_pool(cx: &Context<'_>, name: &str, namespace: &str) -> Option<Severity> {
    let hard = |message: &str| Some(Severity::Hard(Fault::new("InvalidDestination", message)));
    let not_found = |what: &str| {
        let message = format!("backend({what}) not found");
        Some(Severity::Soft(Fault::new("BackendNotFound", message)))
    };
    if name.contains('.') {
        return hard(
            "InferencePool.Name invalid; the name of the InferencePool must be used, not the hostname.",
        );
    }
    if !cx.exists(Kind::InferencePool, namespace, name) {
        return not_found(name);
    }
    let host = hostname::of_service(&pool_service::name(name), namespace);
    let services = &cx.mesh.services;
    let service = services.lookup(&host, namespace).and_then(|id| services.get(id));
    let Some(service) = service else { return not_found(&host) };
    if pool_service::has_picker(&service.labels) {
        None
    } else {
        hard("InferencePool service invalid, extensionRef labels not found")
    }
}
