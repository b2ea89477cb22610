//! PeerAuthentication.

use super::check::Checker;
use super::{common, istio_metadata};
use crate::snapshot::Meta;
use crate::snapshot::security::PeerAuthentication;

pub(super) fn check(root: &Checker<'_>, meta: &Meta, policy: &PeerAuthentication) {
    istio_metadata::check(root, meta, None);
    let c = &root.field("spec");
    common::policy_selector(c, policy.selector.as_ref());
    let selects = policy.selector.as_ref().is_some_and(|selector| !selector.match_labels.is_empty());
    let ports = c.field("portLevelMtls");
    if !selects && c.is_set(&policy.port_level_mtls) {
        ports.conflict("modes of ports need a selector");
    }
    if policy.port_level_mtls.is_empty() && c.is_set(&policy.port_level_mtls) {
        ports.invalid("there has to be a port");
    }
    let highest = if c.rules.peer_ports_checked { 65535 } else { u32::MAX };
    for port in policy.port_level_mtls.keys() {
        if !port.parse().is_ok_and(|number: u32| (1..=highest).contains(&number)) {
            ports.key(port).invalid(format!("`{port}` is no port"));
        }
    }
}
