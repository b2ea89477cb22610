//! Nodes.

use std::collections::BTreeSet;

use crate::admission::check::Checker;
use crate::problem::Code;
use crate::snapshot::kubernetes::Node;

pub(super) fn check(root: &Checker<'_>, node: &Node) {
    let mut seen = BTreeSet::new();
    root.field("status").each("addresses", &node.status.addresses, |c, address| {
        if !seen.insert((address.address_type.as_str(), address.address.as_str())) {
            c.fault(
                Code::ConflictingFields,
                format!("the {} `{}` stands here twice", address.address_type, address.address),
                "remove one of them",
            );
        }
    });
}
