//! `multicluster.x-k8s.io`: Services of several clusters.
//! <https://multicluster.sigs.k8s.io/concepts/multicluster-services-api/>
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use crate::Str;
use crate::snapshot::message::message;

message! {
    /// The spec of a `ServiceExport`: the Service of its name is known in other clusters, too.
    pub struct ServiceExport {}

    /// The spec of a `ServiceImport`: the Service of its name in all clusters that export it.
    pub struct ServiceImport {
        ips: Vec<Str>,
    }
}
