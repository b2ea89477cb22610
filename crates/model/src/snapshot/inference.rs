//! `inference.networking.k8s.io`: pools of model servers.
//! <https://gateway-api-inference-extension.sigs.k8s.io/api-types/inferencepool/>
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use crate::Str;
use crate::snapshot::Labels;
use crate::snapshot::message::{choice, message};

message! {
    /// The spec of an `InferencePool`: Pods that serve one model, and who picks one of them for a request.
    pub struct InferencePool {
        selector: PoolSelector,
        target_ports: Vec<TargetPort>,
        app_protocol: Option<PoolProtocol>,
        endpoint_picker_ref: EndpointPickerRef,
    }

    pub struct PoolSelector {
        match_labels: Labels,
    }

    pub struct TargetPort {
        number: i32,
    }

    pub struct EndpointPickerRef {
        group: Option<Str>,
        kind: Option<Str>,
        name: Str,
        port: Option<TargetPort>,
        failure_mode: FailureMode,
    }
}

choice! {
    /// What the model servers speak.
    pub enum PoolProtocol {
        Http = "http",
        H2c = "kubernetes.io/h2c",
    }

    /// What comes of a request when the endpoint picker does not answer.
    pub enum FailureMode {
        FailClose = "FailClose",
        FailOpen = "FailOpen",
    }
}

impl EndpointPickerRef {
    /// The kind of what picks; the API server says `Service` where nothing is said.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or("Service")
    }
}
