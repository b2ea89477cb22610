//! The addresses of Gateways that somebody else runs: Istio writes those of their `spec` into their statuses,
//! where ztunnel's ways into other networks are read from.
//!
//! Source: `reportUnmanagedGatewayStatus` of Istio's control plane.

use std::sync::Arc;

use super::{count, names, note};
use crate::controllers::{self, UNMANAGED, networks_have_gateways, revision_of};
use crate::detect;
use crate::options::Options;
use crate::problem::Problem;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::{Object, Reading, Snapshot};
use crate::well_known::DEFAULT_REVISION;

/// The Gateways whose addresses are assumed, by their positions.
#[derive(Debug, Default)]
pub(super) struct Addressed {
    positions: Vec<usize>,
    names: Vec<String>,
}

/// The Gateways whose statuses have no addresses, and would have.
pub(super) fn addressed(reading: &Reading, options: &Options) -> Addressed {
    let mut found = Addressed::default();
    let snapshot = &reading.snapshot;
    let lacks = |gateway: &Gateway| !gateway.addresses.is_empty() && gateway.status.addresses.is_empty();
    if !snapshot.gateways.iter().any(|gateway| lacks(&gateway.spec)) {
        return found;
    }
    let (options, _) = detect::settle(reading, options);
    let features = options.features.in_release(options.release);
    if !features.pilot_enable_gateway_api_status
        || !networks_have_gateways(&options.rules().networks, &features)
    {
        return found;
    }
    let is_unmanaged = |gateway: &Object<Gateway>| {
        controllers::of_class(snapshot, &features, &gateway.spec.gateway_class_name) == Some(UNMANAGED)
    };
    let own = options.revision.as_deref().unwrap_or(DEFAULT_REVISION);
    for (position, gateway) in snapshot.gateways.iter().enumerate() {
        if lacks(&gateway.spec) && is_unmanaged(gateway) && revision_of(snapshot, &gateway.meta) == own {
            found.positions.push(position);
            found.names.push(format!("{}/{}", gateway.meta.namespace, gateway.meta.name));
        }
    }
    found
}

impl Addressed {
    pub(super) const fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    pub(super) fn note(&self) -> Problem {
        let gateways = count(self.names.len(), "Gateway");
        let message = format!(
            "assumed the addresses of {gateways} that somebody else runs, which Istio writes into the status: {}",
            names(&self.names)
        );
        note(message)
    }

    pub(super) fn apply(&self, snapshot: &mut Snapshot) {
        for position in &self.positions {
            if let Some(gateway) = snapshot.gateways.get_mut(*position) {
                let spec = &mut Arc::make_mut(gateway).spec;
                spec.status.addresses.clone_from(&spec.addresses);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::release::Release;
    use crate::text::SourceFile;

    const GATEWAYS: &str = r"
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: missing, namespace: edge}
spec: {gatewayClassName: istio-remote, addresses: [{value: 192.0.2.1}], listeners: [{name: h, port: 15008, protocol: HBONE}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: there, namespace: edge}
spec: {gatewayClassName: istio-remote, addresses: [{value: 192.0.2.1}], listeners: [{name: h, port: 15008, protocol: HBONE}]}
status: {addresses: [{value: 192.0.2.2}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: canary, namespace: edge, labels: {istio.io/rev: canary}}
spec: {gatewayClassName: istio-remote, addresses: [{value: 192.0.2.1}], listeners: [{name: h, port: 15008, protocol: HBONE}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: own, namespace: edge}
spec: {gatewayClassName: istio, addresses: [{value: 192.0.2.1}], listeners: [{name: h, port: 80, protocol: HTTP}]}
";

    fn names_of(options: &Options) -> Vec<String> {
        let reading = Snapshot::read([SourceFile::new("edge.yaml", GATEWAYS)], &Limits::DEFAULT);
        addressed(&reading, options).names
    }

    #[test]
    fn only_gateways_of_somebody_else_without_a_status_get_addresses() {
        let mut options = Options::default();
        assert_eq!(names_of(&options), ["edge/missing"]);
        options.features.set("PILOT_ENABLE_GATEWAY_API_STATUS", "false").unwrap();
        assert!(names_of(&options).is_empty());
        assert!(names_of(&Options { release: Release::V1_18, ..Options::default() }).is_empty());
        assert_eq!(
            names_of(&Options { revision: Some("canary".into()), ..Options::default() }),
            ["edge/canary"]
        );
    }
}
