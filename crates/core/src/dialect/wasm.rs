//! Wasm modules. An upstream Envoy runs them, but those that are not files are fetched by Istio's agent.

use std::collections::BTreeSet;

use envoy::config::core::v3::http_uri::HttpUpstreamType;
use envoy::config::core::v3::{HttpUri, TypedExtensionConfig, async_data_source};
use envoy::extensions::filters::{http::wasm::v3 as http_wasm, network::wasm::v3 as network_wasm};
use envoy::extensions::wasm::v3::PluginConfig;
use envoy::extensions::wasm::v3::plugin_config::Vm;

use super::unsupported::UnsupportedExtensions;
use crate::resources::Resource;

/// What stands for the cluster that a module would be fetched through: the agent needs none.
const AGENT: &str = "_";

/// Leaves out the extensions whose modules the agent would fetch, and gives their names.
pub(super) fn leave_out_fetched(
    extensions: &mut Vec<Resource<TypedExtensionConfig>>,
    unsupported: &mut UnsupportedExtensions,
) -> BTreeSet<String> {
    let mut fetched = BTreeSet::new();
    extensions.retain(|extension| {
        let Some(module) = module(&extension.message) else { return true };
        unsupported.module(&extension.message.name, &module.uri, &extension.origins);
        fetched.insert(extension.message.name.clone());
        false
    });
    fetched
}

/// Where the module of an extension would be fetched from by the agent.
fn module(extension: &TypedExtensionConfig) -> Option<HttpUri> {
    let Vm::VmConfig(vm) = plugin(extension)?.vm?;
    let async_data_source::Specifier::Remote(remote) = vm.code?.specifier? else { return None };
    let agent = Some(HttpUpstreamType::Cluster(AGENT.to_owned()));
    remote.http_uri.filter(|uri| uri.http_upstream_type == agent)
}

fn plugin(extension: &TypedExtensionConfig) -> Option<PluginConfig> {
    let config = extension.typed_config.as_ref()?;
    let http = envoy::unpack::<http_wasm::Wasm>(config).ok().and_then(|wasm| wasm.config);
    http.or_else(|| envoy::unpack::<network_wasm::Wasm>(config).ok()?.config)
}
