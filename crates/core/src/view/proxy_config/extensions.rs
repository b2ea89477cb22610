//! `istioctl proxy-config ecds`: the configurations of extensions that come by name.

use envoy::config::core::v3::TypedExtensionConfig;
use serde_json::{Value, json};

use super::ProxyConfig;
use crate::resources::Part;
use crate::view::config_dump::PART_OF_DUMP;
use crate::view::json::typed_value;
use crate::view::table::Table;

/// The table of extensions, by type and name.
#[must_use]
pub fn table(config: &ProxyConfig) -> Table {
    let mut all: Vec<(&str, &str)> =
        config.extensions.iter().map(|extension| (type_of(extension), extension.name.as_str())).collect();
    all.sort_unstable();
    let mut table = Table::new(&["ECDS NAME", "TYPE"], 5);
    for (kind, name) in all {
        table.push(name, Part::Resource, vec![name.to_owned(), kind.to_owned()]);
    }
    table
}

/// The type of what an extension is configured with.
fn type_of(extension: &TypedExtensionConfig) -> &str {
    let url = extension.typed_config.as_ref().map_or("", |config| config.type_url.as_str());
    url.strip_prefix("type.googleapis.com/").unwrap_or(url)
}

/// The extensions as a part of a config dump.
#[must_use]
pub fn dump(config: &ProxyConfig) -> Value {
    let filters: Vec<Value> =
        config.extensions.iter().map(|extension| json!({"ecdsFilter": typed_value(extension)})).collect();
    json!({"@type": format!("{PART_OF_DUMP}EcdsConfigDump"), "ecdsFilters": filters})
}
