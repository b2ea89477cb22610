//! The Services that ServiceImports make: copies of the Services of their names, with a host and addresses
//! of their own.
//!
//! Istio looks for the Service in all clusters, and takes no notice of what else an import says
//! (`pilot/pkg/serviceregistry/kube/controller/serviceimportcache.go`).

use std::net::IpAddr;

use super::convert::{self, Context};
use super::{Address, Service};
use crate::Str;
use crate::features::Features;
use crate::mesh::{MeshSettings, Namespaces, hostname, multicluster};
use crate::rules::Rules;
use crate::snapshot::{self, Snapshot};

/// Those of one cluster, given what is in all of them.
pub(super) fn of_cluster(
    snapshot: &Snapshot,
    whole: &Snapshot,
    (rules, features): (&'static Rules, &Features),
    config: &MeshSettings,
) -> Vec<Service> {
    if !features.has_clusterset_hosts() || snapshot.service_imports.is_empty() {
        return Vec::new();
    }
    let parts = std::iter::once(whole).chain(&whole.remotes);
    let parts: Vec<_> = parts.map(|part| (part, Namespaces::new(part))).collect();
    let service = |namespace: &str, name: &str| {
        parts.iter().find_map(|(part, namespaces)| {
            let object = snapshot::find(&part.services, namespace, name)?;
            Some(convert::kubernetes(object, Context { rules, config, namespaces }))
        })
    };
    let imports = snapshot.service_imports.iter();
    let imports = imports.filter(|import| multicluster::is_read(&import.meta, features));
    imports
        .filter_map(|import| {
            let (namespace, name) = (&import.meta.namespace, &import.meta.name);
            let addresses = addresses(&import.spec.ips);
            (!addresses.is_empty()).then_some(())?;
            let hostname = hostname::of_import(name, namespace);
            Some(Service { hostname, addresses, imported: true, ..service(namespace, name)? })
        })
        .collect()
}

/// Those that are addresses, by their texts.
fn addresses(ips: &[Str]) -> Vec<Address> {
    let mut ips: Vec<(&Str, IpAddr)> = ips.iter().filter_map(|ip| Some((ip, ip.parse().ok()?))).collect();
    ips.sort_unstable();
    ips.into_iter().map(|(_, ip)| Address::single(ip)).collect()
}
