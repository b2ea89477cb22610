//! ReferenceGrant, BackendTLSPolicy and XBackendTrafficPolicy.

use std::collections::BTreeSet;

use super::reference::{group, kind, local_object, namespace};
use super::{at_most, host_name, text};
use crate::admission::check::Checker;
use crate::schema::{Limit, What};
use crate::snapshot::Kind;
use crate::snapshot::gateway_api::policy::{
    BackendTlsPolicy, LocalPolicyTargetReference, ReferenceGrant, SubjectAltName, SubjectAltNameType,
    XBackendTrafficPolicy,
};

/// The schemas' limits.
const MAX_GRANTS: Limit = Limit::of(Kind::ReferenceGrant, "spec.from", What::MaxItems);
const MAX_TARGETS: Limit = Limit::of(Kind::BackendTlsPolicy, "spec.targetRefs", What::MaxItems);
const LONGEST_NAME: Limit = Limit::of(Kind::BackendTlsPolicy, "spec.targetRefs.name", What::MaxLength);
const MAX_CERTIFICATES: Limit =
    Limit::of(Kind::BackendTlsPolicy, "spec.validation.caCertificateRefs", What::MaxItems);

pub(in crate::admission) fn reference_grant(root: &Checker<'_>, grant: &ReferenceGrant) {
    let c = &root.field("spec");
    for (name, is_empty) in [("from", grant.from.is_empty()), ("to", grant.to.is_empty())] {
        if is_empty {
            c.field(name).missing("there has to be an entry");
        }
    }
    at_most(c, "from", &grant.from, MAX_GRANTS);
    at_most(c, "to", &grant.to, MAX_GRANTS);
    c.each("from", &grant.from, |c, from| {
        group(c, &from.group);
        kind(c, &from.kind);
        namespace(c, Some(&from.namespace));
    });
    c.each("to", &grant.to, |c, to| {
        group(c, &to.group);
        kind(c, &to.kind);
    });
}

fn targets(c: &Checker<'_>, targets: &[LocalPolicyTargetReference]) {
    if targets.is_empty() {
        c.field("targetRefs").missing("there has to be a target");
    }
    at_most(c, "targetRefs", targets, MAX_TARGETS);
    let mut seen = BTreeSet::new();
    c.each("targetRefs", targets, |c, target| {
        group(c, &target.group);
        kind(c, &target.kind);
        text(c, "name", &target.name, LONGEST_NAME);
        let section = target.section_name.clone().unwrap_or_default();
        if !seen.insert((target.group.clone(), target.kind.clone(), target.name.clone(), section)) {
            c.conflict("the target stands here twice");
        }
    });
}

pub(in crate::admission) fn backend_tls_policy(root: &Checker<'_>, policy: &BackendTlsPolicy) {
    let c = &root.field("spec");
    targets(c, &policy.target_refs);
    let c = &c.field("validation");
    let validation = &policy.validation;
    host_name(&c.field("hostname"), &validation.hostname, false);
    at_most(c, "caCertificateRefs", &validation.ca_certificate_refs, MAX_CERTIFICATES);
    c.each("caCertificateRefs", &validation.ca_certificate_refs, local_object);
    let well_known = validation.well_known_ca_certificates.as_ref().is_some_and(|name| !name.is_empty());
    match (validation.ca_certificate_refs.is_empty(), well_known) {
        (true, false) => c.missing("`caCertificateRefs` or `wellKnownCACertificates` is needed"),
        (false, true) => {
            c.conflict("only one of `caCertificateRefs` and `wellKnownCACertificates` may be set")
        }
        _ => {}
    }
    c.each("subjectAltNames", &validation.subject_alt_names, alt_name);
}

fn alt_name(c: &Checker<'_>, name: &SubjectAltName) {
    let Some(name_type) = name.name_type else { return c.field("type").missing("a name needs a type") };
    let members = [
        (SubjectAltNameType::Hostname, "hostname", !name.hostname.is_empty()),
        (SubjectAltNameType::Uri, "uri", !name.uri.is_empty()),
    ];
    for (of, field, set) in members {
        if (of == name_type) != set {
            c.field(field).conflict(format!("`{field}` and the type {} need each other", of.as_str()));
        }
    }
}

pub(in crate::admission) fn x_backend_traffic_policy(root: &Checker<'_>, policy: &XBackendTrafficPolicy) {
    let c = &root.field("spec");
    targets(c, &policy.target_refs);
    c.some("sessionPersistence", policy.session_persistence.as_ref(), super::route::session);
}
