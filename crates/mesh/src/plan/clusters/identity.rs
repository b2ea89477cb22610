//! Whose identities the servers of a destination may have.

use std::collections::BTreeSet;

use super::Discovery;
use super::destination::Destination;
use crate::Str;
use crate::plan::Scope;
use crate::plan::endpoints::select::is_known;

/// The identities that a destination's servers may have: of all its endpoints, and those that it names
/// itself; each also in the other trust domains of the mesh. Of hosts that are resolved on demand nothing is
/// known.
pub(super) fn of_servers(scope: Scope<'_>, to: &Destination<'_>) -> Vec<Str> {
    if to.discovery == Discovery::DynamicForwardProxy {
        return Vec::new();
    }
    let mesh = scope.mesh;
    let mut names: BTreeSet<Str> = to.service.service_accounts.iter().cloned().collect();
    let unready = scope.rules.registry.unready_endpoints;
    let instances = mesh.instances(to.id).filter(|i| is_known(i.endpoint, unready));
    for workload in instances.filter_map(|instance| instance.workload) {
        if !workload.service_account.is_empty() {
            names.insert(mesh.config.identity(&workload.namespace, &workload.service_account).into());
        }
    }
    let in_other_domains: Vec<Str> = names
        .iter()
        .filter_map(|name| name.strip_prefix("spiffe://")?.split_once('/'))
        .filter(|(_, path)| is_service_account(path))
        .flat_map(|(_, path)| mesh.config.trust_domain_aliases.iter().map(move |domain| (domain, path)))
        .map(|(domain, path)| format!("spiffe://{domain}/{path}").into())
        .collect();
    names.extend(in_other_domains);
    names.into_iter().collect()
}

/// Whether the path of a SPIFFE identity is that of a service account; others are in no other domain.
fn is_service_account(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(parts.as_slice(), ["ns", _, "sa", _])
}
