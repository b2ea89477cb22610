//! `ProxyConfig`, the custom resource; `MeshConfig`'s `defaultConfig` is another type.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use std::collections::BTreeMap;

use crate::Str;
use crate::snapshot::message::message;
use crate::snapshot::selector::WorkloadSelector;

message! {
    /// The spec of a `ProxyConfig`.
    pub struct ProxyConfig {
        selector: Option<WorkloadSelector>,
        concurrency: Option<i32>,
        environment_variables: BTreeMap<Str, Str>,
        image: Option<ProxyImage>,
    }

    pub struct ProxyImage {
        image_type: Str,
    }
}
