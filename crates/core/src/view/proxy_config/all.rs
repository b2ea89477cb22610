//! `istioctl proxy-config all`: everything that a proxy holds, one table after the other.

use serde_json::Value;

use super::{Filter, Form, ProxyConfig, endpoints, table};
use crate::view::json::ResourceKind;
use crate::view::table::Table;

/// A kind of resources as one of the tables of everything: each row names its resource with its kind,
/// `cluster/…`. 1.18's tables are the same as those of each kind.
#[must_use]
pub fn resources(config: &ProxyConfig, kind: ResourceKind, filter: &Filter, form: Form) -> Table {
    let own = || table(config, kind, filter, form);
    match (kind, form) {
        (_, Form::Chains) => own(),
        (ResourceKind::Endpoints, _) => endpoints::localities(config, filter),
        (ResourceKind::Clusters, _) => with_names(own(), "cluster"),
        // Its rows have the names already.
        (ResourceKind::Listeners, Form::Ways) => own(),
        (ResourceKind::Listeners, Form::Addresses { .. }) => with_names(own(), "listener"),
        (ResourceKind::Routes, _) => with_kind(own(), "route"),
    }
}

/// The table of secrets as one of the tables of everything.
#[must_use]
pub fn secrets(table: Table, form: Form) -> Table {
    if form == Form::Chains { table } else { with_kind(table, "secret") }
}

/// Which versions a proxy is of, as far as its bootstrap tells: a line each. 1.18 does not tell.
#[must_use]
pub fn versions(config: &ProxyConfig, form: Form) -> String {
    let Some(node) = config.bootstrap.as_ref().and_then(|bootstrap| bootstrap.get("node")) else {
        return String::new();
    };
    if form == Form::Chains {
        return String::new();
    }
    let metadata = |key: &str| node.pointer(&format!("/metadata/{key}"))?.as_str();
    let proxy = metadata("ISTIO_PROXY_SHA").map(|sha| sha.split(':').nth(1).unwrap_or(sha).to_owned());
    let known = [
        ("Istio Version:", metadata("ISTIO_VERSION").map(str::to_owned)),
        ("Istio Proxy Version:", proxy),
        ("Envoy Version:", node.get("userAgentBuildVersion").map(envoy_version)),
    ];
    let known = known.into_iter().filter_map(|(name, value)| Some((name, value.filter(|v| !v.is_empty())?)));
    let known: Vec<_> = known.collect();
    let width = known.iter().map(|(name, _)| name.len() + 1).max().unwrap_or_default();
    known.iter().map(|(name, value)| format!("{name:width$}{value}\n")).collect()
}

/// Such as `1.36.2/Clean/RELEASE/BoringSSL`.
fn envoy_version(build: &Value) -> String {
    let number = |part: &str| build.pointer(&format!("/version/{part}")).and_then(Value::as_u64).unwrap_or(0);
    let mut version = format!("{}.{}.{}", number("majorNumber"), number("minorNumber"), number("patch"));
    let parts = [("-", "build.label"), ("/", "revision.status"), ("/", "build.type"), ("/", "ssl.version")];
    for (before, key) in parts {
        if let Some(text) = build.get("metadata").and_then(|metadata| metadata.get(key)?.as_str()) {
            version.extend([before, text]);
        }
    }
    version
}

/// Adds a column in front: what each row is about.
fn with_names(mut table: Table, kind: &str) -> Table {
    table.header.insert(0, "NAME".to_owned());
    for (row, (name, _)) in table.rows.iter_mut().zip(&table.subjects) {
        row.insert(0, format!("{kind}/{name}"));
    }
    table
}

/// Says in the first column of what kind the names in it are.
fn with_kind(mut table: Table, kind: &str) -> Table {
    for name in table.rows.iter_mut().filter_map(|row| row.first_mut()) {
        *name = format!("{kind}/{name}");
    }
    table
}
