//! What clusters say about the Service and the rule that they come from; telemetry and tools read it.

use envoy::config::cluster::v3::Cluster;
use envoy::google::protobuf::{Struct, Value};

use super::draft::display_name;
use crate::mesh::Service;
use crate::mesh::destination_rule::MergedRule;

/// The key of Istio's metadata.
const ISTIO: &str = "istio";

/// Sets a field of Istio's metadata.
pub(super) fn set(cluster: &mut Cluster, key: &'static str, value: impl Into<Value>) {
    let metadata = &mut cluster.metadata.get_or_insert_default().filter_metadata;
    metadata.update(ISTIO, |istio| istio.fields.insert(key, value.into()));
}

/// Says which Service it leads to.
pub(super) fn set_service(cluster: &mut Cluster, service: &Service) {
    let fields: Struct = [
        ("host", Value::from(service.hostname.as_str())),
        ("name", Value::from(display_name(service))),
        ("namespace", Value::from(service.namespace.as_str())),
    ]
    .into_iter()
    .collect();
    set(cluster, "services", vec![Value::from(fields)]);
}

/// Says which DestinationRule was applied.
pub(super) fn set_config(cluster: &mut Cluster, rule: &MergedRule, version: &str) {
    let MergedRule { namespace, name, .. } = rule;
    let path = ["/apis/networking.istio.io/", version, "/namespaces/", namespace, "/destination-rule/", name];
    set(cluster, "config", path.concat());
}
