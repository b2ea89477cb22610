//! Pods, and the templates of those that make them.

use super::common::{self, Seen};
use crate::admission::check::Checker;
use crate::snapshot::kubernetes::{Container, Pod};

pub(super) fn check(root: &Checker<'_>, pod: &Pod) {
    spec(&root.field("spec"), pod);
    let (c, status) = (&root.field("status"), &pod.status);
    let mut found = Vec::new();
    for (index, ip) in status.pod_ips.iter().enumerate() {
        // Few write the list: the first is the single field's.
        let address = if index == 0 && ip.ip == status.pod_ip {
            common::is_address(&c.field("podIP"), &ip.ip)
        } else {
            common::is_address(&c.field("podIPs").index(index).field("ip"), &ip.ip)
        };
        // Most have one, which is alone of its family.
        found.extend(address.filter(|_| status.pod_ips.len() > 1));
    }
    if found.len() == status.pod_ips.len() {
        common::one_of_each_family(&c.field("podIPs"), found.into_iter());
    }
    if !status.host_ip.is_empty() {
        common::is_address(&c.field("hostIP"), &status.host_ip);
    }
}

/// What a Pod is asked for.
pub(super) fn spec(c: &Checker<'_>, pod: &Pod) {
    common::subdomain(&c.field("serviceAccountName"), &pod.service_account_name);
    common::subdomain(&c.field("nodeName"), &pod.node_name);
    common::label(&c.field("hostname"), &pod.hostname);
    common::label(&c.field("subdomain"), &pod.subdomain);
    let mut names = Seen::new();
    c.each("containers", &pod.containers, |c, found| container(c, &mut names, found));
    c.each("initContainers", &pod.init_containers, |c, found| container(c, &mut names, found));
}

fn container<'p>(c: &Checker<'_>, names: &mut Seen<&'p str>, container: &'p Container) {
    let name = &c.field("name");
    common::label(name, &container.name);
    common::once(name, names, &container.name, "name");
    let mut ports = Seen::new();
    c.each("ports", &container.ports, |c, port| {
        let name = &c.field("name");
        if !port.name.is_empty() {
            common::port_name(name, &port.name);
        }
        common::once(name, &mut ports, &port.name, "name");
        common::port(&c.field("containerPort"), port.container_port.into());
        if !port.protocol.is_empty() {
            common::protocol(c, &port.protocol);
        }
    });
}
