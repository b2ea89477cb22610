//! The addresses of a Service that a waypoint matches.

use std::net::{IpAddr, Ipv4Addr};

use crate::mesh::service::Address;
use crate::mesh::waypoint::Proxy;
use crate::mesh::{Service, ip};
use crate::rules::MatchedAddresses;

/// What Istio says instead of an address that is not there.
const UNSPECIFIED: Address = Address { ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED), prefix_len: 32 };

/// The address that stands for a Service: the first that the proxy can be called by.
pub(super) fn primary(service: &Service, proxy: &Proxy) -> Option<IpAddr> {
    all(service, proxy).first().map(|address| address.ip)
}

/// The addresses of a Service that a waypoint matches.
pub(super) fn matched(service: &Service, proxy: &Proxy, rule: MatchedAddresses) -> Vec<Address> {
    match rule {
        MatchedAddresses::Primary => vec![service.addresses.first().copied().unwrap_or(UNSPECIFIED)],
        MatchedAddresses::All | MatchedAddresses::AllOrPrimary => {
            let mut all = all(service, proxy);
            if all.is_empty() && rule == MatchedAddresses::AllOrPrimary {
                all.extend(service.addresses.first());
            }
            // In the order of their text.
            all.sort_by_cached_key(|address| ip::text::<String>(address.ip));
            all.dedup();
            all
        }
    }
}

/// The addresses of a Service that a proxy can be called by.
fn all(service: &Service, proxy: &Proxy) -> Vec<Address> {
    let both = proxy.supports_ipv4() && proxy.supports_ipv6();
    let usable = |address: &Address| {
        both || if address.ip.is_ipv4() { proxy.supports_ipv4() } else { proxy.supports_ipv6() }
    };
    if service.is_kubernetes() {
        // Headless Services count as having the unspecified address.
        let given = if service.addresses.is_empty() { &[UNSPECIFIED][..] } else { &service.addresses };
        return given.iter().filter(|address| usable(address)).copied().collect();
    }
    // A ServiceEntry's own address is taken whatever its family; those that Istio allocated are not.
    if let Some(first) = service.addresses.first() {
        return vec![*first];
    }
    let allocated: Vec<Address> =
        service.auto_allocated.iter().map(|ip| Address::single(*ip)).filter(usable).collect();
    if allocated.is_empty() { vec![UNSPECIFIED] } else { allocated }
}
