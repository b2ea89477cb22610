//! What a cluster is asked for: every kind that is read, by the name that its API has.

use waypoint_xds::kind::Kind;

/// Kinds that are read from files and that no cluster is asked for.
const NOT_ASKED_FOR: [Kind; 3] = [
    // Nobody reads what is in them, and whoever is given a snapshot should not be able to.
    Kind::Secret,
    // They are read for the Pods that they would make: of a cluster those are there, and it keeps ten old
    // ReplicaSets of each Deployment.
    Kind::ReplicaSet,
    Kind::Job,
];

/// The kinds that a cluster is asked for.
pub(super) fn asked_for() -> impl Iterator<Item = Kind> {
    Kind::ALL.iter().copied().filter(|kind| !NOT_ASKED_FOR.contains(kind))
}

/// What a kind is called in addresses and by kubectl: `pods`, `httproutes.gateway.networking.k8s.io`.
pub(super) fn resource(kind: Kind) -> String {
    let plural = plural(kind.name());
    match kind.group() {
        "" => plural,
        group => format!("{plural}.{group}"),
    }
}

/// The plural of English, which all of these kinds have: `gateways`, `policies`, `classes`.
fn plural(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if name == "endpoints" {
        return name;
    }
    match name.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if name.ends_with('s') => format!("{name}es"),
        _ => format!("{name}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_called_as_kubectl_calls_them() {
        for (kind, expected) in [
            (Kind::Endpoints, "endpoints"),
            (Kind::Pod, "pods"),
            (Kind::GatewayClass, "gatewayclasses.gateway.networking.k8s.io"),
            (Kind::BackendTlsPolicy, "backendtlspolicies.gateway.networking.k8s.io"),
            (Kind::Telemetry, "telemetries.telemetry.istio.io"),
            (Kind::ServiceEntry, "serviceentries.networking.istio.io"),
            (Kind::IstioGateway, "gateways.networking.istio.io"),
            (Kind::SailIstio, "istios.sailoperator.io"),
        ] {
            assert_eq!(resource(kind), expected);
        }
    }

    #[test]
    fn secrets_are_never_asked_for() {
        let all: Vec<String> = asked_for().map(resource).collect();
        assert!(all.iter().any(|name| name == "configmaps"), "{all:?}");
        assert!(all.iter().all(|name| !name.contains("secret")), "{all:?}");
    }
}
