//! Certificates of listeners: whether they are there, and may be used. What is in a Secret is never looked
//! at.

use crate::Str;
use crate::snapshot::gateway_api::gateway::{Listener, SecretObjectReference};
use crate::snapshot::{Cause, FieldPath, Kind, ObjectRef};
use crate::status::Context;
use crate::status::condition::Fault;
use crate::status::grants::Reference;

const TERMINATE_MODE: &str = "gateway.istio.io/tls-terminate-mode";

/// What is wrong with the certificates of a listener that ends TLS.
pub(super) fn fault(cx: &Context<'_>, owner: &ObjectRef, listener: &Listener, index: usize) -> Option<Fault> {
    let tls = listener.tls.as_ref()?;
    if tls.mode.as_deref().unwrap_or("Terminate") != "Terminate" {
        return None;
    }
    let own_certificate = tls.options.get(TERMINATE_MODE).map(Str::as_str);
    if matches!(own_certificate, Some("ISTIO_SIMPLE" | "ISTIO_MUTUAL")) {
        return None;
    }
    let cause = |i: usize| {
        let field = FieldPath::at("spec.listeners[].tls.certificateRefs[]", [index, i]);
        Cause::new(owner.clone(), field)
    };
    if tls.certificate_refs.len() > 2 {
        let fault =
            Fault::new("InvalidCertificateRef", "TLS mode can only support up to 2 server certificates");
        return Some(fault.at(cause(2)));
    }
    let references = tls.certificate_refs.iter().enumerate();
    let faults: Vec<Fault> = references
        .filter_map(|(i, reference)| {
            let fault = of_reference(cx, owner, reference)?;
            Some(fault.at(cause(i)))
        })
        .collect();
    // One certificate is enough.
    (faults.len() == tls.certificate_refs.len()).then(|| faults.into_iter().reduce(Fault::and)).flatten()
}

fn of_reference(cx: &Context<'_>, owner: &ObjectRef, reference: &SecretObjectReference) -> Option<Fault> {
    let own = &owner.namespace;
    let group = reference.group.as_deref().unwrap_or_default();
    let kind = reference.kind.as_deref().unwrap_or("Secret");
    let named = reference.namespace.as_deref().unwrap_or_default();
    let text = format!("{group}/{kind}/{}.{named}", reference.name);
    if (group, kind) != ("", "Secret") {
        let message = format!("invalid certificate reference {text}, only secret is allowed");
        return Some(Fault::new("InvalidCertificateRef", message));
    }
    let namespace = reference.namespace.as_ref().unwrap_or(own);
    let name = &reference.name;
    if !cx.exists(Kind::Secret, namespace, name) {
        let message = format!("invalid certificate reference {text}, secret {namespace}/{name} not found");
        return Some(Fault::new("InvalidCertificateRef", message));
    }
    let granted = || {
        cx.grants.allow(
            Reference { kind: owner.kind.name(), namespace: own },
            Reference { kind, namespace },
            name,
        )
    };
    (namespace != own && !granted()).then(|| {
        let message = format!(
            "certificateRef {name}/{namespace} not accessible to a Gateway in namespace \"{own}\" (missing a \
             ReferenceGrant?)"
        );
        Fault::new("RefNotPermitted", message)
    })
}
