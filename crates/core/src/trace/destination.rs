//! Who is asked: names and addresses, as the client's ztunnel knows them.

use std::net::IpAddr;

use ipnet::IpNet;

use super::client::NoSuchThing;
use super::request::{Destination, Request};
use super::source::Client;
use super::texts::Texts;
use crate::Str;
use crate::mesh::{Mesh, Service, ServiceId, WorkloadId, hostname};

/// What a destination is.
#[derive(Clone, Copy, Debug)]
pub(super) struct ResolvedDestination {
    pub(super) service: Option<ServiceId>,
    pub(super) workload: Option<WorkloadId>,
    /// The address that is dialled; none of a Service that has none.
    pub(super) ip: Option<IpAddr>,
    pub(super) port: u16,
}

/// Finds out who is asked.
pub(super) fn way<'a>(
    mesh: &Mesh,
    request: &Request,
    client: &Client<'a>,
    texts: &mut Texts<'a>,
) -> Result<ResolvedDestination, NoSuchThing> {
    let Destination { host, port } = &request.destination;
    if let Some(pod) = host.strip_prefix("pod/") {
        let named = pod.rsplit_once('.').and_then(|(name, namespace)| mesh.workloads.pod(namespace, name));
        let workload = named.ok_or_else(|| NoSuchThing::Destination(host.clone()))?;
        let ip = mesh.workloads.get(workload).and_then(|workload| workload.addresses.first().copied());
        return Ok(ResolvedDestination {
            service: None,
            workload: Some(workload),
            ip,
            port: port.unwrap_or(80),
        });
    }
    if let Ok(ip) = host.parse::<IpAddr>() {
        let service = with_address(mesh, ip);
        let workload = mesh.workloads.with_address(ip).first().copied().filter(|_| service.is_none());
        return Ok(ResolvedDestination {
            service,
            workload,
            ip: Some(ip),
            port: port_of(mesh, service, *port, host)?,
        });
    }
    let service =
        named(mesh, host, client.namespace, texts).ok_or_else(|| NoSuchThing::Destination(host.clone()))?;
    let port = port_of(mesh, Some(service), *port, host)?;
    let known = mesh.services.get(service);
    let own = known.and_then(|service| service.addresses.first()).map(|address| address.ip);
    let allocated = || known.and_then(|service| service.auto_allocated.first()).copied();
    Ok(ResolvedDestination { service: Some(service), workload: None, ip: own.or_else(allocated), port })
}

fn port_of(
    mesh: &Mesh,
    service: Option<ServiceId>,
    port: Option<u16>,
    host: &Str,
) -> Result<u16, NoSuchThing> {
    if let Some(port) = port {
        return Ok(port);
    }
    let Some(service) = service.and_then(|id| mesh.services.get(id)) else { return Ok(80) };
    match service.ports.as_slice() {
        [only] => u16::try_from(only.number).map_err(|_| NoSuchThing::Port(host.clone())),
        ports if ports.iter().any(|port| port.number == 80) => Ok(80),
        _ => Err(NoSuchThing::Port(host.clone())),
    }
}

/// The Service that has an address, the one with the smallest block of several.
fn with_address(mesh: &Mesh, ip: IpAddr) -> Option<ServiceId> {
    let mut found: Option<(u8, ServiceId)> = None;
    for (id, service) in mesh.services.iter() {
        let own = service.addresses.iter().filter(|address| {
            let block = IpNet::new(address.ip, address.prefix_len);
            block.is_ok_and(|block| block.contains(&ip) && !address.ip.is_unspecified())
        });
        let lengths = own.map(|address| address.prefix_len);
        let allocated = service.auto_allocated.contains(&ip).then_some(128);
        for length in lengths.chain(allocated) {
            if found.is_none_or(|(longest, _)| length > longest) {
                found = Some((length, id));
            }
        }
    }
    found.map(|(_, id)| id)
}

/// The Service of a name, as a client in this namespace means it.
fn named<'a>(mesh: &Mesh, host: &str, namespace: &str, texts: &mut Texts<'a>) -> Option<ServiceId> {
    let whole = host.trim_end_matches('.');
    let find = |name: &str| {
        let visible = mesh.services.visible(name, namespace);
        visible.or_else(|| mesh.services.with_hostname(name).first().copied())
    };
    let short = if hostname::is_short(whole, namespace) {
        find(&texts.concat(&hostname::parts_of_service(whole, namespace)))
    } else {
        find(whole)
    };
    let mut parts = whole.split('.');
    let qualified = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(name), Some(namespace), None | Some("svc"), None) => Some((name, namespace)),
        _ => None,
    };
    let found = short.or_else(|| {
        let (name, namespace) = qualified?;
        find(&texts.concat(&hostname::parts_of_service(name, namespace)))
    });
    found.or_else(|| wildcard(mesh, whole)).or_else(|| of_object(mesh, whole))
}

/// The Service with the longest wildcard host that covers a name.
fn wildcard(mesh: &Mesh, name: &str) -> Option<ServiceId> {
    let covers = |service: &Service| {
        let suffix = service.hostname.strip_prefix('*')?;
        (name.len() > suffix.len() && name.ends_with(suffix)).then_some(suffix.len())
    };
    let all = mesh.services.iter().filter_map(|(id, service)| Some((covers(service)?, id)));
    all.max_by_key(|(length, id)| (*length, std::cmp::Reverse(*id))).map(|(_, id)| id)
}

/// The Service of an object `NAME.NAMESPACE`, whatever its host: a ServiceEntry.
fn of_object(mesh: &Mesh, name: &str) -> Option<ServiceId> {
    let (name, namespace) = name.split_once('.')?;
    let is_it = |service: &Service| service.object_name() == name && service.namespace == namespace;
    mesh.services.iter().find(|(_, service)| is_it(service)).map(|(id, _)| id)
}
