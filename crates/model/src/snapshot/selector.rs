//! Selectors and references that the security, telemetry and extension APIs share (`istio.type.v1beta1`), and
//! Kubernetes' own label selector.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use super::message::{choice, message};
use crate::Str;
use crate::snapshot::Labels;

message! {
    /// Kubernetes' `LabelSelector`: every label and every expression has to hold.
    pub struct LabelSelector {
        match_labels: Labels,
        match_expressions: Vec<LabelSelectorRequirement>,
    }

    /// One expression of a [`LabelSelector`]; the operator is `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub struct LabelSelectorRequirement {
        key: Str,
        operator: Str,
        values: Vec<Str>,
    }

    /// `istio.type.v1beta1.WorkloadSelector`: the workloads that a policy is for.
    pub struct WorkloadSelector {
        match_labels: Labels,
    }

    /// `istio.type.v1beta1.PolicyTargetReference`: the Gateway, Service, … that a policy is for.
    pub struct PolicyTargetReference {
        group: Str,
        kind: Str,
        name: Str,
        namespace: Str,
    }

    /// `istio.type.v1beta1.PortSelector`.
    pub struct PortSelector {
        number: u32,
    }
}

choice! {
    /// `istio.type.v1beta1.WorkloadMode`: whether the workload is the caller, the called, or either.
    pub enum WorkloadMode {
        Undefined = "UNDEFINED",
        Client = "CLIENT",
        Server = "SERVER",
        ClientAndServer = "CLIENT_AND_SERVER",
    }
}
