//! WorkloadEntry, and the endpoints of a ServiceEntry that are alike.

use super::check::Checker;
use super::{common, istio_metadata, syntax};
use crate::problem::Code;
use crate::schema::{Limit, What};
use crate::snapshot::networking::WorkloadEntry;
use crate::snapshot::{Kind, Meta};

/// The schema's limits.
const LONGEST_ADDRESS: Limit = Limit::of(Kind::WorkloadEntry, "spec.address", What::MaxLength);
const LONGEST_NETWORK: Limit = Limit::of(Kind::WorkloadEntry, "spec.network", What::MaxLength);
const LONGEST_LOCALITY: Limit = Limit::of(Kind::WorkloadEntry, "spec.locality", What::MaxLength);
const LONGEST_ACCOUNT: Limit = Limit::of(Kind::WorkloadEntry, "spec.serviceAccount", What::MaxLength);
const MAX_LABELS: Limit = Limit::of(Kind::WorkloadEntry, "spec.labels", What::MaxEntries);
const MAX_PORTS: Limit = Limit::of(Kind::WorkloadEntry, "spec.ports", What::MaxEntries);

pub(super) fn check(root: &Checker<'_>, meta: &Meta, entry: &WorkloadEntry) {
    istio_metadata::check(root, meta, None);
    let c = &root.field("spec");
    address(c, entry, true);
    ports(c, entry);
    common::labels(&c.field("labels"), &entry.labels);
    schema(c, entry);
}

/// An IP address, a Unix socket or, where `names` says so, a host name.
pub(super) fn address(c: &Checker<'_>, entry: &WorkloadEntry, names: bool) {
    let field = c.field("address");
    let address = entry.address.as_str();
    if let Some(path) = address.strip_prefix("unix://") {
        if !path.starts_with('@') && (!path.starts_with('/') || path.ends_with('/')) {
            field.invalid(format!("`{path}` is neither an absolute path of a file nor an abstract socket"));
        }
        if !entry.ports.is_empty() {
            c.field("ports").conflict("a Unix socket has no ports");
        }
    } else if address.is_empty() {
        if !c.rules.network_without_address || entry.network.is_empty() {
            field.missing("there is no address");
        } else {
            field.warn(
                Code::Ineffective,
                "there is no address, only a network",
                "add the `address`, unless it is reached by the gateway of its network only",
            );
        }
    } else if names && !syntax::is_ip(address) && syntax::host_name(address).is_err() {
        field.invalid(format!("`{address}` is neither an IP address nor a host name"));
    } else if !names && !syntax::is_ip(address) {
        field.invalid(format!("`{address}` is not an IP address"));
    }
}

/// Names and numbers of the ports.
pub(super) fn ports(c: &Checker<'_>, entry: &WorkloadEntry) {
    let field = c.field("ports");
    for (name, port) in &entry.ports {
        let c = field.key(name);
        common::port_name(&c, name);
        common::port(&c, *port);
    }
}

/// What only the schema asks.
pub(super) fn schema(c: &Checker<'_>, entry: &WorkloadEntry) {
    let texts = [
        ("address", &entry.address, LONGEST_ADDRESS),
        ("network", &entry.network, LONGEST_NETWORK),
        ("locality", &entry.locality, LONGEST_LOCALITY),
        ("serviceAccount", &entry.service_account, LONGEST_ACCOUNT),
    ];
    for (name, text, longest) in texts {
        c.field(name).shorter("this", text, longest);
    }
    c.field("labels").at_most(entry.labels.len(), MAX_LABELS, "labels");
    c.field("ports").at_most(entry.ports.len(), MAX_PORTS, "ports");
    if !c.rules.schema_rules {
        return;
    }
    // The schema's own limit is one character tighter than the webhook's.
    for name in entry.ports.keys().filter(|name| name.len() == 63) {
        c.field("ports").key(name).invalid("a port's name has more than 62 characters");
    }
}
