//! Services of several clusters as one.

use super::{Service, Services};
use crate::Str;
use crate::hash::HashMap;
use crate::mesh::RemoteClusters;

/// Adds the Services that only other clusters have, and to the others what their namesakes in other clusters
/// say.
///
/// The first cluster that has a hostname says what the Service is; of other clusters only the identities of
/// its servers count, and its endpoints.
pub(super) fn merge(
    services: &mut Vec<Service>,
    remotes: &RemoteClusters,
    of_cluster: impl Fn(&Services) -> &[Service],
) {
    let mut by_hostname: HashMap<Str, usize> = HashMap::default();
    if remotes.iter().next().is_some() {
        let kubernetes = services.iter().enumerate().filter(|(_, service)| service.is_kubernetes());
        by_hostname.extend(kubernetes.map(|(position, service)| (service.hostname.clone(), position)));
    }
    for remote in remotes.iter() {
        for service in of_cluster(&remote.services) {
            let known = by_hostname.get(&service.hostname).and_then(|position| services.get_mut(*position));
            if let Some(known) = known {
                let more = service.service_accounts.iter();
                let new: Vec<Str> =
                    more.filter(|name| !known.service_accounts.contains(name)).cloned().collect();
                known.service_accounts.extend(new);
                continue;
            }
            by_hostname.insert(service.hostname.clone(), services.len());
            services.push(foreign(service, &remote.name));
        }
    }
}

/// A Service that the own cluster has not: of its addresses the first counts.
fn foreign(service: &Service, cluster: &Str) -> Service {
    let mut service = Service { cluster: cluster.clone(), ..service.clone() };
    service.addresses.truncate(1);
    service
}
