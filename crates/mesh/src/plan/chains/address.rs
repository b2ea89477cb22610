//! The addresses of a Service that a waypoint matches.

use std::net::{IpAddr, Ipv4Addr};

use crate::mesh::service::Address;
use crate::mesh::waypoint::Proxy;
use crate::mesh::{Service, ServiceId, ip};
use crate::plan::Scope;
use crate::rules::{HashedAddresses, MatchedAddresses};

/// What Istio says instead of an address that is not there.
const UNSPECIFIED: Address = Address { ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED), prefix_len: 32 };

/// The address that stands for a Service: the first that the proxy can be called by.
pub(super) fn primary(scope: Scope<'_>, service: &Service) -> Option<IpAddr> {
    let primary = all(scope, service).first().map(|address| address.ip);
    primary.or_else(|| otherwise(scope, service).map(|address| address.ip))
}

/// The addresses of a Service that a waypoint matches.
pub(super) fn matched(scope: Scope<'_>, id: ServiceId, service: &Service) -> Vec<Address> {
    match scope.rules.listeners.matched_addresses {
        MatchedAddresses::Primary => {
            let hashed = || hashed(scope, service).next();
            vec![service.addresses.first().copied().or_else(hashed).unwrap_or(UNSPECIFIED)]
        }
        MatchedAddresses::AllOrPrimary => {
            let mut all = all(scope, service);
            if all.is_empty() {
                all.extend(otherwise(scope, service));
            }
            all
        }
        MatchedAddresses::All => {
            let mut all = all(scope, service);
            all.extend(elsewhere(scope, id, service));
            // In the order of their text.
            all.sort_by_cached_key(|address| ip::text::<String>(address.ip));
            all.dedup();
            all
        }
    }
}

/// The address of a Service that has none of the proxy's family: some releases take its first all the same.
fn otherwise(scope: Scope<'_>, service: &Service) -> Option<Address> {
    let falls_back = scope.rules.listeners.matched_addresses == MatchedAddresses::AllOrPrimary;
    service.addresses.first().copied().filter(|_| falls_back)
}

/// The addresses that a Service of the whole mesh has in other clusters: clients there call it by them. A
/// proxy that says its network is only called by those of that.
fn elsewhere<'m>(
    scope: Scope<'m>,
    id: ServiceId,
    service: &Service,
) -> impl Iterator<Item = Address> + use<'m> {
    let Scope { mesh, waypoint, .. } = scope;
    let proxy = &waypoint.proxy;
    let known = mesh.options.features.ambient_enable_multi_network && service.global;
    let remotes = mesh.remotes.with_service(id).filter(move |_| known);
    let near =
        remotes.filter(move |(remote, _)| proxy.network().is_empty() || proxy.network() == remote.network);
    let services = near.filter_map(|(remote, id)| remote.services.get(id)).filter(|service| service.global);
    let addresses = services.flat_map(|service| service.addresses.iter().copied());
    addresses.filter(move |address| is_usable(proxy, address))
}

/// Whether a proxy has an address of the same family.
fn is_usable(proxy: &Proxy, address: &Address) -> bool {
    if address.ip.is_ipv4() { proxy.supports_ipv4() } else { proxy.supports_ipv6() }
}

/// The addresses of a Service that a proxy can be called by.
fn all(scope: Scope<'_>, service: &Service) -> Vec<Address> {
    let proxy = &scope.waypoint.proxy;
    let usable = |address: &Address| is_usable(proxy, address);
    if service.is_kubernetes() {
        // Headless Services count as having the unspecified address.
        let given = if service.addresses.is_empty() { &[UNSPECIFIED][..] } else { &service.addresses };
        return given.iter().filter(|address| usable(address)).copied().collect();
    }
    // A ServiceEntry's own address is taken whatever its family; those that Istio allocated are not.
    if let Some(first) = service.addresses.first() {
        return vec![*first];
    }
    let allocated = service.auto_allocated.iter().map(|ip| Address::single(*ip)).filter(usable);
    let allocated: Vec<Address> = allocated.chain(hashed(scope, service)).collect();
    if allocated.is_empty() { vec![UNSPECIFIED] } else { allocated }
}

/// The addresses that are computed from the name of a ServiceEntry, for a proxy that asks for them.
fn hashed<'m>(scope: Scope<'m>, service: &'m Service) -> impl Iterator<Item = Address> + use<'m> {
    let proxy = &scope.waypoint.proxy;
    let captures = scope.rules.registry.hashed_addresses == HashedAddresses::ByNumber;
    let all = service.hashed_addresses.iter().filter(move |_| proxy.knows_hashed_addresses(captures));
    all.map(|ip| Address::single(*ip)).filter(move |address| is_usable(proxy, address))
}
