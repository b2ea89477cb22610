//! The config dump of a ztunnel: what its `/config_dump` and `istioctl ztunnel-config all -o json` print.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Policy, Service, Workload, ZtunnelConfig};
use crate::hash::HashMap;

/// Reads the config dump of a ztunnel; nothing if the text is something else.
#[must_use]
pub fn parse(text: &str) -> Option<ZtunnelConfig> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let dump: Dump = serde_json::from_str(text).ok()?;
    let workloads: Vec<Workload> = dump.workloads.entries().filter_map(workload).collect();
    let healthy: HashMap<&str, bool> = workloads.iter().map(|w| (&*w.uid, w.healthy)).collect();
    let services = dump.services.entries().filter_map(|value| service(value, &healthy)).collect();
    let policies = dump.policies.entries().filter_map(policy).collect();
    let is_empty = |value: &Value| match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => true,
    };
    let holds_more = !is_empty(&dump.certificates) || !is_empty(&dump.workload_state);
    Some(ZtunnelConfig { workloads, services, policies, holds_more })
}

/// What is read of a dump. Only the dump of a ztunnel has these three.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dump {
    workloads: Entries,
    services: Entries,
    policies: Entries,
    #[serde(default)]
    certificates: Value,
    #[serde(default)]
    workload_state: Value,
}

/// Entries; older ztunnels give them names.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entries {
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
}

impl Entries {
    fn entries(&self) -> Box<dyn Iterator<Item = &Value> + '_> {
        match self {
            Self::List(items) => Box::new(items.iter()),
            Self::Map(items) => Box::new(items.values()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct DumpedWorkload {
    uid: String,
    namespace: String,
    name: String,
    workload_ips: Vec<String>,
    hostname: String,
    node: String,
    waypoint: Option<Gateway>,
    protocol: String,
    status: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct DumpedService {
    namespace: String,
    name: String,
    hostname: String,
    vips: Vec<String>,
    waypoint: Option<Gateway>,
    endpoints: BTreeMap<String, Endpoint>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct DumpedPolicy {
    namespace: String,
    name: String,
    action: String,
    scope: String,
}

#[derive(Deserialize)]
struct Gateway {
    destination: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint {
    workload_uid: String,
}

fn workload(json: &Value) -> Option<Workload> {
    let read = DumpedWorkload::deserialize(json).ok()?;
    Some(Workload {
        uid: read.uid,
        namespace: read.namespace,
        name: read.name,
        addresses: read.workload_ips,
        hostname: read.hostname,
        node: read.node,
        waypoint: read.waypoint.map(|gateway| gateway.destination),
        protocol: read.protocol,
        healthy: read.status == "Healthy",
        json: json.clone(),
        origins: Vec::new(),
    })
}

fn service(json: &Value, healthy: &HashMap<&str, bool>) -> Option<Service> {
    let read = DumpedService::deserialize(json).ok()?;
    let is_healthy = |endpoint: &&Endpoint| healthy.get(&*endpoint.workload_uid) == Some(&true);
    Some(Service {
        namespace: read.namespace,
        name: read.name,
        hostname: read.hostname,
        addresses: read.vips,
        waypoint: read.waypoint.map(|gateway| gateway.destination),
        healthy_endpoints: read.endpoints.values().filter(is_healthy).count(),
        endpoints: read.endpoints.len(),
        json: json.clone(),
        origins: Vec::new(),
    })
}

fn policy(json: &Value) -> Option<Policy> {
    let read = DumpedPolicy::deserialize(json).ok()?;
    Some(Policy {
        namespace: read.namespace,
        name: read.name,
        action: read.action,
        scope: read.scope,
        json: json.clone(),
        origins: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_may_have_names() {
        let dump = r#"{"workloads": {"w": {"uid": "w", "name": "a", "status": "Healthy"}}, "policies": [],
            "services": [{"name": "s", "endpoints": {"w": {"workloadUid": "w"}, "x": {"workloadUid": "x"}}}]}"#;
        let config = parse(dump).unwrap();
        let service = config.services.first().unwrap();
        assert_eq!((service.healthy_endpoints, service.endpoints), (1, 2));
        assert!(!config.holds_more);
    }

    #[test]
    fn other_texts_are_no_dumps() {
        assert_eq!(parse("kind: Service"), None);
        assert_eq!(parse(r#"{"kind": "Service"}"#), None);
        assert_eq!(parse(r#"{"configs": []}"#), None);
    }
}
