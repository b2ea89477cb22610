//! The networks of a mesh: what `istiod` reads beside the mesh configuration.

use serde::{Deserialize, Deserializer};

use super::in_force::{shared, text};
use super::{findings, reworded};
use crate::admission::check::Checker;
use crate::admission::{common, syntax};
use crate::features::Features;
use crate::limits::Limits;
use crate::options::Options;
use crate::problem::{Code, Problem};
use crate::snapshot::Snapshot;
use crate::snapshot::mesh_networks::{IstioNetworkGateway, MeshNetworks, Network, NetworkEndpoints};
use crate::text::{SourceFile, Unread, documents};

/// The key that has the networks, in the ConfigMap of the mesh configuration.
const KEY: &str = "meshNetworks";

/// The networks beside the mesh configuration; none where the release refuses them, all or nothing. Those of
/// a shared configuration stand for all, where the release reads any there.
/// Source: <https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshNetworks>.
pub(crate) fn networks(
    snapshot: &Snapshot,
    options: &Options,
    features: &Features,
    problems: &mut Vec<Problem>,
) -> Option<MeshNetworks> {
    let shared = || shared(snapshot, options, KEY);
    let shared = options.rules().networks.shared.then(shared).flatten();
    let Some((object, text)) = shared.or_else(|| text(snapshot, options, KEY)) else {
        return Some(MeshNetworks::default());
    };
    let file = SourceFile::new(format!("{} data.{KEY}", object.object_ref()), text.as_str());
    let (networks, found) = match read(&file, &options.limits) {
        Ok(mut networks) => {
            networks.origin = Some(object.object_ref());
            let (found, refused) = findings(options.rules(), |c| check(c, &networks, features));
            let found = found.into_iter().map(|problem| reworded(problem, Code::InvalidMeshConfig));
            ((!refused).then_some(networks), found.collect())
        }
        Err(problem) => (None, vec![*problem]),
    };
    // A field of a text in a field has no place of its own, so that the text's is shown.
    let field = format!("data.{KEY}");
    problems.extend(found.into_iter().map(|p| p.on(object.object_ref()).field(field.as_str())));
    networks
}

fn read(file: &SourceFile, limits: &Limits) -> Result<MeshNetworks, Box<Problem>> {
    let Some(document) = documents(file, limits).next().transpose()? else {
        return Ok(MeshNetworks::default());
    };
    let read = document.root().decode::<AnySpelling>(&Unread::new());
    let AnySpelling(networks) =
        read.map_err(|error| Problem::new(error.code(), error.to_string()).at(file.place(error.span())))?;
    Ok(networks)
}

fn check(c: &Checker<'_>, networks: &MeshNetworks, features: &Features) {
    for (name, Network { endpoints, gateways }) in &networks.networks {
        let all = c.field("networks");
        let network = all.key(name);
        network.each("endpoints", endpoints, self::endpoints);
        network.each("gateways", gateways, |c, gateway| self::gateway(c, gateway, features));
    }
}

fn endpoints(c: &Checker<'_>, endpoints: &NetworkEndpoints) {
    c.some("fromCidr", endpoints.from_cidr.as_ref(), |c, range| {
        if !syntax::is_ip_or_cidr(range) {
            c.invalid(format!("`{range}` is neither an IP address nor a range of them"));
        }
    });
    c.some("fromRegistry", endpoints.from_registry.as_ref(), |c, cluster| {
        if !syntax::is_dns_label(cluster) {
            c.invalid(format!("`{cluster}` is no name of a cluster: letters, digits and `-`"));
        }
    });
}

fn gateway(c: &Checker<'_>, gateway: &IstioNetworkGateway, features: &Features) {
    c.some("registryServiceName", gateway.registry_service_name.as_ref(), |c, host| {
        if let Err(refusal) = syntax::host_name(host) {
            c.invalid(refusal);
        }
    });
    c.some("address", gateway.address.as_ref(), |c, address| {
        if syntax::is_ip(address) {
            return;
        }
        if !features.resolve_hostname_gateways {
            c.invalid(format!(
                "`{address}` is no IP address: names are for `RESOLVE_HOSTNAME_GATEWAYS=true`, the default"
            ));
        } else if syntax::host_name(address).is_err() {
            c.invalid(format!("`{address}` is neither an IP address nor a host name"));
        }
    });
    common::port(&c.field("port"), gateway.port);
}

/// Networks whose fields may be spelled `fromCidr` or `from_cidr`.
struct AnySpelling(MeshNetworks);

impl<'de> Deserialize<'de> for AnySpelling {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        MeshNetworks::read(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of networks in a ConfigMap, and how many there are then.
    fn found(name: &str, text: &str, features: &Features) -> (Vec<String>, Option<usize>) {
        let yaml = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: istio-system}}\n\
             data: {{mesh: '', meshNetworks: \"{text}\"}}\n"
        );
        let snapshot = Snapshot::read([SourceFile::new("s", yaml)], &Limits::DEFAULT).snapshot;
        let mut problems = Vec::new();
        let networks = networks(&snapshot, &Options::default(), features, &mut problems);
        let said = problems.into_iter().map(|problem| problem.message).collect();
        (said, networks.map(|networks| networks.networks.len()))
    }

    #[test]
    fn networks_are_taken_or_refused_as_a_whole() {
        let features = Features::default();
        let good = "networks: {a: {endpoints: [{fromCidr: 10.0.0.0/8}, {fromRegistry: b}], \
                    gateways: [{address: gw.example.com, port: 15443}]}, b: {}}";
        assert_eq!(found("istio", good, &features), (Vec::new(), Some(2)));
        assert_eq!(found("istio-1-31", good, &features), (Vec::new(), Some(2)), "of the only revision");
        for (bad, expected) in [
            ("{endpoints: [{fromCidr: 10.0.0.0/33}]}", "neither an IP address nor a range"),
            ("{endpoints: [{fromRegistry: a.b}]}", "no name of a cluster"),
            ("{gateways: [{registryServiceName: 'a b', port: 1}]}", "registryServiceName"),
            ("{gateways: [{address: 'a b', port: 1}]}", "neither an IP address nor a host name"),
            ("{gateways: [{address: 10.0.0.1}]}", "port 0 is not between"),
        ] {
            let (said, networks) = found("istio", &format!("networks: {{a: {bad}, b: {{}}}}"), &features);
            assert!(said.len() == 1 && said[0].contains(expected), "{bad}: {said:?}");
            assert_eq!(networks, None, "{bad}");
        }
    }

    #[test]
    fn names_are_for_a_control_plane_that_resolves_them() {
        let mut features = Features::default();
        features.set("RESOLVE_HOSTNAME_GATEWAYS", "false").unwrap();
        let by_name = "networks: {a: {gateways: [{address: gw.example.com, port: 15443}]}}";
        let (said, networks) = found("istio", by_name, &features);
        assert!(said[0].contains("no IP address"), "{said:?}");
        assert_eq!(networks, None);
    }
}
