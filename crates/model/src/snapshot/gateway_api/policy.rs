//! `ReferenceGrant`, `BackendTLSPolicy` and `XBackendTrafficPolicy`.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use std::collections::BTreeMap;

use super::filter::LocalObjectReference;
use super::route::SessionPersistence;
use crate::Str;
use crate::snapshot::message::{Duration, choice, message};

message! {
    /// The spec of a `ReferenceGrant`: who may refer to what is in its namespace.
    pub struct ReferenceGrant {
        from: Vec<ReferenceGrantFrom>,
        to: Vec<ReferenceGrantTo>,
    }

    pub struct ReferenceGrantFrom {
        group: Str,
        kind: Str,
        namespace: Str,
    }

    pub struct ReferenceGrantTo {
        group: Str,
        kind: Str,
        name: Option<Str>,
    }

    /// The spec of a `BackendTLSPolicy`: how a gateway speaks TLS to a Service.
    pub struct BackendTlsPolicy {
        target_refs: Vec<LocalPolicyTargetReference>,
        validation: BackendTlsPolicyValidation,
        options: BTreeMap<Str, Str>,
    }

    pub struct LocalPolicyTargetReference {
        group: Str,
        kind: Str,
        name: Str,
        section_name: Option<Str>,
    }

    pub struct BackendTlsPolicyValidation {
        ca_certificate_refs: Vec<LocalObjectReference>,
        #[serde(rename = "wellKnownCACertificates")]
        well_known_ca_certificates: Option<Str>,
        hostname: Str,
        subject_alt_names: Vec<SubjectAltName>,
    }

    pub struct SubjectAltName {
        #[serde(rename = "type")]
        name_type: Option<SubjectAltNameType>,
        hostname: Str,
        uri: Str,
    }

    /// The spec of an `XBackendTrafficPolicy`: an experiment with retry budgets.
    pub struct XBackendTrafficPolicy {
        target_refs: Vec<LocalPolicyTargetReference>,
        retry_constraint: Option<RetryConstraint>,
        session_persistence: Option<SessionPersistence>,
    }

    pub struct RetryConstraint {
        budget: Option<BudgetDetails>,
        min_retry_rate: Option<RequestRate>,
    }

    pub struct BudgetDetails {
        percent: Option<i32>,
        interval: Option<Duration>,
    }

    pub struct RequestRate {
        count: Option<i32>,
        interval: Option<Duration>,
    }
}

choice! {
    pub enum SubjectAltNameType {
        Hostname = "Hostname",
        Uri = "URI",
    }
}
