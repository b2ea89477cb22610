//! The account of the proxy's pods: who it is in the mesh.

use serde_json::{Value, json};

use super::Template;
use super::metadata::{self, Pairs};

/// The ServiceAccount.
pub(super) fn make(template: &Template<'_>) -> Value {
    let copies = template.rules.account_metadata;
    let (annotations, labels) = if copies {
        (metadata::annotations(template), metadata::labels(template))
    } else {
        (Pairs::new(), metadata::managed())
    };
    json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata::make(template, &template.service_account, &annotations, &labels, copies),
    })
}
