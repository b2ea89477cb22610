//! Whose identities the servers of a destination may have.

use std::collections::BTreeSet;

use super::destination::Destination;
use crate::Str;
use crate::mesh::endpoint::keeps_unready;
use crate::plan::Scope;
use crate::plan::endpoints::select::is_known;

/// The identities that a destination's servers may have: of all its endpoints, and those that it names
/// itself; each also in the other trust domains of the mesh.
pub(super) fn of_servers(scope: Scope<'_>, to: &Destination<'_>) -> Vec<Str> {
    let mesh = scope.mesh;
    let mut names: BTreeSet<Str> = to.service.service_accounts.iter().cloned().collect();
    let unready = keeps_unready(scope.rules, &mesh.options.features);
    let instances = mesh.instances(to.id).filter(|i| is_known(i.endpoint, unready));
    for workload in instances.filter_map(|instance| instance.workload) {
        if !workload.service_account.is_empty() {
            names.insert(mesh.config.identity(&workload.namespace, &workload.service_account).into());
        }
    }
    let in_other_domains: Vec<Str> = names
        .iter()
        .filter_map(|name| name.strip_prefix("spiffe://")?.split_once('/'))
        .filter(|(_, path)| path.split('/').count() == 4)
        .flat_map(|(_, path)| mesh.config.trust_domain_aliases.iter().map(move |domain| (domain, path)))
        .map(|(domain, path)| format!("spiffe://{domain}/{path}").into())
        .collect();
    names.extend(in_other_domains);
    names.into_iter().collect()
}
